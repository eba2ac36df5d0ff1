/** npm as a person has it who comes with nothing: an empty home, and the Node of the system instead of the project's. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { cleanEnvironment } from '../harness.ts'

/** Where packages come from is the affair of this machine, and stays; everything else of npm's is as for a stranger. */
export function strangerEnvironment(home: string): Record<string, string> {
  const path = (process.env['PATH'] ?? '').split(':').filter((one) => !/node_modules/.test(one))
  const sources = ['npm_config_registry', 'npm_config_cafile'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...cleanEnvironment(), PATH: path.join(':'), HOME: home, ...Object.fromEntries(sources) }
}

/** Throws with everything that was printed when it ends with another code than 0. */
export function run(
  [file, ...args]: readonly [string, ...string[]],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): string {
  const ended = spawnSync(file, args, { cwd, env, encoding: 'utf8', timeout: 240_000 })
  if (ended.status === 0) return ended.stdout
  throw new Error(`${[file, ...args].join(' ')}: ${tellEnd(ended)}`)
}

function tellEnd({ status, signal, error, stdout, stderr }: SpawnSyncReturns<string>): string {
  return `${error?.message ?? `ended with ${status ?? signal}`}\n${stdout}\n${stderr}`
}
