/** The real `cyxcloud`, as a child process, with a home directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanEnvironment, type Ended, fromSources, type RunningStore } from '../harness.ts'

const [node, ...program] = fromSources('cyxcloud')

/** Enough for every kind of stripe, and quick to start. */
export const smallStore = ['--nodes', '4', '--profile', '2+1']

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: Uint8Array | string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

/** A directory to work in, and commands that know the store by the environment. */
export interface Workplace extends AsyncDisposable {
  readonly path: (...names: string[]) => string
  readonly env: Readonly<Record<string, string>>
  start(args: readonly string[], options?: RunOptions): Started
  run(args: readonly string[], options?: RunOptions): Promise<Ended>
}

/** Without a store: no endpoint and no key is given. */
export async function openWorkplace(store?: RunningStore): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), 'mycelium-cli-'))
  const env = {
    HOME: directory,
    ...(store === undefined
      ? {}
      : {
          AWS_ENDPOINT_URL: store.s3Url,
          AWS_ACCESS_KEY_ID: store.accessKeyId,
          AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
        }),
  }
  const start = (args: readonly string[], options: RunOptions = {}): Started =>
    startCyxcloud(args, { cwd: directory, ...options, env: { ...env, ...options.env } })
  return {
    path: (...names) => join(directory, ...names),
    env,
    start,
    run: (args, options) => start(args, options).ended,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

function startCyxcloud(
  args: readonly string[],
  { env = {}, cwd = tmpdir(), input = '' }: RunOptions,
): Started {
  const child = spawn(node, [...program, ...args], {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {}) // it may end before it has read everything
  child.stdin.end(input)
  return { child, ended: collect(child) }
}

async function collect(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('latin1').on('data', (text) => {
    stdout += text
  })
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  await once(child, 'close')
  return {
    code: child.exitCode,
    stdout: Buffer.from(stdout, 'latin1').toString('utf8'),
    stderr,
  }
}

/** JSON lines. */
export function linesOf(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
