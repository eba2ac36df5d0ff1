/**
 * The S3 clients that tests run beside the SDK: `node test/install-clients.ts` installs those that are missing through apt, when it may, and prints
 * what there is. Tests ask `findClient` and skip, visibly, what is not there.
 */
import { spawnSync } from 'node:child_process'

export type ClientName = 'aws' | 'rclone' | 's3cmd'

export interface FoundClient {
  /** The first line of what it says of itself; `undefined` when it is not there. */
  readonly version: string | undefined
  /** For people: what it is, or why it is not there. */
  readonly text: string
}

/** Debian's aws is older than what its users have: it comes with Python's package manager. */
const packages: Readonly<Record<ClientName, string | undefined>> = {
  aws: undefined,
  rclone: 'rclone',
  s3cmd: 's3cmd',
}

/** Installs through apt what is missing, as root and once; then tells what there is. */
export function installClients(): Readonly<Record<ClientName, FoundClient>> {
  const missing = Object.entries(packages).flatMap(([name, debian]) =>
    debian === undefined || versionOf(name) !== undefined ? [] : [debian],
  )
  const refusal = missing.length === 0 ? undefined : install(missing)
  const found = (name: ClientName): FoundClient => {
    const version = versionOf(name)
    const why = packages[name] === undefined ? 'pip install awscli' : (refusal ?? 'apt has none')
    return { version, text: version ?? `${name} is not installed: ${why}` }
  }
  return { aws: found('aws'), rclone: found('rclone'), s3cmd: found('s3cmd') }
}

/** Why it could not be done; `undefined` when it was. */
function install(names: readonly string[]): string | undefined {
  const advice = `apt-get install ${names.join(' ')}`
  if (process.getuid?.() !== 0) return `not root, so not installed: ${advice}`
  const options = { encoding: 'utf8', timeout: 240_000 } as const
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...names],
  ]) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const { status, error, stderr } = spawnSync('apt-get', args, { ...options, env })
    if (error !== undefined) return `no apt-get here: ${error.message}`
    if (status !== 0) return `apt-get ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`
  }
  return undefined
}

function versionOf(name: string): string | undefined {
  const question = name === 'rclone' ? 'version' : '--version'
  const { status, stdout } = spawnSync(name, [question], { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n', 1)[0] : undefined
}

if (import.meta.main) {
  for (const { text } of Object.values(installClients())) process.stdout.write(`${text}\n`)
}
