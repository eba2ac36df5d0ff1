/** What stands above every page of a library. */
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { renderTabs } from '#api/library/pages/layout'
import {
  comparePath,
  filePath,
  insidePath,
  libraryAdvisoriesPath,
  libraryPath,
  scopePath,
  versionPath,
} from '#api/library/pages/paths'
import { visibleText } from '#api/library/pages/unseen'
import { countText } from '#api/library/pages/words'
import type { LibraryFacts, VersionFacts } from '#library/model'

export type LibraryTab =
  | 'readme'
  | 'files'
  | 'versions'
  | 'compare'
  | 'search'
  | 'advisories'
  | 'settings'

export function renderLibraryHead(
  library: LibraryFacts,
  {
    tab,
    version,
    isManaged = false,
  }: {
    readonly tab: LibraryTab
    /** The version that is shown, if it is one. */
    readonly version?: VersionFacts | undefined
    readonly isManaged?: boolean
  },
): Html {
  const { scope, name } = library
  const shown = version?.version ?? library.latest
  const isLatest = shown !== undefined && shown === library.latest
  const readme =
    isLatest || shown === undefined ? libraryPath(library) : versionPath(library, shown)
  const tabs = [
    { name: 'Readme', path: readme, isHere: tab === 'readme' },
    ...(shown === undefined
      ? []
      : [{ name: 'Files', path: filePath(library, shown), isHere: tab === 'files' }]),
    {
      name: html`Versions <span class="pill">${library.versions}</span>`,
      path: `${libraryPath(library)}/versions`,
      isHere: tab === 'versions',
    },
    { name: 'Compare', path: comparePath(library), isHere: tab === 'compare' },
    { name: 'Search inside', path: insidePath(library), isHere: tab === 'search' },
    ...(tab === 'advisories'
      ? [{ name: 'Advisories', path: libraryAdvisoriesPath(library), isHere: true }]
      : []),
    ...(isManaged
      ? [{ name: 'Settings', path: `${libraryPath(library)}/settings`, isHere: tab === 'settings' }]
      : []),
  ]
  return html`<div class="head">
      <h1><a class="title scope" href="${scopePath(scope)}">@${scope}</a>/<a class="title" href="${libraryPath(library)}">${name}</a></h1>
      ${library.description !== '' && html`<p class="lead" dir="auto">${visibleText(library.description)}</p>`}
      <p class="pills">${renderPills(library, version)}</p>
    </div>
    ${renderMarks(library, version)}
    ${renderTabs('This library', tabs)}`
}

function renderPills(library: LibraryFacts, version: VersionFacts | undefined): HtmlPart {
  const shown = version?.version ?? library.latest
  return [
    shown !== undefined &&
      html`<span class="pill good">${shown}${shown === library.latest ? ' latest' : ''}</span> `,
    library.visibility !== 'public' && html`<span class="pill mind">${library.visibility}</span> `,
    library.archivedAt !== undefined && html`<span class="pill mind">archived</span> `,
    library.deprecated !== undefined && html`<span class="pill problem">deprecated</span> `,
    version !== undefined && renderStates(version),
  ]
}

/** What is not as it usually is with a version. */
export function renderStates(version: VersionFacts): HtmlPart {
  return [
    version.state === 'staged' && html`<span class="pill mind">staged</span> `,
    version.state === 'quarantined' && html`<span class="pill problem">quarantined</span> `,
    version.state === 'blocked' && html`<span class="pill problem">blocked</span> `,
    version.state === 'deleted' && html`<span class="pill">deleted</span> `,
    version.yanked !== undefined && html`<span class="pill problem">yanked</span> `,
    version.deprecated !== undefined && html`<span class="pill mind">deprecated</span> `,
    version.damagedAt !== undefined && html`<span class="pill problem">damaged</span> `,
  ]
}

/** Whoever reads must know before they install. */
function renderMarks(library: LibraryFacts, version: VersionFacts | undefined): HtmlPart {
  return [
    library.deprecated !== undefined &&
      html`<div class="notice mind"><p><strong>This library is deprecated.</strong> ${visibleText(library.deprecated)}</p></div>`,
    library.archivedAt !== undefined &&
      html`<div class="notice mind"><p><strong>This library is archived.</strong> Nothing is published any more; what there is stays.</p></div>`,
    version?.yanked !== undefined &&
      html`<div class="notice problem"><p><strong>Version ${version.version} was yanked</strong> by @${version.yanked.by}: ${visibleText(version.yanked.reason)}</p><p>New installs choose another version. Lock files that name this one still get it.</p></div>`,
    version?.deprecated !== undefined &&
      html`<div class="notice mind"><p><strong>Version ${version.version} is deprecated.</strong> ${visibleText(version.deprecated)}</p></div>`,
    version?.state === 'staged' &&
      html`<div class="notice mind"><p><strong>This version is staged.</strong> It cannot be installed until somebody who manages the library approves it.</p></div>`,
    version?.state === 'quarantined' &&
      html`<div class="notice problem"><p><strong>This version is quarantined.</strong> The scan found ${countText(version.findings.length, 'thing')} that somebody must look at first.</p></div>`,
    version?.state === 'blocked' &&
      html`<div class="notice problem"><p><strong>This version was refused.</strong> It cannot be installed.</p></div>`,
    version?.damagedAt !== undefined &&
      html`<div class="notice problem"><p><strong>The archive of this version is damaged.</strong> Clients refuse it, as its digest differs.</p></div>`,
  ]
}
