/** A library as people meet it: what it says of itself, how it is installed, and why it may be trusted. */
import { renderAdvisoryNotice } from '#api/library/pages/advisories-page'
import { type DownloadsOfDay, renderDownloadsChart } from '#api/library/pages/downloads-chart'
import { type Html, type HtmlPart, html, isSafeAddress } from '#api/library/pages/html'
import { renderEmpty } from '#api/library/pages/layout'
import { renderLibraryHead } from '#api/library/pages/library-head'
import type { Heading, RenderedMarkdown } from '#api/library/pages/markdown'
import {
  archivePath,
  filePath,
  type LibraryNames,
  libraryAdvisoriesPath,
  libraryApiPath,
  libraryPath,
  scopePath,
  searchPath,
  versionPath,
  withQuery,
} from '#api/library/pages/paths'
import { visibleText, visibleWords } from '#api/library/pages/unseen'
import { countText, dateOf, momentOf, numberText, whoSees } from '#api/library/pages/words'
import type { FrontValue } from '#library/front-matter'
import type { Advisory, Finding, LibraryFacts, VersionFacts } from '#library/model'
import { sizeText } from '#web/size-text'

export interface LibraryPage {
  readonly library: LibraryFacts
  /** None while nothing is live. */
  readonly version: VersionFacts | undefined
  readonly readme: RenderedReadme
  readonly downloads: readonly DownloadsOfDay[]
  readonly isManaged: boolean
  /** What is known against the library, withdrawn ones left out. */
  readonly advisories: readonly Advisory[]
  /** What whoever asks may do with this version. */
  readonly forms?: HtmlPart
}

export type RenderedReadme =
  | { readonly kind: 'rendered'; readonly path: string; readonly markdown: RenderedMarkdown }
  | { readonly kind: 'too-long'; readonly path: string }
  | { readonly kind: 'none' }

export function renderLibraryPage(page: LibraryPage): Html {
  const { library, version, readme, isManaged } = page
  return html`${renderLibraryHead(library, { tab: 'readme', version, isManaged })}
    <p class="narrow-only small"><a href="#about">Install it, contents, licence and trust</a></p>
    <div class="beside">
      <div>${version !== undefined && renderAdvisoryNotice(version, page.advisories)}${renderReadme(readme, page)}${version !== undefined && renderFindings(version)}</div>
      <aside id="about" aria-label="About this library">
        ${version !== undefined && renderInstall(library, version)}
        ${readme.kind === 'rendered' && renderContents(readme.markdown.headings)}
        ${renderFacts(library, version)}
        ${renderDownloads(library, page.downloads)}
        ${version !== undefined && renderTrust(library, version)}
        ${page.advisories.length > 0 && html`<section><h2>Advisories</h2><p><a href="${libraryAdvisoriesPath(library)}">${countText(page.advisories.length, 'advisory', 'advisories')}</a></p></section>`}
        ${library.visibility === 'public' && renderBadge(library)}
        ${page.forms}
      </aside>
    </div>`
}

function renderReadme(readme: RenderedReadme, { library, version }: LibraryPage): HtmlPart {
  if (version === undefined)
    return renderEmpty(
      'No version is live',
      'The next one that is published, or approved, is shown here.',
    )
  switch (readme.kind) {
    case 'rendered':
      return html`<article class="sheet prose" dir="auto" aria-label="${readme.path}">${renderFields(readme.markdown.fields)}${readme.markdown.body}</article>`
    case 'too-long':
      return renderEmpty(
        'The readme is too long to be shown as a page',
        html`<a href="${filePath(library, version.version, readme.path)}">Read ${readme.path} as text</a>`,
      )
    case 'none':
      return renderEmpty(
        'This version has no readme',
        html`<a href="${filePath(library, version.version)}">Look at its files</a>`,
      )
  }
}

/** What a file says of itself before its text begins. */
export function renderFields(fields: ReadonlyMap<string, FrontValue>): HtmlPart {
  if (fields.size === 0) return undefined
  const rows = [...fields].map(
    ([name, value]) => html`<dt>${visibleText(name)}</dt><dd>${renderValue(value)}</dd>`,
  )
  return html`<details class="front" open><summary>Metadata of this file</summary><dl class="list">${rows}</dl></details>`
}

function renderValue(value: FrontValue): HtmlPart {
  if (typeof value === 'string') return visibleText(value)
  const lines = Array.isArray(value)
    ? value
    : Object.entries(value).map(([name, text]) => `${name}: ${text}`)
  return lines.map((line) => html`<div>${visibleText(String(line))}</div>`)
}

/** Names of headings, three levels of them; a document of one heading needs no table. */
export function renderContents(headings: readonly Heading[]): HtmlPart {
  const top = Math.min(...headings.map(({ level }) => level))
  const shown = headings.filter(({ level, text }) => level - top < 3 && text !== '')
  if (shown.length < 3) return undefined
  const items = shown.map(
    ({ id, level, text }) =>
      html`<li class="${`in-${level - top}`}"><a href="${`#${encodeURIComponent(id)}`}">${text}</a></li>`,
  )
  return html`<section><details class="toc" open><summary><strong>Contents</strong></summary><nav aria-label="Contents"><ul>${items}</ul></nav></details></section>`
}

export function installLine({ scope, name, latest }: LibraryFacts, version: string): string {
  const whole = `@${scope}/${name}`
  return `mdlibs install ${version === latest ? whole : `${whole}@${version}`}`
}

function renderInstall(library: LibraryFacts, version: VersionFacts): HtmlPart {
  if (version.state !== 'live') return undefined
  return html`<section><h2>Install</h2>
      <div class="copy"><code tabindex="0">${installLine(library, version.version)}</code></div>
      <p class="small quiet"><a href="${archivePath(library, version.version)}">Archive</a>, ${sizeText(version.bytes)}</p></section>`
}

function renderFacts(library: LibraryFacts, version: VersionFacts | undefined): Html {
  const facts: (readonly [name: string, value: HtmlPart])[] = [
    ['Licence', library.license === undefined ? 'none is named' : renderLicence(library.license)],
    [
      'Visibility',
      html`${library.visibility} <span class="unseen-words">${whoSees[library.visibility]}</span>`,
    ],
  ]
  if (library.authors.length > 0)
    facts.push([
      'Authors',
      library.authors.map((author) => html`<div><bdi>${visibleText(author)}</bdi></div>`),
    ])
  if (library.owner !== library.scope)
    facts.push(['Owner', html`<a href="${scopePath(library.owner)}">@${library.owner}</a>`])
  if (library.homepage !== undefined) facts.push(['Homepage', renderFarLink(library.homepage)])
  if (library.repository !== undefined)
    facts.push(['Repository', renderFarLink(library.repository)])
  if (version !== undefined)
    facts.push(
      [
        'Published',
        html`${dateOf(version.publishedAt)} by <a href="${scopePath(version.publishedBy)}">@${version.publishedBy}</a>`,
      ],
      ['Size', `${countText(version.files, 'file')}, ${sizeText(version.unpackedBytes)}`],
    )
  const rows = facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)
  const dependencies = version === undefined ? [] : dependenciesOf(version)
  return html`<section><h2>About</h2><dl class="list">${rows}</dl></section>
    ${library.tags.length > 0 && html`<section><h2>Tags</h2>${renderTags(library.tags)}</section>`}
    ${dependencies.length > 0 && html`<section><h2>Dependencies</h2><ul class="plain">${dependencies}</ul></section>`}
    ${renderDistTags(library)}`
}

function renderLicence(license: string): Html {
  return html`<a href="${withQuery(searchPath, { license })}">${visibleWords(license)}</a>`
}

export function renderTags(tags: readonly string[]): Html {
  const items = tags.map(
    (tag) => html`<li><a href="${withQuery(searchPath, { tag })}">${visibleWords(tag)}</a></li>`,
  )
  return html`<ul class="tags">${items}</ul>`
}

/** As its publisher wrote it: only to servers. */
function renderFarLink(address: string): HtmlPart {
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol) || !isSafeAddress(url.href))
    return visibleText(address)
  return html`<a href="${url.href}" rel="nofollow noopener ugc">${visibleWords(url.host + url.pathname.replace(/\/$/, ''))}</a>`
}

function dependenciesOf({ manifest }: VersionFacts): readonly HtmlPart[] {
  return [...manifest.dependencies].map(([whole, range]) => {
    const [, scope, name] = /^@([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(whole) ?? []
    const named =
      scope === undefined || name === undefined
        ? visibleText(whole)
        : html`<a href="${libraryPath({ scope, name })}">${whole}</a>`
    return html`<li>${named} <code>${visibleText(range.text)}</code></li>`
  })
}

function renderDistTags(library: LibraryFacts): HtmlPart {
  const tags = Object.entries(library.distTags).filter(([tag]) => tag !== 'latest')
  if (tags.length === 0) return undefined
  const rows = tags.map(
    ([tag, version]) =>
      html`<dt><code>${tag}</code></dt><dd><a href="${versionPath(library, version)}">${version}</a></dd>`,
  )
  return html`<section><h2>Channels</h2><dl class="list">${rows}</dl></section>`
}

function renderDownloads(library: LibraryFacts, days: readonly DownloadsOfDay[]): Html {
  return html`<section><h2>Downloads</h2>${renderDownloadsChart(days)}<p class="small quiet">${numberText(library.downloads)} of all versions, ever.</p></section>`
}

function renderTrust(library: LibraryNames, version: VersionFacts): Html {
  const { digest, signature, hasProvenance } = version
  const of = `${libraryApiPath(library)}/${encodeURIComponent(version.version)}`
  const via = { login: 'by hand', api: 'with a token', ci: 'by a trusted publisher' } as const
  return html`<section><h2>Trust</h2><ul class="plain small">
      <li>${signature === undefined ? html`<span class="pill mind">not signed</span>` : html`<span class="pill good">signed</span> by the registry with key <code>${visibleText(signature.keyId)}</code> (<a href="${`${of}/signature`}">signature</a>)`}</li>
      <li>${hasProvenance ? html`<span class="pill good">provenance</span> <a href="${`${of}/provenance`}">how it was built</a>` : html`<span class="pill">no provenance</span> its publisher does not say how it was built`}</li>
      <li>Published ${via[version.publishedVia]}, ${momentOf(version.publishedAt)}</li>
      <li>${renderScanLine(version)}</li>
      <li>SHA-256 <code>${digest}</code></li>
    </ul></section>`
}

function renderScanLine({ findings }: VersionFacts): HtmlPart {
  if (findings.length === 0)
    return html`<span class="pill good">scanned</span> nothing suspicious was found`
  return html`<span class="pill mind">scanned</span> <a href="#findings">${countText(findings.length, 'finding')}</a>`
}

function renderBadge(library: LibraryNames): Html {
  const badge = `${libraryApiPath(library)}/badge.svg`
  const text = `[![@${library.scope}/${library.name}](${badge})](${libraryPath(library)})`
  return html`<section><h2>Badge</h2><p><img src="${badge}" alt="Badge with the name and the latest version" height="20"></p><details class="small"><summary>As Markdown</summary><div class="copy"><code tabindex="0">${text}</code></div></details></section>`
}

const severities: Readonly<Record<Finding['severity'], string>> = {
  info: 'pill',
  low: 'pill mind',
  medium: 'pill mind',
  high: 'pill problem',
  critical: 'pill problem',
}
const findingsMax = 200

/** What the scanner has seen. */
export function renderFindings(version: VersionFacts): HtmlPart {
  if (version.findings.length === 0) return undefined
  return html`<section class="sheet" id="findings" aria-labelledby="findings-title"><h2 id="findings-title">What the scan found</h2>
      <p class="quiet">Markdown is read by people, and by programs that obey it. These places deserve a look before you install ${version.version}.</p>
      ${renderFindingRows(version)}</section>`
}

/** With a way to each line. */
export function renderFindingRows(version: VersionFacts): HtmlPart {
  const { findings } = version
  const rows = findings.slice(0, findingsMax).map(({ rule, severity, path, line, excerpt }) => {
    const address = `${filePath(version, version.version, path)}?plain=1#L${line}`
    return html`<tr><td><span class="${severities[severity]}">${severity}</span></td><td><code>${rule}</code></td><th scope="row"><a href="${address}">${visibleWords(`${path}:${line}`)}</a></th><td class="mono">${visibleText(excerpt)}</td></tr>`
  })
  const more = findings.length - findingsMax
  return html`<div class="table" tabindex="0"><table><thead><tr><th scope="col">Severity</th><th scope="col">Rule</th><th scope="col">Where</th><th scope="col">What</th></tr></thead><tbody>${rows}</tbody></table></div>
      ${more > 0 && html`<p class="quiet">And ${countText(more, 'more finding', 'more findings')}.</p>`}`
}
