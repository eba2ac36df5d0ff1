/** Search in the files of a library. */
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { renderEmpty } from '#api/library/pages/layout'
import { renderLibraryHead } from '#api/library/pages/library-head'
import { filePath, insidePath, withQuery } from '#api/library/pages/paths'
import { visibleText, visibleWords } from '#api/library/pages/unseen'
import { countText } from '#api/library/pages/words'
import type { InnerHit, LibraryFacts } from '#library/model'

export interface InsidePage {
  readonly library: LibraryFacts
  readonly version: string | undefined
  readonly sought: string
  readonly hits: readonly InnerHit[]
  /** There may be more than are shown. */
  readonly isMore: boolean
  readonly isManaged: boolean
}

export function renderInsidePage(page: InsidePage): Html {
  const { library, sought, isManaged } = page
  return html`${renderLibraryHead(library, { tab: 'search', isManaged })}
    <form class="search" role="search" aria-label="In this library" action="${insidePath(library)}" method="get">
      <label class="unseen-words" for="inside">Search in ${library.name}</label>
      <input id="inside" type="search" name="q" value="${sought}" placeholder="${`Search in ${library.name}`}" autocomplete="off">
      <button type="submit">Search</button>
    </form>
    <div class="space" aria-live="polite">${sought !== '' && renderHits(page)}</div>`
}

function renderHits({ library, version, sought, hits, isMore }: InsidePage): HtmlPart {
  if (hits.length === 0 || version === undefined)
    return renderEmpty(
      'Nothing found',
      html`No line of ${library.name} has “${visibleText(sought)}”.`,
    )
  const byPath = Map.groupBy(hits, ({ path }) => path)
  const files = [...byPath].map(([path, found]) => {
    const lines = found.map(
      ({ line, heading, text }) =>
        html`<li><a href="${`${withQuery(filePath(library, version, path), { plain: 1 })}#L${line}`}">Line ${line}</a>${heading !== undefined && html` <span class="quiet small">in ${visibleText(heading)}</span>`}<div class="mono">${marked(text, sought)}</div></li>`,
    )
    return html`<li><h2><a href="${filePath(library, version, path)}">${visibleWords(path)}</a></h2><ul class="plain">${lines}</ul></li>`
  })
  return html`<p class="quiet">${isMore ? `The first ${countText(hits.length, 'line')}` : countText(hits.length, 'line')} in ${countText(byPath.size, 'file')} of ${version}</p><ul class="results">${files}</ul>`
}

/** With the words that were sought, wherever they begin a word or are one. */
export function marked(text: string, sought: string): HtmlPart {
  const words = sought
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, 20)
  if (words.length === 0) return visibleText(text)
  const pattern = new RegExp(words.map((word) => RegExp.escape(word)).join('|'), 'giu')
  const parts: HtmlPart[] = []
  let end = 0
  for (const { 0: found, index } of text.matchAll(pattern)) {
    parts.push(
      visibleText(text.slice(end, index)),
      html`<mark class="hit">${visibleText(found)}</mark>`,
    )
    end = index + found.length
  }
  return [...parts, visibleText(text.slice(end))]
}
