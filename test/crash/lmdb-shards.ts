/** How many pages the shard of this seed has: one in three is of more than a writer holds, so that pieces of it are stored before its commit. */
export function pagesOf(seed: number): number {
  return seed % 3 === 0 ? 400 : 1 + (seed % 20)
}
