/** One call of `mdlibs`, from its arguments to its exit code. */
import { CommanderError } from 'commander'
import { interruptible } from '#cli/batch'
import { cliFault } from '#cli/faults'
import type { Asking, MdlibsContext, ProjectLocker, Trust } from '#cli/mdlibs/context'
import { mdlibsExitCodes } from '#cli/mdlibs/exit-codes'
import { explainMdlibs } from '#cli/mdlibs/explain'
import type { Run } from '#cli/mdlibs/flags'
import { createMdlibsProgram } from '#cli/mdlibs/program'
import { note } from '#cli/mdlibs/say'
import { readSettings, type Settings } from '#cli/mdlibs/settings'
import { tellMistakes } from '#cli/mistakes'
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
  /** Of the user, absolute. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** `undefined` where there is nobody to ask. */
  readonly ask: Asking | undefined
  readonly stdin: () => AsyncIterable<Uint8Array>
  readonly lockProject: ProjectLocker
  readonly trust: Trust
}

const interrupted = 'Nothing half-made stands under a final name. Run the command again.'

/** `args` without the names of programs. */
export async function runMdlibs(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { version, terminal, world, signal, directory, ask, stdin, lockProject, trust } =
    surroundings
  let exitCode: number = mdlibsExitCodes.success
  const run: Run = async (flags, command) => {
    const isJson = flags.json === true
    try {
      const isQuiet = flags.quiet === true
      let settings: Promise<Settings> | undefined
      const context: MdlibsContext = {
        ...{ terminal, world, signal, isJson, isQuiet, directory },
        ask: isJson ? undefined : ask,
        settings: () => {
          settings ??= readSettings({ ...surroundings, flags })
          return settings
        },
        registryFlag: () => onlyOne(flags.registry),
        holdProject: async () => {
          const { root = directory, places } = await context.settings()
          const onWait = (): void =>
            note(context, 'Another mdlibs is at work in this project. Waiting for it.')
          return await lockProject(root, { places, world, signal, onWait })
        },
        ...{ stdin, trust, userAgent: `mdlibs/${version}` },
      }
      await interruptible(context, interrupted, () => command(context))
    } catch (error) {
      const failure = explainMdlibs(error)
      exitCode = failure.exitCode
      const { code, text: message } = failure
      const told = JSON.stringify({ error: { code, message, exitCode } })
      terminal.warn(isJson ? told : `Error: ${message}`)
    }
  }
  if (isVersionAsked(args)) {
    terminal.print(version)
    return exitCode
  }
  const program = createMdlibsProgram({ terminal, run })
  tellMistakes(program, { args, exitCode: mdlibsExitCodes.usage })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) exitCode = mdlibsExitCodes.usage
  }
  return exitCode
}

/** Only alone: `publish --version 1.2.0` is something else, and commander would not see that. */
function isVersionAsked([first, ...more]: readonly string[]): boolean {
  return more.length === 0 && (first === '-V' || first === '--version')
}

function onlyOne(registries: readonly string[] | undefined): string | undefined {
  const [one, other] = registries ?? []
  if (other === undefined) return one
  throw cliFault('cli/mistaken-usage', { mistakes: 'Only one --registry can be meant here.' })
}
