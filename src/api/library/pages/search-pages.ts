/** The way in: the home page, and what a search has found, with the reasons. */
import { attribute, type Html, type HtmlPart, html } from '#api/library/pages/html'
import { marked } from '#api/library/pages/inside-page'
import { renderEmpty, renderPager, renderSearch } from '#api/library/pages/layout'
import { renderTags } from '#api/library/pages/library-page'
import { libraryPath, scopePath, searchPath, withQuery } from '#api/library/pages/paths'
import { visibleWords } from '#api/library/pages/unseen'
import { countText, dateOf, shortNumber } from '#api/library/pages/words'
import type {
  Explanation,
  FindSort,
  Found,
  Hit,
  LibraryFacts,
  LibraryStatistics,
  SearchField,
} from '#library/model'

export interface HomePage {
  readonly statistics: Pick<LibraryStatistics, 'libraries' | 'versions' | 'tags'>
  readonly newest: readonly LibraryFacts[]
  readonly used: readonly LibraryFacts[]
  readonly isSignedIn: boolean
}

export function renderHomePage({ statistics, newest, used, isSignedIn }: HomePage): Html {
  const { libraries, versions, tags } = statistics
  return html`<div class="welcome">
      <h1>Markdown, versioned</h1>
      <p class="lead">Documents, templates, prompts and skills that teams publish, find, install with a lock file, and can trust.</p>
      ${renderSearch({ id: 'search' })}
      ${libraries > 0 && html`<ul class="numbers"><li><strong>${shortNumber(libraries)}</strong> ${libraries === 1 ? 'library' : 'libraries'}</li><li><strong>${shortNumber(versions)}</strong> ${versions === 1 ? 'version' : 'versions'}</li></ul>`}
    </div>
    ${
      libraries === 0
        ? renderFirstSteps(isSignedIn)
        : html`<div class="columns">
      <section class="sheet" aria-labelledby="newest"><h2 id="newest">Lately updated</h2>${renderShortList(newest)}</section>
      ${used.length > 0 && html`<section class="sheet" aria-labelledby="used"><h2 id="used">Most installed</h2>${renderShortList(used)}</section>`}
    </div>
    ${tags.length > 0 && html`<section class="sheet" aria-labelledby="tags"><h2 id="tags">Tags</h2>${renderTags(tags.slice(0, 30).map(({ tag }) => tag))}</section>`}`
    }`
}

export const howToPublish = html`In a folder with Markdown: <code>mdlibs init</code>, <code>mdlibs login</code>, <code>mdlibs publish</code>.`

function renderFirstSteps(isSignedIn: boolean): Html {
  return renderEmpty(
    isSignedIn ? 'There is nothing here yet' : 'There is nothing here that everybody may read',
    howToPublish,
  )
}

function renderShortList(libraries: readonly LibraryFacts[]): HtmlPart {
  const items = libraries.map(
    (library) =>
      html`<li>${renderName(library)}${library.description !== '' && html`<div class="small quiet" dir="auto">${visibleWords(library.description)}</div>`}<ul class="facts"><li>${library.latest ?? 'no release'}</li><li>${countText(library.downloads, 'download')}</li><li>${dateOf(library.updatedAt)}</li></ul></li>`,
  )
  return html`<ul class="plain">${items}</ul>`
}

function renderName({ scope, name }: LibraryFacts): Html {
  return html`<a href="${libraryPath({ scope, name })}"><bdi>@${scope}/<strong>${name}</strong></bdi></a>`
}

/** What was asked for, as it stands in the address. */
export interface Sought {
  readonly q: string
  readonly tag: string
  readonly scope: string
  readonly license: string
  readonly updated: string
  readonly sort: string
}

export interface SearchPage {
  readonly sought: Sought
  readonly found: Found
  /** By a word that the search does not understand. */
  readonly complaint?: string
}

export function renderSearchPage({ sought, found, complaint }: SearchPage): Html {
  const { q, tag, scope, license } = sought
  const isAny = q !== '' || tag !== '' || scope !== '' || license !== ''
  return html`<h1>${q === '' ? 'Libraries' : html`Libraries for “${visibleWords(q)}”`}</h1>
    ${complaint !== undefined && html`<div class="notice problem" role="alert"><p>${complaint}</p></div>`}
    <div class="found">
      <div>
        <p class="quiet" role="status">${found.isMore && 'More than '}${countText(found.total, 'library', 'libraries')}${renderNarrowing(sought)}${found.corrected !== undefined && html`. Nothing has “${visibleWords(q)}”; these have “${visibleWords(found.corrected)}”.`}</p>
        ${found.libraries.length === 0 ? renderEmpty('Nothing found', isAny ? html`Fewer words find more. <a href="${searchPath}">All libraries</a>` : 'Nothing is published yet.') : html`<ul class="results">${found.libraries.map((hit) => renderHit(hit, found.corrected ?? q))}</ul>`}
        ${renderPages(sought, found)}
      </div>
      ${renderFilters(sought)}
    </div>`
}

function renderNarrowing(sought: Sought): HtmlPart {
  const { tag, scope, license } = sought
  const without = (name: keyof Sought): string => withQuery(searchPath, { ...sought, [name]: '' })
  const narrowed = [
    ...(tag === ''
      ? []
      : [html` tagged ${visibleWords(tag)} (<a href="${without('tag')}">any tag</a>)`]),
    ...(scope === ''
      ? []
      : [html` of @${visibleWords(scope)} (<a href="${without('scope')}">of anybody</a>)`]),
    ...(license === ''
      ? []
      : [html` under ${visibleWords(license)} (<a href="${without('license')}">any licence</a>)`]),
  ]
  return narrowed
}

function renderHit(hit: Hit, q: string): Html {
  const { scope, name, description, tags, latest, license, downloads, updatedAt, why } = hit
  return html`<li><h2><a href="${libraryPath({ scope, name })}">@${scope}/${name}</a> ${latest !== undefined && html`<span class="pill">${latest}</span>`} ${hit.visibility !== 'public' && html`<span class="pill mind">${hit.visibility}</span>`} ${hit.deprecated !== undefined && html`<span class="pill problem">deprecated</span>`}</h2>
      ${description !== '' && html`<p dir="auto">${marked(description, q)}</p>`}
      ${tags.length > 0 && renderTags(tags)}
      <ul class="facts"><li>${license ?? 'no licence'}</li><li>${countText(downloads, 'download')}</li><li>updated ${dateOf(updatedAt)}</li><li><a href="${scopePath(scope)}">by @${scope}</a></li></ul>
      ${why !== undefined && html`<p class="why">${explain(why)}</p>`}</li>`
}

const fields: Readonly<Record<SearchField, string>> = {
  name: 'name',
  tags: 'tags',
  description: 'description',
  headings: 'headings',
  bodies: 'text',
}

/** Why it was found, and why it stands where it stands. */
function explain({ field, isName, words }: Explanation): HtmlPart {
  if (isName) return 'This is its name.'
  const found = words.map(({ word, match, found, fields: where }, at) => {
    const how = { whole: '', beginning: ' begins a word', near: ' is nearly a word' }[match]
    const instead = found !== undefined && found !== word && html` (${visibleWords(found)})`
    return html`${at > 0 && '; '}<strong>${visibleWords(word)}</strong>${how}${instead} in its ${listText(where.map((one) => fields[one]))}`
  })
  return html`${found}. Ranked by its ${fields[field]}.`
}

function listText(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

const sorts: readonly (readonly [value: FindSort | '', label: string])[] = [
  ['', 'what suits best'],
  ['name', 'name'],
  ['downloads', 'downloads'],
  ['updated_at', 'last update'],
]
const ages: readonly (readonly [value: string, label: string])[] = [
  ['', 'at any time'],
  ['7', 'in the last week'],
  ['30', 'in the last month'],
  ['365', 'in the last year'],
]

function renderFilters(sought: Sought): Html {
  const select = (name: keyof Sought, label: string, choices: typeof ages): Html => {
    const options = choices.map(
      ([value, text]) =>
        html`<option value="${value}"${attribute('selected', sought[name] === value)}>${text}</option>`,
    )
    return html`<div class="field"><label for="${`by-${name}`}">${label}</label><select id="${`by-${name}`}" name="${name}">${options}</select></div>`
  }
  const text = (name: keyof Sought, label: string): Html =>
    html`<div class="field"><label for="${`by-${name}`}">${label}</label><input id="${`by-${name}`}" name="${name}" value="${sought[name]}" autocomplete="off"></div>`
  return html`<aside aria-label="Narrow the search"><form class="sheet fields" action="${searchPath}" method="get">
        <h2>Narrow</h2>
        ${text('q', 'Words')}
        ${text('tag', 'Tag')}
        ${text('scope', 'Published by')}
        ${text('license', 'Licence')}
        ${select('updated', 'Updated', ages)}
        ${select('sort', 'Order by', sorts)}
        <button type="submit">Apply</button>
      </form></aside>`
}

function renderPages(sought: Sought, { page, perPage, total }: Found): HtmlPart {
  const pages = Math.max(1, Math.ceil(total / perPage))
  const at = (number: number): string | undefined =>
    number < 1 || number > pages
      ? undefined
      : withQuery(searchPath, { ...sought, page: number === 1 ? undefined : number })
  return renderPager({
    label: 'Pages of results',
    before: at(page - 1),
    after: at(page + 1),
    position: `Page ${page} of ${pages}`,
  })
}
