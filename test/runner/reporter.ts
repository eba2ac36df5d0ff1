/** A node:test reporter for programs: JSON lines as tests start and finish, read back by `run-file.ts`. */

import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

export interface TestLine {
  readonly name: string
  readonly outcome: 'started' | 'passed' | 'failed' | 'skipped'
  /** Why it failed, or why it was skipped. */
  readonly text: string
}

type Passed = Extract<TestEvent, { type: 'test:pass' }>
type Failed = Extract<TestEvent, { type: 'test:fail' }>

// biome-ignore lint/style/noDefaultExport: node loads a reporter by its default export
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const line = describeEvent(event)
    if (line !== undefined) yield `${JSON.stringify(line)}\n`
  }
}

function describeEvent(event: TestEvent): TestLine | undefined {
  if (event.type === 'test:dequeue')
    return { name: place(event.data), outcome: 'started', text: '' }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined
  return isOnlyASuite(event) ? undefined : describeEnd(event)
}

/** A suite repeats what its tests say; only one that broke by itself (a hook threw) counts, or that was skipped as a whole. */
function isOnlyASuite(event: Passed | Failed): boolean {
  if (event.data.details.type !== 'suite' || event.data.skip !== undefined) return false
  return event.type === 'test:pass' || failureType(event) === 'subtestsFailed'
}

function describeEnd(event: Passed | Failed): TestLine {
  const { data } = event
  const name = place(data)
  // A test that is still to be written neither passes nor fails: it is a visible "not run".
  const reason = data.skip ?? data.todo
  if (reason !== undefined)
    return { name, outcome: 'skipped', text: reason === true ? '' : String(reason) }
  if (event.type === 'test:pass') return { name, outcome: 'passed', text: '' }
  return { name, outcome: 'failed', text: explain(event) }
}

function place({ name, line }: { readonly name: string; readonly line?: number }): string {
  return line === undefined ? name : `${name} (line ${line})`
}

function explain({ data }: Failed): string {
  const { error } = data.details
  const thrown = error.cause ?? error // node:test wraps what was thrown
  const text = thrown instanceof Error ? inspect(thrown, { depth: 4 }) : String(thrown)
  // Frames inside node help nobody; the brace opens what follows the stack.
  return text.replaceAll(/\n +at .*node:(?:internal|async_hooks).*?( \{)?$/gm, '$1')
}

function failureType({ data }: Failed): unknown {
  const { error } = data.details
  return 'failureType' in error ? error.failureType : undefined
}
