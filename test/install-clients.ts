/**
 * The S3 clients that tests run beside the SDK: `node test/install-clients.ts` installs those that are missing through apt, when it may, and prints
 * what there is. Tests ask `installClients` and skip, visibly, what is not there.
 */
import { spawnSync } from 'node:child_process'
import { installPackages } from './debian-packages.ts'

export interface FoundClient {
  readonly name: ClientName
  /** What to run. */
  readonly file: string
  /** The first line of what it says of itself; `undefined` when it is not there. */
  readonly version: string | undefined
  /** For people: what it is, or why it is not there. */
  readonly text: string
}

interface KnownClient {
  /** Where it may be; the first that answers is taken. */
  readonly files: readonly string[]
  readonly ask: readonly string[]
  /** Debian's aws is older than what its users have: it comes with Python's package manager. */
  readonly packages: readonly string[]
  readonly advice?: string
}

const knownClients = {
  aws: { files: ['aws'], ask: ['--version'], packages: [], advice: 'pip install awscli' },
  boto3: {
    files: ['python3', '/usr/bin/python3'],
    ask: ['-c', 'import boto3; print("boto3", boto3.__version__)'],
    packages: ['python3-boto3'],
  },
  duplicity: {
    files: ['duplicity'],
    ask: ['--version'],
    packages: ['duplicity', 'python3-boto3'],
  },
  rclone: { files: ['rclone'], ask: ['version'], packages: ['rclone'] },
  restic: { files: ['restic'], ask: ['version'], packages: ['restic'] },
  s3cmd: { files: ['s3cmd'], ask: ['--version'], packages: ['s3cmd'] },
  s3fs: { files: ['s3fs'], ask: ['--version'], packages: ['s3fs'] },
  s4cmd: { files: ['s4cmd'], ask: ['--version'], packages: ['s4cmd'] },
} as const satisfies Readonly<Record<string, KnownClient>>

export type ClientName = keyof typeof knownClients

/** Installs through apt what is missing, as root and once; then tells what there is. */
export function installClients(): Readonly<Record<ClientName, FoundClient>> {
  const names = Object.keys(knownClients) as ClientName[] // its keys
  const missing = names.flatMap((name) =>
    findClient(name) === undefined ? knownClients[name].packages : [],
  )
  const refusal = missing.length === 0 ? undefined : installPackages(missing)
  const found = names.map((name): readonly [ClientName, FoundClient] => {
    const client = findClient(name)
    if (client !== undefined) return [name, { name, ...client, text: client.version }]
    const { advice, files }: KnownClient = knownClients[name]
    const text = `${name} is not installed: ${advice ?? refusal ?? 'apt has none'}`
    return [name, { name, file: files[0] ?? name, version: undefined, text }]
  })
  return Object.fromEntries(found) as Record<ClientName, FoundClient> // one for each name
}

function findClient(
  name: ClientName,
): { readonly file: string; readonly version: string } | undefined {
  const { files, ask } = knownClients[name]
  for (const file of files) {
    const { status, stdout } = spawnSync(file, ask, { encoding: 'utf8' })
    if (status === 0) return { file, version: stdout.split('\n', 1)[0] ?? '' }
  }
  return undefined
}

if (import.meta.main) {
  for (const { text } of Object.values(installClients())) process.stdout.write(`${text}\n`)
}
