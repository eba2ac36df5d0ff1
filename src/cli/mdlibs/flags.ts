import type { MdlibsContext } from '#cli/mdlibs/context'

/** Flags that every command knows, before and after its name. */
export interface MdlibsFlags {
  readonly json?: true
  readonly quiet?: true
  /** Names or addresses; more than one only where several are asked. */
  readonly registry?: readonly string[]
  readonly timeout?: string
  readonly cafile?: string
}

/** Makes a context of the flags, runs the command in it, and tells what went wrong. */
export type Run = (
  flags: MdlibsFlags,
  command: (context: MdlibsContext) => Promise<void>,
) => Promise<void>
