/** Runs a program to its end, on one core where both sides of a comparison must have the same one. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** What the program prints. Rejects when it cannot start or fails. */
export async function output(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, [...args])
  return stdout
}

/** The one number that the program prints, run on the first core alone. */
export async function rateOnOneCore(program: string, args: readonly string[]): Promise<number> {
  const text = await output('taskset', ['-c', '0', program, ...args])
  const rate = Number(text)
  if (!(rate > 0)) throw new Error(`${program} printed no rate: ${text}`)
  return rate
}
