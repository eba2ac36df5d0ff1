import type { Command } from 'commander'
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

/** What commander calls when a command was typed: `work` gets its arguments in order, and all flags. */
export function action<Own extends object>(
  run: Run,
  work: (
    context: MdlibsContext,
    args: readonly string[],
    flags: MdlibsFlags & Own,
  ) => Promise<void>,
): (this: Command) => Promise<void> {
  return async function (this: Command) {
    const flags = this.optsWithGlobals<MdlibsFlags & Own>()
    await run(flags, (context) => work(context, this.args, flags))
  }
}

/** `a,b` and several flags are the same. */
export function collectList(
  text: string,
  former: readonly string[] | undefined,
): readonly string[] {
  const items = text.split(',').map((item) => item.trim())
  return [...(former ?? []), ...items.filter((item) => item !== '')]
}
