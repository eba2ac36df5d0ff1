/** Where `cyxcloud` goes, and as whom: flags, then the AWS variables, then AWS profiles, then the store in this directory. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Secret } from '#cli/context'
import { cliFault } from '#cli/faults'
import { fileFault } from '#cli/local-file'
import type { CommonFlags } from '#cli/program'
import { aeadKeyBytes } from '#crypto/aead'
import { readSection } from '#identity/credentials-file'
import type { EndpointCredentials } from '#s3/endpoint'

export const urlDefault = 'http://127.0.0.1:9000'
export const regionDefault = 'us-east-1'
/** Where `mycelium up` keeps its first key unless told otherwise. */
export const localCredentialsPath = join('data', 'aws-credentials')

export interface CyxcloudConfig {
  readonly url: string
  readonly urlOrigin: string
  readonly region: string
  readonly credentials: EndpointCredentials | undefined
  readonly credentialsOrigin: string
}

export interface CyxcloudGiven {
  readonly flags: CommonFlags
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/** `cli/mistaken-usage`, `cli/no-credentials`, `cli/foreign-profile`, `cli/file-unusable`. */
export async function readCyxcloudConfig(given: CyxcloudGiven): Promise<CyxcloudConfig> {
  const { flags } = given
  const env = (name: string): string | undefined => given.env[name] || undefined // an empty variable counts as none
  const profile = await readProfile(given)
  const { url, urlOrigin } = findUrl(given, profile)
  const region =
    flags.region ??
    env('AWS_REGION') ??
    env('AWS_DEFAULT_REGION') ??
    profile.settings.get('region') ??
    regionDefault
  if (!flags.signRequest) {
    return {
      url,
      urlOrigin,
      region,
      credentials: undefined,
      credentialsOrigin: '--no-sign-request',
    }
  }
  const found = await findCredentials(given, profile, urlOrigin === defaultOrigin)
  if (found !== undefined) return { url, urlOrigin, region, ...found }
  // A gateway's local mount asks for no key from its own machine.
  const isGateway = urlOrigin === gatewayOrigin
  if (!isGateway) {
    const name = profile.isNamed ? { profile: profile.name } : {}
    throw cliFault('cli/no-credentials', { path: localCredentialsPath, ...name })
  }
  return { url, urlOrigin, region, credentials: undefined, credentialsOrigin: 'nowhere' }
}

interface Profile {
  readonly name: string
  /** Somebody chose it; otherwise it is `default`, which may belong to something else. */
  readonly isNamed: boolean
  /** The file that has its keys. */
  readonly path: string
  readonly settings: ReadonlyMap<string, string>
}

const gatewayOrigin = '--gateway or CYXCLOUD_GATEWAY_HTTP_URL'
const defaultOrigin = 'the default'

function findUrl(
  { flags, env }: CyxcloudGiven,
  { name, settings }: Profile,
): { readonly url: string; readonly urlOrigin: string } {
  const { gateway } = flags
  if (flags.endpointUrl !== undefined && gateway !== undefined) {
    const mistakes = 'Give either --endpoint-url or --gateway.'
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  if (flags.endpointUrl !== undefined) return checkUrl(flags.endpointUrl, '--endpoint-url')
  if (gateway !== undefined) return checkUrl(gatewayMount(gateway), gatewayOrigin)
  for (const variable of ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) {
    const url = env[variable]
    if (url) return checkUrl(url, variable)
  }
  const variable = env['CYXCLOUD_GATEWAY_HTTP_URL']
  if (variable) return checkUrl(gatewayMount(variable), gatewayOrigin)
  const url = settings.get('endpoint_url')
  if (url) return checkUrl(url, `profile "${name}"`)
  return { url: urlDefault, urlOrigin: defaultOrigin }
}

/** `http://localhost:8080` has its S3 at `/s3`; an address with a path is taken as it is. */
function gatewayMount(text: string): string {
  return /^https?:\/\/[^/]+\/?$/.test(text) ? `${text.replace(/\/$/, '')}/s3` : text
}

function checkUrl(url: string, urlOrigin: string): { url: string; urlOrigin: string } {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) {
    return { url: url.replace(/\/+$/, ''), urlOrigin }
  }
  const mistakes = `"${url}" (from ${urlOrigin}) is no address: expected http://HOST:PORT or https://HOST.`
  throw cliFault('cli/mistaken-usage', { mistakes })
}

/** Keys stand in the credentials file, the rest in the configuration; each may hold the other's. */
async function readProfile({ flags, env, home }: CyxcloudGiven): Promise<Profile> {
  const chosen = flags.profile ?? (env['AWS_PROFILE'] || undefined)
  const name = chosen ?? 'default'
  const path = env['AWS_SHARED_CREDENTIALS_FILE'] || join(home, '.aws', 'credentials')
  const configPath = env['AWS_CONFIG_FILE'] || join(home, '.aws', 'config')
  const config = await readText(configPath)
  const section = name === 'default' ? name : `profile ${name}`
  const settings = new Map([
    ...(readSection(config, section) ?? []),
    ...(readSection(await readText(path), name) ?? []),
  ])
  return { name, isNamed: chosen !== undefined, path, settings }
}

interface FoundCredentials {
  readonly credentials: EndpointCredentials
  readonly credentialsOrigin: string
}

async function findCredentials(
  { flags, env }: CyxcloudGiven,
  profile: Profile,
  isLocal: boolean,
): Promise<FoundCredentials | undefined> {
  // A profile that was named on the command line wins over the environment, as with the AWS CLI.
  if (flags.profile === undefined) {
    const fromEnvironment = credentialsOf((name) => env[name.toUpperCase()] || undefined)
    if (fromEnvironment === 'half') {
      const mistakes = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: set both, or none.'
      throw cliFault('cli/mistaken-usage', { mistakes })
    }
    if (fromEnvironment !== undefined) {
      return { credentials: fromEnvironment, credentialsOrigin: 'AWS_ACCESS_KEY_ID' }
    }
  }
  const isChosen = profile.isNamed || Boolean(env['AWS_SHARED_CREDENTIALS_FILE'])
  const local = isChosen ? undefined : await readLocal()
  // Who names neither an endpoint nor keys means the store in this directory, whatever else there is in the home directory.
  if (isLocal && local !== undefined) return local
  return readKeysOf(profile) ?? local
}

function readKeysOf({ name, path, settings, isNamed }: Profile): FoundCredentials | undefined {
  const found = credentialsOf((setting) => settings.get(setting) || undefined)
  if (found === 'half') {
    const mistakes = `Profile "${name}" (${path}) has half a pair of keys.`
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  if (found !== undefined) {
    return { credentials: found, credentialsOrigin: `profile "${name}" of ${path}` }
  }
  const fetching = ['role_arn', 'sso_session', 'sso_start_url', 'credential_process']
  const setting = fetching.find((one) => settings.has(one))
  if (isNamed && setting !== undefined) {
    throw cliFault('cli/foreign-profile', { profile: name, setting })
  }
  return undefined
}

async function readLocal(): Promise<FoundCredentials | undefined> {
  const settings = readSection(await readText(localCredentialsPath), 'default')
  const found = credentialsOf((name) => settings?.get(name))
  if (found === undefined || found === 'half') return undefined
  return { credentials: found, credentialsOrigin: localCredentialsPath }
}

function credentialsOf(
  get: (name: string) => string | undefined,
): EndpointCredentials | 'half' | undefined {
  const accessKeyId = get('aws_access_key_id')
  const secretAccessKey = get('aws_secret_access_key')
  const sessionToken = get('aws_session_token')
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined
  if (accessKeyId === undefined || secretAccessKey === undefined) return 'half'
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

/** The passphrase or key of encrypted objects, when somebody gave one. `cli/malformed-key-file`, `cli/no-such-file`. */
export async function readSecret({
  flags,
  env,
}: Pick<CyxcloudGiven, 'flags' | 'env'>): Promise<Secret | undefined> {
  const { keyFile, passphraseFile } = flags
  if (keyFile !== undefined && passphraseFile !== undefined) {
    const mistakes = 'Give either --key-file or --passphrase-file.'
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  if (keyFile !== undefined) {
    const key = new Uint8Array(await readBytes(keyFile))
    if (key.length !== aeadKeyBytes) throw cliFault('cli/malformed-key-file', { path: keyFile })
    return { kind: 'key-file', key }
  }
  if (passphraseFile !== undefined) {
    const text = (await readBytes(passphraseFile)).toString('utf8').replace(/\r?\n$/, '')
    return { kind: 'passphrase', text }
  }
  const text = env['CYXCLOUD_PASSPHRASE']
  return text ? { kind: 'passphrase', text } : undefined
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw fileFault(path, cause)
  }
}

/** Empty when there is none. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException // `readFile` throws nothing else
    if (code === 'ENOENT' || code === 'ENOTDIR') return ''
    throw fileFault(path, cause)
  }
}
