/** `mdlibs` in a directory of its own, called as the program calls it, in this process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import type { Asking, Trust } from '#cli/mdlibs/context'
import { runMdlibs } from '#cli/mdlibs/run'
import { lockProject } from '#main/project-lock'
import { systemWorld } from '#world/system'
import { cleanEnvironment, fromSources } from '../harness.ts'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Workplace extends AsyncDisposable {
  readonly root: string
  /** Beside the process's own; the home directory is `home` of this place. */
  readonly env: Record<string, string>
  /** What somebody at the terminal says to the next questions; nobody is there without. */
  answers: string[] | undefined
  /** Standard input. */
  input: string
  /** What was asked. */
  readonly questions: string[]
  path(...names: string[]): string
  write(name: string, content: string | Uint8Array): Promise<void>
  read(name: string): Promise<string>
  run(...args: readonly string[]): Promise<Outcome>
  /** From a directory below. */
  runIn(directory: string, ...args: readonly string[]): Promise<Outcome>
}

/** No server of these tests has a certificate of another authority. */
export const trustNobodyElse: Trust = {
  also: () => {
    throw new Error('nobody else is trusted')
  },
  anybody: () => {},
}

export interface CallOptions {
  readonly directory: string
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  readonly input?: string
  readonly ask?: Asking | undefined
  readonly signal?: AbortSignal
}

/** One call, to its end. */
export async function callMdlibs(
  args: readonly string[],
  { directory, home, env, input = '', ask, signal = new AbortController().signal }: CallOptions,
): Promise<Outcome> {
  const stdout: string[] = []
  const stderr: string[] = []
  const code = await runMdlibs(args, {
    version: '0',
    terminal: {
      isInteractive: false,
      print: (line) => stdout.push(`${line}\n`),
      warn: (line) => stderr.push(`${line}\n`),
      draw: () => {},
      columns: () => 80,
    },
    world: systemWorld(),
    signal,
    ...{ directory, home, env, ask, trust: trustNobodyElse, platform: 'linux' },
    stdin: () => Readable.from([Buffer.from(input)]),
    lockProject,
  })
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}

const [node, ...program] = fromSources('mdlibs')

/** The program itself, to its end: what certificates it believes is its own affair. */
export async function spawnMdlibs(
  args: readonly string[],
  { directory, home, env }: Pick<CallOptions, 'directory' | 'home' | 'env'>,
): Promise<Outcome> {
  const child = spawn(node, [...program, ...args], {
    cwd: directory,
    env: { ...cleanEnvironment(), HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (piece) => {
    said.stdout += piece
  })
  child.stderr.on('data', (piece) => {
    said.stderr += piece
  })
  await once(child, 'close')
  return { code: child.exitCode ?? -1, ...said }
}

export async function openWorkplace(): Promise<Workplace> {
  const env: Record<string, string> = {}
  const questions: string[] = []
  const root = await realpath(await mkdtemp(join(tmpdir(), 'mycelium-mdlibs-')))
  const path = (...names: string[]): string => join(root, ...names)
  const runIn = (directory: string, ...args: readonly string[]): Promise<Outcome> =>
    callMdlibs(args, {
      ...{ directory: path(directory), home: path('home'), env, input: work.input },
      ask: work.answers === undefined ? undefined : { line: answer, hidden: answer },
    })
  const answer = async (question: string): Promise<string> => {
    questions.push(question)
    return work.answers?.shift() ?? ''
  }
  const work: Workplace = {
    root,
    env,
    answers: undefined,
    input: '',
    questions,
    path,
    write: async (name, content) => {
      await mkdir(dirname(path(name)), { recursive: true })
      await writeFile(path(name), content)
    },
    read: (name) => readFile(path(name), 'utf8'),
    run: (...args) => runIn('.', ...args),
    runIn,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
  return work
}
