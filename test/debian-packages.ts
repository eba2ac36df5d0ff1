/** Programs of others that tests start: what this machine lacks is installed through apt, as root. Tests skip, visibly, what is not there. */
import { spawnSync } from 'node:child_process'

/** Why they could not be installed; `undefined` when they were. */
export function installPackages(names: readonly string[]): string | undefined {
  const advice = `apt-get install ${names.join(' ')}`
  if (process.getuid?.() !== 0) return `not root, so not installed: ${advice}`
  const options = { encoding: 'utf8', timeout: 240_000 } as const
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...names],
  ]) {
    // as if the machine were in single-user mode: services are not started, tests start their own
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    const waiting = ['-o', 'DPkg::Lock::Timeout=200'] // several test files may find the same missing
    const { status, error, stderr } = spawnSync('apt-get', [...waiting, ...args], {
      ...options,
      env,
    })
    if (error !== undefined) return `no apt-get here: ${error.message}`
    if (status !== 0) return `apt-get ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`
  }
  return undefined
}

/** Each is a package's name, and its program's but for those below. */
export type Server =
  | 'nats-server'
  | 'redis-server'
  | 'pgbouncer'
  | 'nginx'
  | 'haproxy'
  | 'varnish'
  | 'chromium'

const programs: Partial<Record<Server, string>> = { varnish: 'varnishd' }

/** Why a test has to be skipped that wants to start it; `false` when it can. */
export function whyWithout(server: Server): string | false {
  const program = programs[server] ?? server
  if (isThere(program)) return false
  const reason = installPackages([server])
  if (isThere(program)) return false
  return `${server} is not installed: ${reason ?? 'its package has no such program'}`
}

function isThere(program: string): boolean {
  return ['--version', '-v', '-V'].some((flag) => spawnSync(program, [flag]).status === 0)
}
