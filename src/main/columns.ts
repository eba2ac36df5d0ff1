/** A list for people: aligned columns under a line of titles. What is not known is a dash. */
export function columns(
  titles: readonly string[],
  items: unknown,
  cells: (item: Readonly<Record<string, unknown>>) => readonly unknown[],
): string {
  const rows = (Array.isArray(items) ? items : []).map((item) =>
    cells(item).map((cell) => String(cell ?? '-')),
  )
  const all = [titles, ...rows]
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
