/** All versions of a library, and what became of each. */
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { renderEmpty } from '#api/library/pages/layout'
import { renderLibraryHead, renderStates } from '#api/library/pages/library-head'
import {
  comparePath,
  libraryAdvisoriesPath,
  versionPath,
  withQuery,
} from '#api/library/pages/paths'
import { visibleText } from '#api/library/pages/unseen'
import { dateOf, numberText } from '#api/library/pages/words'
import { affects } from '#library/advisories'
import type { Advisory, LibraryWithVersions, VersionFacts } from '#library/model'
import { parseVersion } from '#library/version'
import { sizeText } from '#web/size-text'

export function renderVersionsPage(
  library: LibraryWithVersions,
  {
    advisories,
    isManaged,
  }: { readonly advisories: readonly Advisory[]; readonly isManaged: boolean },
): Html {
  const { versionList } = library
  const rows = versionList.map((version, at) =>
    renderRow(library, version, {
      before: versionList.slice(at + 1).find(isThere),
      isAffected: advisories.some((advisory) => affects(advisory, parseVersion(version.version))),
    }),
  )
  return html`${renderLibraryHead(library, { tab: 'versions', isManaged })}
    ${
      rows.length === 0
        ? renderEmpty('No versions', 'Nothing has been published yet.')
        : html`<section class="sheet"><h2>Versions</h2><div class="table"><table><thead><tr><th scope="col">Version</th><th scope="col">Published</th><th scope="col" class="number hide-small">Size</th><th scope="col" class="number hide-small">Downloads</th><th scope="col"><span class="unseen-words">Compare</span></th></tr></thead><tbody>${rows}</tbody></table></div></section>`
    }`
}

function isThere({ state }: VersionFacts): boolean {
  return state !== 'deleted'
}

function renderRow(
  library: LibraryWithVersions,
  version: VersionFacts,
  {
    before,
    isAffected,
  }: { readonly before: VersionFacts | undefined; readonly isAffected: boolean },
): Html {
  const { version: number, yanked, deprecated, deletedAt } = version
  if (version.state === 'deleted')
    return html`<tr class="unlisted"><th scope="row"><s>${number}</s> <span class="pill">deleted</span></th><td colspan="4">${deletedAt !== undefined && html`${dateOf(deletedAt)}. `}Its number is never used again.</td></tr>`
  const tags = Object.entries(library.distTags).filter(([, tagged]) => tagged === number)
  const marks: HtmlPart = [
    number === library.latest && html`<span class="pill good">latest</span> `,
    tags
      .filter(([tag]) => tag !== 'latest')
      .map(([tag]) => html`<span class="pill">${tag}</span> `),
    renderStates(version),
    isAffected &&
      html`<a class="pill problem" href="${libraryAdvisoriesPath(library)}">advisory</a>`,
  ]
  const said = yanked?.reason ?? deprecated
  return html`<tr><th scope="row"><a href="${versionPath(library, number)}">${number}</a> ${marks}${said !== undefined && html`<div class="small quiet">${visibleText(said)}</div>`}</th><td>${dateOf(version.publishedAt)} <span class="quiet">by @${version.publishedBy}</span></td><td class="number hide-small">${sizeText(version.bytes)}</td><td class="number hide-small">${numberText(version.downloads)}</td><td>${before !== undefined && html`<a href="${withQuery(comparePath(library), { from: before.version, to: number })}">changes<span class="unseen-words"> since ${before.version}</span></a>`}</td></tr>`
}
