/** One call of `mdlibs`, from its arguments to its exit code. */
import { CommanderError } from 'commander'
import { interruptible } from '#cli/batch'
import { mdlibsExitCodes } from '#cli/mdlibs/exit-codes'
import { explainMdlibs } from '#cli/mdlibs/explain'
import type { Run } from '#cli/mdlibs/flags'
import { createMdlibsProgram } from '#cli/mdlibs/program'
import type { Terminal } from '#cli/terminal'
import type { World } from '#world/world'

/** What a program is given by who starts it. */
export interface Surroundings {
  readonly version: string
  readonly terminal: Terminal
  readonly world: World
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly directory: string
}

const interrupted = 'Nothing half-made stands under a final name. Run the command again.'

/** `args` without the names of programs. */
export async function runMdlibs(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { version, terminal, world, signal, directory } = surroundings
  let exitCode: number = mdlibsExitCodes.success
  const run: Run = async (flags, command) => {
    const isJson = flags.json === true
    try {
      const isQuiet = flags.quiet === true
      const context = { terminal, world, signal, isJson, isQuiet, directory }
      await interruptible(context, interrupted, () => command(context))
    } catch (error) {
      const failure = explainMdlibs(error)
      exitCode = failure.exitCode
      const { code, text: message } = failure
      const told = JSON.stringify({ error: { code, message, exitCode } })
      terminal.warn(isJson ? told : `Error: ${message}`)
    }
  }
  const program = createMdlibsProgram({ version, terminal, run })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) exitCode = mdlibsExitCodes.usage
  }
  return exitCode
}
