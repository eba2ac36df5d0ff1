/** The real program, started by a test on free ports with its own temporary directory, and stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileCache } from './runner/compile-cache.ts'

export type Command = readonly [file: string, ...args: string[]]

/** `mycelium`, from the sources of this checkout. */
export const checkout = fromSources('mycelium')

/** A program from the sources of this checkout, as its launcher runs it. */
export function fromSources(program: 'cyxcloud' | 'mdlibs' | 'mycdnctl' | 'mycelium'): Command {
  const path = (name: string) => new URL(`../src/main/${name}.ts`, import.meta.url).pathname
  return [process.execPath, '--require', path('own-modules'), path(program)]
}

export interface StartOptions {
  /** Flags of `mycelium up` beside `--data` and the ports. */
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** How the program is called; the sources of this checkout otherwise. */
  readonly command?: Command
  /** `any` free ones, unless the defaults are what is tested. */
  readonly ports?: 'any' | 'default'
  /** An existing data directory; a temporary one otherwise, removed by `stop`. */
  readonly data?: string
}

export interface RunningProgram {
  readonly child: ChildProcess
  /** What it printed on stdout and stderr so far. */
  readonly output: () => string
  /** SIGTERM, and wait for the end; the data directory stays. */
  readonly stop: () => Promise<number | null>
  /** SIGKILL, and wait for the end; the data directory stays. */
  readonly kill: () => Promise<void>
}

export interface RunningStore extends RunningProgram, AsyncDisposable {
  readonly data: string
  readonly s3Url: string
  readonly httpUrl: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Resolves when the doors are open. Rejects with what the program said when it ends before that. */
export async function startStore({
  flags = [],
  env = {},
  ports = 'any',
  data,
  command: [file, ...args] = checkout,
}: StartOptions = {}): Promise<RunningStore> {
  const directory = data ?? (await mkdtemp(join(tmpdir(), 'mycelium-test-')))
  const portFlags = ports === 'any' ? ['--s3-port', '0', '--http-port', '0'] : []
  let running: RunningProgram
  try {
    running = await startProgram(
      [file, ...args, 'up', '--data', directory, ...portFlags, ...flags],
      { UV_THREADPOOL_SIZE: '16', ...env },
    )
  } catch (error) {
    if (data === undefined) await rm(directory, { recursive: true, force: true })
    throw error
  }
  const output = running.output()
  const credentials = await readFile(join(directory, 'aws-credentials'), 'utf8')
  return {
    data: directory,
    s3Url: find(output, /S3 endpoint +(\S+)/),
    httpUrl: find(output, /Status +(\S+)\/health/),
    accessKeyId: find(credentials, /aws_access_key_id *= *(\S+)/),
    secretAccessKey: find(credentials, /aws_secret_access_key *= *(\S+)/),
    ...running,
    async [Symbol.asyncDispose]() {
      await running.stop()
      if (data === undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Any of the programs that run until they are stopped. Resolves when it says that it is up; rejects with what it said when it ends before that. */
export async function startProgram(
  [file, ...args]: Command,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
  const child = spawn(file, args, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  child.stderr.on('data', (text) => {
    output += text
  })
  const ended = once(child, 'exit')
  const stopWith = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await ended
    }
    return child.exitCode
  }
  await untilReady(child, () => output)
  return {
    child,
    output: () => output,
    stop: () => stopWith('SIGTERM'),
    kill: async () => {
      await stopWith('SIGKILL')
    },
  }
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs any `mycelium` command to its end. */
export async function runMycelium(
  args: readonly string[],
  { env = {} }: { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const [node, ...program] = checkout
  const child = spawn(node, [...program, ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

/** This environment without anything that would change what the program or an S3 client does. */
export function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || /^(AWS_|DATABASE_|MYCELIUM_|NODE_TEST|OTEL_|npm_)/.test(name)
      ? []
      : [[name, value]],
  )
  return { ...Object.fromEntries(kept), NODE_COMPILE_CACHE: compileCache }
}

const startMsMax = 60_000

function untilReady(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`it is not up after ${startMsMax} ms:\n${output()}`))
    }, startMsMax)
    child.stdout?.on('data', () => {
      if (!output().includes('Ctrl-C stops it.')) return
      clearTimeout(deadline)
      resolve()
    })
    child.once('exit', (code) => {
      clearTimeout(deadline)
      reject(new Error(`it ended with ${code}:\n${output()}`))
    })
  })
}

function find(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`${pattern} is not in:\n${text}`)
  return found
}
