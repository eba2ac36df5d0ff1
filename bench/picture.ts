/**
 * `node bench/picture.ts`: the last run of the benchmark (bench/latest.json) as a picture, docs/pictures/bench.svg. Each bar is a row's ratio as a
 * share of its must, so that all have one scale and longer is better; the tick is the must, the diamond the aim.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { judge, type RowResult } from './row.ts'

const rowHeight = 30
const labelWidth = 168
const figureWidth = 92
const barWidth = 480
const width = labelWidth + barWidth + figureWidth
const top = 46
/** The scale ends at so many times the must. */
const scaleMax = 2

interface Goals extends RowResult {
  readonly must: number
  readonly aim: number
}

const results: readonly RowResult[] = JSON.parse(
  readFileSync(new URL('latest.json', import.meta.url), 'utf8'),
)
const rows = results.filter((row): row is Goals => row.must !== null && row.aim !== null)
const height = top + rows.length * rowHeight + 12
const picture = new URL('../docs/pictures/bench.svg', import.meta.url)
writeFileSync(picture, drawing())

function drawing(): string {
  const words = rows.map(
    (row) => `${row.row} ${row.ratio.toFixed(2)} (must ${row.must}, aim ${row.aim})`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title words">
<title id="title">The benchmark: each row as a share of its must</title>
<desc id="words">${words.join('; ')}</desc>
<style>
  text { font: 13px ui-monospace, monospace; fill: #1f2328 }
  .quiet { fill: #59636e }
  .track { fill: #eaeef2 } .holds { fill: #1a7f37 } .missed { fill: #bc4c00 }
  .must { stroke: #1f2328; stroke-width: 2 } .aim { fill: #1f2328 }
  @media (prefers-color-scheme: dark) {
    text, .aim { fill: #f0f6fc } .quiet { fill: #9198a1 } .must { stroke: #f0f6fc }
    .track { fill: #2f3742 } .holds { fill: #3fb950 } .missed { fill: #f0883e }
  }
</style>
<text class="quiet" x="${at(1)}" y="16" text-anchor="middle">must</text>
<text class="quiet" x="${width - figureWidth}" y="16" text-anchor="end">longer is better; ◆ aim</text>
${rows.map(bar).join('\n')}
<line class="must" x1="${at(1)}" x2="${at(1)}" y1="24" y2="${height - 8}"/>
</svg>
`
}

function bar(row: Goals, index: number): string {
  const y = top + index * rowHeight
  const baseline = y + 11
  const verdict = judge(row) === 'missed' ? 'missed' : 'holds'
  const aim = at(share(row, row.aim))
  return `<text x="0" y="${baseline}">${row.row}</text>
<rect class="track" x="${at(0)}" y="${y}" width="${barWidth}" height="14" rx="3"/>
<rect class="${verdict}" x="${at(0)}" y="${y}" width="${(at(share(row, row.ratio)) - at(0)).toFixed(1)}" height="14" rx="3"/>
<path class="aim" d="M${aim.toFixed(1)} ${y + 2}l5 5l-5 5l-5 -5z"/>
<text x="${width}" y="${baseline}" text-anchor="end">${figure(row)}${verdict === 'missed' ? ' ✗' : ''}</text>`
}

/** How good a ratio is, in musts. */
function share({ must, better }: Goals, ratio: number): number {
  return better === 'higher' ? ratio / must : must / ratio
}

function at(share: number): number {
  return labelWidth + (Math.min(share, scaleMax) / scaleMax) * barWidth
}

function figure({ ratio }: Goals): string {
  return ratio >= 100 ? `${ratio.toFixed(0)} MB` : ratio.toFixed(ratio < 0.1 ? 3 : 2)
}
