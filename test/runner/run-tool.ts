/** The compiler and the linter as checks: one passes or one fails. */
import { delimiter, join } from 'node:path'
import { runChild } from './child.ts'
import type { Outcome } from './outcome.ts'

const timeoutMs = 120_000

export async function runTool(
  name: string,
  [command, ...args]: readonly [string, ...string[]],
): Promise<Outcome> {
  const { output, trouble, ms } = await runChild(command, args, { timeoutMs })
  const failures =
    trouble === undefined ? [] : [{ name: [command, ...args].join(' '), text: output.trimEnd() }]
  return { name, passed: trouble === undefined ? 1 : 0, failures, skips: [], ms }
}

/** Tools and child processes find the project's own `node`, `tsc` and `biome` first, as under npm. */
export function putToolsFirst(root: string): void {
  const path = process.env['PATH'] ?? ''
  process.env['PATH'] = [join(root, 'node_modules/.bin'), path].join(delimiter)
}
