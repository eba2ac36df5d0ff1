/** Several transfers as one: what fails alone is told and counted, what would fail for all ends it. */
import type { Context } from '#cli/context'
import { explainCli } from '#cli/explain'
import { cliFault } from '#cli/faults'
import { Fault } from '#fault/fault'
import { inLanes } from '#stream/lanes'

/** Faults that the next file would meet as well. `mycelium import` counts them so, too. */
export const generalFaults: readonly string[] = [
  'endpoint/unreachable',
  'endpoint/unavailable',
  'endpoint/out-of-space',
  'endpoint/not-s3',
  'endpoint/wrong-credentials',
  'endpoint/clock-skewed',
  'endpoint/no-such-bucket',
  'endpoint/invalid-bucket-name',
  'cli/disk-full',
  'cli/no-secret',
  'cli/wrong-secret',
  'cli/other-secret',
]

export interface BatchResult {
  readonly total: number
  readonly failed: number
  /** The failure of all, when all failed alike. */
  readonly common: Fault | undefined
}

/** Tells every failure on stderr. A general fault, an unexpected error or the signal's reason is thrown. */
export async function inBatch<Item>(
  context: Context,
  items: AsyncIterable<Item> | Iterable<Item>,
  { nameOf, work }: { nameOf: (item: Item) => string; work: (item: Item) => Promise<void> },
): Promise<BatchResult> {
  const failures: Fault[] = []
  let total = 0
  await inLanes(items, context.lanes, async (item) => {
    total += 1
    try {
      await work(item)
    } catch (error) {
      context.signal.throwIfAborted()
      if (!(error instanceof Fault) || generalFaults.includes(error.code)) throw error
      failures.push(error)
      tellFailure(context, nameOf(item), error)
    }
  })
  const [first] = failures
  const isCommon = failures.length === total && failures.every(({ code }) => code === first?.code)
  return { total, failed: failures.length, common: isCommon ? first : undefined }
}

/** Throws when anything failed: what all had in common, or `cli/partly-failed`. */
export function settleBatch({ total, failed, common }: BatchResult): void {
  if (common !== undefined) throw common
  if (failed > 0) throw cliFault('cli/partly-failed', { failed, total })
}

function tellFailure({ terminal, isJson }: Context, name: string, error: Fault): void {
  const { text, code } = explainCli(error, {})
  if (isJson) terminal.print(JSON.stringify({ event: 'failed', name, code, message: text }))
  else terminal.warn(`✗ ${name}: ${text}`)
}

/** Runs `work`; when Ctrl-C ended it, says what that means. */
export async function interruptible<Result>(
  { signal }: Pick<Context, 'signal'>,
  hint: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted) throw cliFault('cli/interrupted', { hint }, error)
    throw error
  }
}
