/** Somebody, or a team, and what they publish. */
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { renderEmpty, renderPager } from '#api/library/pages/layout'
import { renderTags } from '#api/library/pages/library-page'
import { libraryPath, membersPath, quotaPath, scopePath, withQuery } from '#api/library/pages/paths'
import { renderUsage } from '#api/library/pages/quota-page'
import { howToPublish } from '#api/library/pages/search-pages'
import { visibleText } from '#api/library/pages/unseen'
import { countText, dateOf } from '#api/library/pages/words'
import type { Found, QuotaAndUsage } from '#library/model'

export interface ScopePage {
  readonly kind: 'user' | 'team'
  readonly handle: string
  readonly displayName: string
  readonly since: number | undefined
  /** Of a team, to those who belong to it. */
  readonly members: readonly { readonly handle: string; readonly role: string }[] | undefined
  /** Teams that whoever asks has in common, or may know of. */
  readonly teams: readonly string[]
  readonly found: Found
  /** Whether it is whoever asks, or a team of theirs. */
  readonly isOwn: boolean
  /** To those whom it is about. */
  readonly quota: QuotaAndUsage | undefined
}

export function renderScopePage(page: ScopePage): Html {
  const { kind, handle, displayName, since, found, teams } = page
  return html`<div class="head"><h1>${visibleText(displayName)}</h1><p class="facts"><span>@${handle}</span> <span>${kind === 'team' ? 'a team' : 'a person'}</span>${since !== undefined && html` <span>here since ${dateOf(since)}</span>`} <span>${countText(found.total, 'library', 'libraries')}</span></p></div>
    <div class="beside"><section aria-labelledby="libraries"><h2 id="libraries">Libraries</h2>${renderLibraries(page)}</section>
      <aside aria-label="${kind === 'team' ? 'People' : 'Teams'}">${renderMembers(page)}${teams.length > 0 && html`<section><h2>Teams</h2><ul class="plain">${teams.map((team) => html`<li><a href="${scopePath(team)}">@${team}</a></li>`)}</ul></section>`}${page.quota !== undefined && renderSpace(page.quota)}</aside></div>`
}

function renderLibraries({ handle, found, isOwn }: ScopePage): HtmlPart {
  if (found.libraries.length === 0)
    return isOwn
      ? renderEmpty('Nothing is published yet', howToPublish)
      : renderEmpty('No libraries', `There is none of @${handle} that you may read.`)
  const items = found.libraries.map(
    (
      library,
    ) => html`<li><h3><a href="${libraryPath(library)}">@${library.scope}/${library.name}</a> ${library.latest !== undefined && html`<span class="pill">${library.latest}</span>`} ${library.visibility !== 'public' && html`<span class="pill mind">${library.visibility}</span>`} ${library.deprecated !== undefined && html`<span class="pill problem">deprecated</span>`}</h3>
        ${library.description !== '' && html`<p dir="auto">${visibleText(library.description)}</p>`}${library.tags.length > 0 && renderTags(library.tags)}
        <ul class="facts"><li>${countText(library.downloads, 'download')}</li><li>updated ${dateOf(library.updatedAt)}</li></ul></li>`,
  )
  const pages = Math.max(1, Math.ceil(found.total / found.perPage))
  const at = (number: number): string | undefined =>
    number < 1 || number > pages ? undefined : withQuery(scopePath(handle), { page: number })
  return html`<ul class="results">${items}</ul>${renderPager({
    label: 'Pages of libraries',
    before: at(found.page - 1),
    after: at(found.page + 1),
    position: `Page ${found.page} of ${pages}`,
  })}`
}

function renderMembers({ handle, members }: ScopePage): HtmlPart {
  if (members === undefined) return undefined
  const items = members.map(
    ({ handle: member, role }) =>
      html`<li><a href="${scopePath(member)}">@${member}</a> <span class="pill">${role}</span></li>`,
  )
  return html`<section><h2>Members</h2><ul class="plain">${items}</ul><p><a class="button slim" href="${membersPath(handle)}">Manage</a></p></section>`
}

function renderSpace(quota: QuotaAndUsage): Html {
  return html`<section><h2>Used</h2>${renderUsage(quota)}<p><a class="button slim" href="${quotaPath(quota.owner)}">Quota</a></p></section>`
}
