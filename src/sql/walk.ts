/** Rows page by page, each page read behind the last row of the one before: `undefined` for the first. Ends with a page that has none. */
export async function* walkRows<Row>(
  page: (last: Row | undefined) => Promise<readonly Row[]>,
): AsyncGenerator<Row> {
  let last: Row | undefined
  for (;;) {
    const rows = await page(last)
    yield* rows
    last = rows.at(-1)
    if (last === undefined) return
  }
}
