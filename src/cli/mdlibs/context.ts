import type { Terminal } from '#cli/terminal'
import type { World } from '#world/world'

/** What every command of `mdlibs` works with. */
export interface MdlibsContext {
  readonly terminal: Terminal
  readonly world: World
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** One JSON document on stdout, and nothing else there. */
  readonly isJson: boolean
  /** Nothing but what was asked for, and failures. */
  readonly isQuiet: boolean
  /** Where the command was called. */
  readonly directory: string
}
