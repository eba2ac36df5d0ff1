/** The three voices of `mdlibs`: what was asked for, what happens meanwhile, and what else a person should know. */
import type { MdlibsContext } from '#cli/mdlibs/context'

type Voice = Pick<MdlibsContext, 'terminal' | 'isJson' | 'isQuiet'>

/** What was asked for: lines on stdout, or with `--json` one document. */
export function give({ terminal, isJson }: Voice, value: object, lines: readonly string[]): void {
  if (isJson) terminal.print(JSON.stringify(value))
  else for (const line of lines) terminal.print(line)
}

/** What was done: on stdout. */
export function tell({ terminal, isJson, isQuiet }: Voice, line: string): void {
  if (!isJson && !isQuiet) terminal.print(line)
}

/** What nobody asked for: on stderr. With `--json` the document says it. */
export function note({ terminal, isJson, isQuiet }: Voice, line: string): void {
  if (!isJson && !isQuiet) terminal.warn(line)
}
