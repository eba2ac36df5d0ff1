import { strict as assert } from 'node:assert'

/**
 * The results of `work` for every item, in the items' order, of which at most `ahead` are under way or wait to be taken. The first failure, in
 * that order, is thrown in its turn; whoever stops early leaves what is under way to itself.
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  ahead: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  assert(Number.isSafeInteger(ahead) && ahead > 0)
  const waiting: Promise<Result>[] = []
  for (const item of items) {
    const result = work(item)
    result.catch(() => {}) // told when its turn comes
    waiting.push(result)
    const first = waiting.length >= ahead ? waiting.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const result of waiting) yield await result
}
