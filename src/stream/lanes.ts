import { strict as assert } from 'node:assert'

/**
 * Does `work` for every item, at most `lanes` at a time; an item is pulled only when a lane is free for it. The first failure stops the pulling, and
 * is thrown when the work that was under way has ended.
 */
export async function inLanes<Item>(
  source: AsyncIterable<Item> | Iterable<Item>,
  lanes: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  assert(Number.isSafeInteger(lanes) && lanes > 0)
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  try {
    for await (const item of source) {
      const one = work(item)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => running.delete(one))
      running.add(one)
      if (running.size >= lanes) await Promise.race(running)
      if (failures.length > 0) break
    }
  } finally {
    await Promise.all(running)
  }
  if (failures.length > 0) throw failures[0]
}
