/** The items of groups that come one after another. Stopping early stops the groups. */
export async function* flat<Item>(
  groups: AsyncIterable<readonly Item[]>,
): AsyncGenerator<Item, void, undefined> {
  for await (const group of groups) yield* group
}
