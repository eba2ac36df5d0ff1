/** What is known against versions: for who reads a library, and for who looks at all of them. */
import {
  type FormState,
  renderButton,
  renderField,
  renderMistake,
  renderSelect,
} from '#api/library/pages/form-fields'
import {
  attribute,
  type Html,
  type HtmlPart,
  html,
  isSafeAddress,
  join,
} from '#api/library/pages/html'
import { renderEmpty } from '#api/library/pages/layout'
import { renderLibraryHead } from '#api/library/pages/library-head'
import {
  type LibraryNames,
  libraryAdvisoriesPath,
  libraryPath,
  versionPath,
} from '#api/library/pages/paths'
import { visibleText, visibleWords } from '#api/library/pages/unseen'
import { countText, dateOf } from '#api/library/pages/words'
import { affects } from '#library/advisories'
import type { Advisory, LibraryWithVersions, VersionFacts } from '#library/model'
import { formatLibraryRef } from '#library/name'
import { parseVersion } from '#library/version'

export const severities: readonly Advisory['severity'][] = ['low', 'moderate', 'high', 'critical']

const looks: Readonly<Record<Advisory['severity'], string>> = {
  low: 'pill',
  moderate: 'pill mind',
  high: 'pill problem',
  critical: 'pill problem',
}
const versionsShownMax = 20
const advisoriesShownMax = 200

/** Above the readme of a version that one of them is about. */
export function renderAdvisoryNotice(
  version: VersionFacts,
  advisories: readonly Advisory[],
): HtmlPart {
  const number = parseVersion(version.version)
  const against = advisories.filter((advisory) => affects(advisory, number))
  if (against.length === 0) return undefined
  const items = against.map(
    (advisory) =>
      html`<li>${renderSeverity(advisory)} <a href="${libraryAdvisoriesPath(version, advisory.id)}">${visibleText(advisory.title)}</a>${advisory.patched !== undefined && html`. It is mended in <a href="${versionPath(version, advisory.patched)}">${advisory.patched}</a>.`}</li>`,
  )
  return html`<div class="notice problem"><p><strong>Something is known against version ${version.version}.</strong></p><ul>${items}</ul></div>`
}

function renderSeverity({ severity }: Advisory): Html {
  return html`<span class="${looks[severity]}">${severity}</span>`
}

export interface LibraryAdvisoriesPage {
  readonly library: LibraryWithVersions
  /** Newest first, withdrawn ones too. */
  readonly advisories: readonly Advisory[]
  readonly isManaged: boolean
  /** Of an administrator. */
  readonly form: FormState | undefined
}

export function renderLibraryAdvisoriesPage(page: LibraryAdvisoriesPage): Html {
  const { library, advisories, isManaged, form } = page
  const items = advisories.map((advisory) => renderAdvisory(advisory, page))
  return html`${renderLibraryHead(library, { tab: 'advisories', isManaged })}
    ${form !== undefined && renderMistake(form)}
    ${items.length === 0 ? renderEmpty('No advisories', 'Nothing is known against any version.') : items}
    ${form !== undefined && renderPublish(library, form)}`
}

function renderAdvisory(
  advisory: Advisory,
  { library, form }: Pick<LibraryAdvisoriesPage, 'library' | 'form'>,
): Html {
  const { id, title, range, patched, url, details, publishedAt, withdrawnAt } = advisory
  const affected = library.versionList.filter(
    ({ state, version }) => state !== 'deleted' && affects(advisory, parseVersion(version)),
  )
  const shown = affected
    .slice(0, versionsShownMax)
    .map(({ version }) => html`<a href="${versionPath(library, version)}">${version}</a>`)
  const more = affected.length - shown.length
  return html`<article class="sheet" id="${id}" aria-labelledby="${`${id}-title`}"><h2 id="${`${id}-title`}">${visibleText(title)} ${renderSeverity(advisory)}${withdrawnAt !== undefined && html` <span class="pill">withdrawn</span>`}</h2>
      <ul class="facts"><li>${id}</li><li>published ${dateOf(publishedAt)}</li>${withdrawnAt !== undefined && html`<li>withdrawn ${dateOf(withdrawnAt)}</li>`}</ul>
      ${details !== '' && html`<p class="written space" dir="auto">${visibleText(details)}</p>`}
      <dl class="list space"><dt>Versions</dt><dd><code>${visibleText(range)}</code></dd>
        ${withdrawnAt === undefined && html`<dt>Of these, here</dt><dd>${shown.length === 0 ? 'none' : join(shown, ', ')}${more > 0 && ` and ${more} more`}</dd>`}
        <dt>Mended in</dt><dd>${patched === undefined ? 'no version yet' : html`<a href="${versionPath(library, patched)}">${patched}</a>`}</dd>
        ${url !== undefined && html`<dt>More</dt><dd>${isSafeAddress(url) ? html`<a href="${url}" rel="nofollow noopener ugc">${visibleWords(url)}</a>` : visibleText(url)}</dd>`}</dl>
      ${form !== undefined && withdrawnAt === undefined && html`<div class="space">${renderButton({ action: `${libraryAdvisoriesPath(library)}/withdraw`, label: 'Withdraw', about: id, hidden: { id }, look: 'slim danger' })}</div>`}</article>`
}

function renderPublish(library: LibraryNames, form: FormState): Html {
  const chosen = form.values.get('severity') ?? 'moderate'
  const choices = severities.map((value) => ({ value, label: value, isChosen: value === chosen }))
  return html`<details class="space opener"${attribute('open', form.mistakes.size > 0)}><summary>Publish an advisory</summary><section class="sheet" aria-label="New advisory"><form class="fields" method="post" action="${libraryAdvisoriesPath(library)}">
      ${renderField({ name: 'title', label: 'What is wrong, in a few words' }, form)}
      ${renderField({ name: 'range', label: 'In which versions', placeholder: '>=1.0.0 <2.1.0', hint: 'A range, as a manifest has it.' }, form)}
      ${renderField({ name: 'patched', label: 'Mended in', isRequired: false, placeholder: '2.1.0' }, form)}
      ${renderSelect({ name: 'severity', label: 'How bad it is' }, choices)}
      ${renderField({ name: 'details', label: 'What happens, and what to do', isRequired: false, rows: 6 }, form)}
      ${renderField({ name: 'url', label: 'Where more is said', isRequired: false, placeholder: 'https://' }, form)}
      <p class="quiet small">It is shown to everybody who may read the library, and told by <code>mdlibs audit</code>.</p>
      <div><button class="primary" type="submit">Publish</button></div></form></section></details>`
}

/** Of all libraries that whoever asks may read. */
export function renderAdvisoriesPage(advisories: readonly Advisory[]): Html {
  const items = advisories.slice(0, advisoriesShownMax).map(
    (
      advisory,
    ) => html`<li><h2><a href="${libraryAdvisoriesPath(advisory, advisory.id)}">${visibleWords(advisory.title)}</a> ${renderSeverity(advisory)}${advisory.withdrawnAt !== undefined && html` <span class="pill">withdrawn</span>`}</h2>
        <ul class="facts"><li><a href="${libraryPath(advisory)}">${formatLibraryRef(advisory)}</a> <code>${visibleText(advisory.range)}</code></li><li>${advisory.patched === undefined ? 'not mended yet' : `mended in ${advisory.patched}`}</li><li>${dateOf(advisory.publishedAt)}</li><li>${advisory.id}</li></ul></li>`,
  )
  const more = advisories.length - items.length
  return html`<h1>Advisories</h1><p class="quiet">What is known against versions of libraries. <code>mdlibs audit</code> looks for those that you have installed.</p>
    ${items.length === 0 ? renderEmpty('No advisories', 'Nothing is known against any library that you may read.') : html`<ul class="results">${items}</ul>`}
    ${more > 0 && html`<p class="quiet space">And ${countText(more, 'older one')}.</p>`}`
}
