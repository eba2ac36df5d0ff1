/** Downloads by day as a picture of bars, and as a table for whoever cannot see it. */
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { countText, numberText } from '#api/library/pages/words'

export interface DownloadsOfDay {
  /** `2026-11-22` */
  readonly date: string
  readonly count: number
}

const width = 300
const height = 64
const floor = height - 1

export function renderDownloadsChart(days: readonly DownloadsOfDay[]): HtmlPart {
  const total = days.reduce((sum, { count }) => sum + count, 0)
  if (days.length === 0 || total === 0)
    return html`<p class="quiet small">Not downloaded in the last ${countText(Math.max(days.length, 1), 'day')}.</p>`
  const most = Math.max(...days.map(({ count }) => count))
  const step = width / days.length
  const bars = days.map(({ date, count }, at) => {
    if (count === 0) return undefined
    const tall = Math.max(2, (count / most) * (height - 4))
    return html`<rect x="${round(at * step)}" y="${round(floor - tall)}" width="${round(Math.max(step - 1.5, 0.8))}" height="${round(tall)}" rx="1"><title>${`${date}: ${numberText(count)}`}</title></rect>`
  })
  const said = `${countText(total, 'download')} in ${countText(days.length, 'day')}, at most ${numberText(most)} a day`
  return html`<svg class="chart" viewBox="${`0 0 ${width} ${height}`}" role="img" aria-label="${said}">${bars}<line class="floor" x1="0" x2="${width}" y1="${floor}" y2="${floor}"/></svg>
    <p class="small quiet">${said}.</p>
    ${renderTable(days)}`
}

function renderTable(days: readonly DownloadsOfDay[]): Html {
  const rows = days
    .filter(({ count }) => count > 0)
    .toReversed()
    .map(
      ({ date, count }) =>
        html`<tr><th scope="row">${date}</th><td class="number">${numberText(count)}</td></tr>`,
    )
  return html`<details class="small"><summary>By day</summary><div class="table"><table><caption class="unseen-words">Downloads by day, without days that had none</caption><thead><tr><th scope="col">Day</th><th scope="col" class="number">Downloads</th></tr></thead><tbody>${rows}</tbody></table></div></details>`
}

function round(number: number): number {
  return Math.round(number * 100) / 100
}
