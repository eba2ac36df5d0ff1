/** Mistakes in the arguments of a program, told as every other failure is when `--json` is asked for. */
import type { Command } from 'commander'

export interface MistakeOptions {
  /** Without the program's name. */
  readonly args: readonly string[]
  readonly exitCode: number
}

/**
 * With `--json` among the arguments mistakes in them become JSON on stderr. Those arguments cannot be parsed, so a value that happens to be
 * `--json` counts too. Call it when the program has all its commands.
 */
export function tellMistakes(program: Command, { args, exitCode }: MistakeOptions): void {
  const end = args.indexOf('--')
  const flags = end < 0 ? args : args.slice(0, end)
  if (flags.includes('--json')) tellAsJson(program, exitCode)
}

function tellAsJson(command: Command, exitCode: number): void {
  command.showHelpAfterError(false).configureOutput({
    outputError(text, write) {
      const message = text.trim().replace(/^error: /, '')
      const error = { code: 'cli/mistaken-usage', message, exitCode }
      write(`${JSON.stringify({ error })}\n`)
    },
  })
  for (const child of command.commands) tellAsJson(child, exitCode)
}
