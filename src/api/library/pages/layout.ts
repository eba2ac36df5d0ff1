/** What all pages have in common: the head, the way around by keyboard and screen reader, and who is signed in. */
import { attribute, type Html, type HtmlPart, html } from '#api/library/pages/html'
import {
  accountPath,
  advisoriesPath,
  homePath,
  moderationPath,
  registerPath,
  scopePath,
  searchPath,
  signInPath,
  signOutPath,
} from '#api/library/pages/paths'
import { visibleWords } from '#api/library/pages/unseen'
import type { Actor } from '#identity/actor'

/** Addresses of what a page loads. What lies there never changes. */
export interface PageAssets {
  readonly style: string
  readonly script: string
  readonly icon: string
}

/** Whom a page is for. */
export interface Reader {
  readonly actor: Actor
  /** Whether people may sign up, or only with an invitation. */
  readonly registration: 'open' | 'invite' | 'closed'
  readonly assets: PageAssets
}

export interface PageView {
  readonly title: string
  readonly main: HtmlPart
  /** What stands in the search field. */
  readonly sought?: string
  /** The home page has a search field of its own. */
  readonly hasOwnSearch?: boolean
  /** What was done by the form that led here. */
  readonly done?: string | undefined
  /** Goes on by itself to there. */
  readonly next?: string
}

export function renderPage(view: PageView, reader: Reader): string {
  const { assets } = reader
  const next =
    view.next === undefined
      ? undefined
      : html`
    <meta http-equiv="refresh" content="${`0; url=${view.next}`}">`
  return String(html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${visibleWords(view.title)} · Mycelium libraries</title>
    <link rel="icon" href="${assets.icon}" type="image/svg+xml">
    <link rel="stylesheet" href="${assets.style}">
    <script type="module" src="${assets.script}"></script>${next}
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    ${renderTop(view, reader)}
    <main class="page" id="main" tabindex="-1">
      ${view.done === undefined ? undefined : html`<div class="notice done" role="status"><p>${view.done}</p></div>`}
      ${view.main}
    </main>
    ${foot}
  </body>
</html>
`)
}

function renderTop({ sought, hasOwnSearch = false }: PageView, reader: Reader): Html {
  return html`<header class="top">
      <div class="bar">
        <a class="brand" href="/"><img src="${reader.assets.icon}" alt="" width="26" height="26"> <span>Mycelium libraries</span></a>
        ${hasOwnSearch ? undefined : html`<div class="bar-search">${renderSearch({ id: 'search', sought })}</div>`}
        <nav class="account" aria-label="Account">${renderAccount(reader)}</nav>
      </div>
    </header>`
}

export function renderSearch({
  id,
  sought = '',
}: {
  readonly id: string
  readonly sought?: string | undefined
}): Html {
  return html`<form class="search" role="search" action="${searchPath}" method="get">
          <label class="unseen-words" for="${id}">Search libraries</label>
          <input id="${id}" type="search" name="q" value="${sought}" placeholder="Search libraries" autocomplete="off">
          <button type="submit">Search</button>
        </form>`
}

function renderAccount({ actor, registration }: Reader): HtmlPart {
  if (actor.kind === 'anonymous') {
    const register = registration === 'open' && html`<a href="${registerPath}">Register</a>`
    return [register, html`<a class="button slim" href="${signInPath}">Sign in</a>`]
  }
  return html`${actor.isAdmin && html`<a href="${moderationPath}">Moderation</a>`}
          <a href="${scopePath(actor.handle)}">@${actor.handle}</a>
          <a href="${accountPath}">Account</a>
          <form method="post" action="${signOutPath}"><button class="link" type="submit">Sign out</button></form>`
}

const foot = html`<footer class="foot">
      <div>
        <a href="${homePath}">Home</a>
        <a href="${advisoriesPath}">Advisories</a>
        <a href="${'/api/v1/openapi.json'}">API</a>
        <span>Install with <code>mdlibs</code>: versions never change, and every archive is checked by its digest.</span>
      </div>
    </footer>`

/** A link that knows whether its page is the one that is shown. */
export function renderTabs(
  label: string,
  tabs: readonly { readonly name: HtmlPart; readonly path: string; readonly isHere: boolean }[],
): Html {
  const items = tabs.map(
    ({ name, path, isHere }) =>
      html`<li><a href="${path}"${attribute('aria-current', isHere && 'page')}>${name}</a></li>`,
  )
  return html`<nav aria-label="${label}"><ul class="tabs">${items}</ul></nav>`
}

export function renderPager({
  label,
  before,
  after,
  position,
}: {
  readonly label: string
  readonly before: string | undefined
  readonly after: string | undefined
  readonly position: string
}): HtmlPart {
  if (before === undefined && after === undefined) return undefined
  return html`<nav class="pages" aria-label="${label}">
      ${before === undefined ? html`<span></span>` : html`<a class="button" rel="prev" href="${before}">← Before</a>`}
      <span class="quiet">${position}</span>
      ${after === undefined ? html`<span></span>` : html`<a class="button" rel="next" href="${after}">After →</a>`}
    </nav>`
}

export function renderEmpty(title: string, advice: HtmlPart): Html {
  return html`<div class="empty"><p><strong>${title}</strong></p><p>${advice}</p></div>`
}
