/** The highest `last` of the frames or segments; 0n when there are none. */
export function highestLast(items: Iterable<{ readonly last: bigint }>): bigint {
  let highest = 0n
  for (const { last } of items) if (last > highest) highest = last
  return highest
}
