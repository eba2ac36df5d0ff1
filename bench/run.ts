/**
 * `npm run bench [-- --rows a,b]`: every promise about speed, measured one after the other. Prints a table and writes bench/latest.json.
 * A row that does not run, or misses what it must, fails the run.
 */
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { judge, type Row, type RowResult, runRow } from './row.ts'
import { cdnDownload, cdnMemory, cdnUpload } from './rows/cdn.ts'
import { crcRows } from './rows/crc.ts'
import { getDegraded } from './rows/get-degraded.ts'
import { getLarge } from './rows/get-large.ts'
import { getSmallRow } from './rows/get-small.ts'
import { libraryPublishRows } from './rows/library-publish.ts'
import { libraryRequestRows } from './rows/library-requests.ts'
import { librarySearchRows } from './rows/library-search.ts'
import { librarySearchPeerRow } from './rows/library-search-peer.ts'
import { listCold, listWarm } from './rows/list.ts'
import { memory } from './rows/memory.ts'
import { postgresRows } from './rows/postgresql.ts'
import { putLarge, putLargeDefault } from './rows/put-large.ts'
import { putSmallRow } from './rows/put-small.ts'
import { rebuildRow } from './rows/rebuild.ts'
import { registryRows } from './rows/registry.ts'
import { rsEncode } from './rows/rs-encode.ts'
import { rsRebuild } from './rows/rs-rebuild.ts'
import { getSlowNode, putSlowNode } from './rows/slow-node.ts'
import { space, spaceOneWriter } from './rows/space.ts'

const rows: readonly Row[] = [
  ...crcRows,
  putSlowNode,
  getSlowNode,
  listWarm,
  listCold,
  memory,
  space,
  spaceOneWriter,
  rebuildRow,
  putLarge,
  putLargeDefault,
  getLarge,
  getDegraded,
  putSmallRow,
  getSmallRow,
  rsEncode,
  rsRebuild,
  ...postgresRows,
  ...registryRows,
  cdnUpload,
  cdnDownload,
  cdnMemory,
  ...libraryPublishRows,
  ...libraryRequestRows,
  ...librarySearchRows,
  librarySearchPeerRow,
]

const { values: options } = parseArgs({ options: { rows: { type: 'string' } } })
const chosen = choose(options.rows)
const results: RowResult[] = []

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}\n`)
console.log(line(['row', 'ours', 'baseline', 'ratio', 'must', 'aim', '']))
for (const row of chosen) await attempt(row)
await writeFile(new URL('latest.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`)

async function attempt(row: Row): Promise<void> {
  try {
    const result = await runRow(row)
    results.push(result)
    const verdict = judge(result)
    if (verdict === 'missed') process.exitCode = 1
    console.log(line(cells(row, result, verdict)))
  } catch (error) {
    process.exitCode = 1
    console.log(line([row.name, 'did not run']))
    console.log(error)
  }
}

function cells({ name, unit, better }: Row, result: RowResult, verdict: string): readonly string[] {
  const sign = better === 'higher' ? '≥' : '≤'
  return [
    name,
    `${readable(result.ours)} ${unit}`,
    `${readable(result.baseline)} ${unit}`,
    result.ratio.toFixed(3),
    result.must === null ? '' : `${sign} ${result.must}`,
    result.aim === null ? '' : `${sign} ${result.aim}`,
    { aim: 'reaches its aim', must: 'holds', missed: 'MISSED' }[verdict] ?? verdict,
  ]
}

function line(texts: readonly string[]): string {
  const widths = [20, 16, 16, 8, 8, 8]
  return texts
    .map((text, index) => text.padEnd(widths[index] ?? 0))
    .join('')
    .trimEnd()
}

function readable(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function choose(names: string | undefined): readonly Row[] {
  const wanted = names?.split(',') ?? rows.map(({ name }) => name)
  const strangers = wanted.filter((name) => !rows.some((row) => row.name === name))
  if (strangers.length > 0) {
    const known = rows.map(({ name }) => name).join(', ')
    throw new Error(`no such row: ${strangers.join(', ')}; there are ${known}`)
  }
  return rows.filter(({ name }) => wanted.includes(name))
}
