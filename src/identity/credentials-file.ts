/**
 * The AWS credentials file (`~/.aws/credentials`): INI with one section per profile, which every S3 client can read.
 * Text in, text out; whoever holds the file keeps it private (mode 0600).
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
import { identityFault } from '#identity/faults'

export interface Credentials {
  readonly accessKeyId: string
  readonly secret: string
}

/** The credentials of `profile`; `undefined` when the file has no such profile. Half a pair is `identity/malformed-credentials-file`. */
export function readCredentials(text: string, profile: string): Credentials | undefined {
  const settings = readSection(text, profile)
  if (settings === undefined) return undefined
  const accessKeyId = settings.get('aws_access_key_id') ?? ''
  const secret = settings.get('aws_secret_access_key') ?? ''
  if (accessKeyId === '' || secret === '') {
    throw identityFault('identity/malformed-credentials-file', { profile })
  }
  return { accessKeyId, secret }
}

/** A whole file with one profile. */
export function writeCredentials(profile: string, { accessKeyId, secret }: Credentials): string {
  return `[${profile}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secret}\n`
}

/** All settings of a section, by lowercase name; `undefined` when there is no such section. */
export function readSection(
  text: string,
  profile: string,
): ReadonlyMap<string, string> | undefined {
  let section: string | undefined
  let settings: Map<string, string> | undefined
  for (const line of text.split(/\r?\n/).map((line) => line.trim())) {
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const header = /^\[\s*(.+?)\s*\]/.exec(line)
    if (header !== null) {
      section = header[1]
      if (section === profile) settings ??= new Map()
      continue
    }
    const equals = line.indexOf('=')
    if (section !== profile || equals < 0) continue
    settings?.set(line.slice(0, equals).trim().toLowerCase(), line.slice(equals + 1).trim())
  }
  return settings
}
