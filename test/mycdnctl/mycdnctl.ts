/** `mycdnctl` with a home of its own, a registry, and Redis servers to keep shards: as a process, or without one, which takes a tenth of the time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { runMycdnctl } from '#main/mycdnctl-run'
import type { Output } from '#main/terminal'
import type { Broker } from '../brokers.ts'
import { whyWithout } from '../debian-packages.ts'
import { cleanEnvironment, type Ended, fromSources } from '../harness.ts'
import { startPlainRedis } from '../hero-redis.ts'
import { type RunningRegistry, startRegistry } from '../integration/registry/registry-server.ts'

const [node, ...program] = fromSources('mycdnctl')
const compileCache = new URL('../../node_modules/.cache/compile', import.meta.url).pathname

/** Why tests with real servers are skipped. */
export const withoutRedis = whyWithout('redis-server')

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: Uint8Array | string
}

export interface StartOptions extends Pick<RunOptions, 'env'> {
  /** Standard input, or what feeds it and decides when it ends. */
  readonly input?: Uint8Array | string | ((child: ChildProcess) => void)
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<CdnEnded>
}

export interface CdnEnded extends Ended {
  readonly bytes: Buffer
}

export interface Workplace extends AsyncDisposable {
  readonly path: (...names: string[]) => string
  /** `config.toml`, where the program looks for it. */
  settle(config: string): Promise<void>
  /** A process of its own, as people start it. */
  start(args: readonly string[], options?: StartOptions): Started
  /** In this process, one at a time: it works in the workplace. */
  run(args: readonly string[], options?: RunOptions): Promise<CdnEnded>
}

/** Every command asks this registry. */
export async function openWorkplace(registry: string): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), 'mycelium-cdn-'))
  const own = { HOME: directory, XDG_STATE_HOME: join(directory, 'state') }
  const start = (args: readonly string[], { env = {}, input = '' }: StartOptions = {}): Started => {
    const child = spawn(node, [...program, '--registry', registry, ...args], {
      cwd: directory,
      env: { ...cleanEnvironment(), NODE_COMPILE_CACHE: compileCache, ...own, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.on('error', () => {}) // it may end before it has read everything
    if (typeof input === 'function') input(child)
    else child.stdin.end(input)
    return { child, ended: collect(child) }
  }
  return {
    path: (...names) => join(directory, ...names),
    settle: (config) => writeFile(join(directory, 'config.toml'), config),
    start,
    async run(args, { env = {}, input = '' } = {}) {
      const before = process.cwd()
      process.chdir(directory)
      try {
        return await runHere(['--registry', registry, ...args], { env: { ...own, ...env }, input })
      } finally {
        process.chdir(before)
      }
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

async function runHere(
  args: readonly string[],
  { env, input }: Required<RunOptions>,
): Promise<CdnEnded> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  const kept = (pieces: Buffer[]): Output => ({
    write(bytes, done) {
      pieces.push(Buffer.from(bytes)) // what is handed over may be used again
      done?.()
    },
  })
  const code = await runMycdnctl(args, {
    ...{ env: { ...cleanEnvironment(), ...env }, home: env['HOME'] ?? '' },
    stdin: Readable.from([Buffer.from(input)]),
    ...{ stdout: kept(out), stderr: kept(err), signal: new AbortController().signal },
  })
  const bytes = Buffer.concat(out)
  return {
    code,
    stdout: bytes.toString('utf8'),
    stderr: Buffer.concat(err).toString('utf8'),
    bytes,
  }
}

async function collect(child: ChildProcess): Promise<CdnEnded> {
  const pieces: Buffer[] = []
  let stderr = ''
  child.stdout?.on('data', (piece: Buffer) => pieces.push(piece))
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  await once(child, 'close')
  const bytes = Buffer.concat(pieces)
  return { code: child.exitCode, stdout: bytes.toString('utf8'), stderr, bytes }
}

export interface Servers extends AsyncDisposable {
  readonly brokers: readonly Broker[]
  /** Of all of them, in order, with database 1. */
  readonly config: (requiredShards: number) => string
}

/** Real Redis servers. */
async function startServers(count: number): Promise<Servers> {
  const stack = new AsyncDisposableStack()
  const brokers: Broker[] = []
  for (let index = 0; index < count; index += 1) {
    brokers.push(stack.use(await startPlainRedis('--appendfsync', 'no')))
  }
  return {
    brokers,
    config: (requiredShards) =>
      configOf(
        requiredShards,
        brokers.map(({ port }) => ({ host: `127.0.0.1:${port}`, db: 1 })),
      ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Everything a link needs: servers for shards, a registry, and a workplace that knows them. */
export interface Cdn extends AsyncDisposable {
  readonly servers: Servers
  readonly registry: RunningRegistry
  readonly place: Workplace
}

export async function startCdn({
  total,
  required,
}: {
  readonly total: number
  readonly required: number
}): Promise<Cdn> {
  await using stack = new AsyncDisposableStack()
  const servers = stack.use(await startServers(total))
  const registry = stack.use(await startRegistry())
  const place = stack.use(await openWorkplace(`http://localhost:${registry.port}`))
  await place.settle(servers.config(required))
  const owned = stack.move()
  return { servers, registry, place, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export interface BackendText {
  readonly host: string
  readonly db: number
  readonly auth?: string
}

export function configOf(requiredShards: number, backends: readonly BackendText[]): string {
  const tables = backends.map(({ host, db, auth }) =>
    [
      '[[backends]]',
      'kind = "hero_redis"',
      `host = "${host}"`,
      `db = ${db}`,
      ...(auth === undefined ? [] : [`auth = ${auth}`]),
    ].join('\n'),
  )
  return [`required_shards = ${requiredShards}`, ...tables, ''].join('\n\n')
}

/** The link that `upload` has printed last. */
export function linkIn(stdout: string): string {
  const found = [...stdout.matchAll(/^Object .* (?:saved|degraded)\. Url: (\S+)$/gm)].at(-1)?.[1]
  if (found === undefined) throw new Error(`no link in: ${stdout}`)
  return found
}
