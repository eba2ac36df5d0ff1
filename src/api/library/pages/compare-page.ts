/** What became different from one version to another. */
import { renderDiff } from '#api/library/pages/diff-view'
import { attribute, type Html, type HtmlPart, html } from '#api/library/pages/html'
import { renderEmpty } from '#api/library/pages/layout'
import { renderLibraryHead } from '#api/library/pages/library-head'
import { comparePath } from '#api/library/pages/paths'
import type { Diff, LibraryWithVersions } from '#library/model'

export interface ComparePage {
  readonly library: LibraryWithVersions
  readonly from: string | undefined
  readonly to: string | undefined
  /** None while fewer than two versions are there to be compared. */
  readonly diff: Diff | undefined
  readonly isManaged: boolean
}

export function renderComparePage({ library, from, to, diff, isManaged }: ComparePage): Html {
  const versions = library.versionList
    .filter(({ state }) => state !== 'deleted')
    .map(({ version }) => version)
  return html`${renderLibraryHead(library, { tab: 'compare', isManaged })}
    ${
      versions.length < 2
        ? renderEmpty('Nothing to compare', 'There are not two versions yet.')
        : html`<section class="sheet" aria-label="Versions to compare"><form class="inline-form" action="${comparePath(library)}" method="get">
          ${renderChoice({ name: 'from', label: 'From', chosen: from, versions })}
          ${renderChoice({ name: 'to', label: 'To', chosen: to, versions })}
          <button type="submit">Compare</button>
        </form></section>`
    }
    ${diff !== undefined && html`<section class="sheet"><h2>From ${diff.from} to ${diff.to}</h2>${renderDiff(library, diff)}</section>`}`
}

function renderChoice({
  name,
  label,
  chosen,
  versions,
}: {
  readonly name: string
  readonly label: string
  readonly chosen: string | undefined
  readonly versions: readonly string[]
}): HtmlPart {
  const options = versions.map(
    (version) => html`<option${attribute('selected', version === chosen)}>${version}</option>`,
  )
  return html`<div class="field"><label for="${name}">${label}</label><select id="${name}" name="${name}">${options}</select></div>`
}
