/** Pages that show libraries. */
import { renderComparePage } from '#api/library/pages/compare-page'
import { type FileContent, renderFilePage, renderFolderPage } from '#api/library/pages/files-pages'
import { renderInsidePage } from '#api/library/pages/inside-page'
import { managerOf } from '#api/library/pages/library-manager'
import { type RenderedReadme, renderLibraryPage } from '#api/library/pages/library-page'
import { renderVersionForms } from '#api/library/pages/manage-pages'
import { renderModerationPage } from '#api/library/pages/moderation-page'
import { libraryOfPath, versionOfPath } from '#api/library/pages/named-library'
import { libraryPath, versionPath } from '#api/library/pages/paths'
import { answerRaw, isPicture } from '#api/library/pages/raw-file'
import { readBeginning, textOf } from '#api/library/pages/read-content'
import { RenderedFiles } from '#api/library/pages/readmes'
import {
  answerPage,
  type PageCall,
  type PageRoute,
  pageNumber,
  requireUser,
  seeOther,
} from '#api/library/pages/route'
import { renderScopePage } from '#api/library/pages/scope-page'
import {
  renderHomePage,
  renderSearchPage,
  type SearchPage,
  type Sought,
} from '#api/library/pages/search-pages'
import { renderVersionsPage } from '#api/library/pages/versions-page'
import { isFault } from '#fault/fault'
import type { HttpResponse } from '#http/message'
import { libraryFault } from '#library/faults'
import { isMarkdown } from '#library/file-kind'
import type { FindQuery, FindSort, LibraryRef, VersionFacts } from '#library/model'
import { maySpeakFor } from '#library/rights'

const shortListMax = 6
const perPage = 20
const chartDays = 90
const innerHitsMax = 100
/** Of a text that is shown line by line. */
const sourceBytesMax = 512 * 1024
const dayMs = 24 * 3_600_000

const rendered = new RenderedFiles()

const home: PageRoute = {
  method: 'GET',
  path: '/',
  operation: 'HomePage',
  budget: 'metadata',
  async run(call) {
    const { libraries } = call.parts
    const [statistics, newest, used] = await Promise.all([
      libraries.statistics(call.actor),
      libraries.find(call.actor, { sort: 'updated_at', perPage: shortListMax }),
      libraries.find(call.actor, { sort: 'downloads', perPage: shortListMax }),
    ])
    const main = renderHomePage({
      statistics,
      newest: newest.libraries,
      used: used.libraries.filter(({ downloads }) => downloads > 0),
      isSignedIn: call.actor.kind === 'user',
    })
    return answerPage(call, { title: 'Home', main, hasOwnSearch: true })
  },
}

const search: PageRoute = {
  method: 'GET',
  path: '/search',
  operation: 'SearchPage',
  budget: 'search',
  async run(call) {
    const sought = soughtOf(call)
    const page = await find(call, sought)
    const main = renderSearchPage(page)
    const title = sought.q === '' ? 'Libraries' : `Libraries for “${sought.q}”`
    return answerPage(call, { title, main, sought: sought.q })
  },
}

function soughtOf({ query }: PageCall): Sought {
  const text = (name: string): string => (query.get(name) ?? '').trim()
  return {
    q: text('q'),
    tag: text('tag'),
    scope: text('scope').replace(/^@/, ''),
    license: text('license'),
    updated: text('updated'),
    sort: text('sort'),
  }
}

const sorts: readonly string[] = [
  'relevance',
  'name',
  'downloads',
  'updated_at',
] satisfies FindSort[]

async function find(call: PageCall, sought: Sought): Promise<SearchPage> {
  const { libraries, world } = call.parts
  const { q, tag, scope, license, updated, sort } = sought
  const days = /^\d{1,4}$/.test(updated) ? Number(updated) : undefined
  const query: FindQuery = {
    ...(q === '' ? {} : { text: q }),
    ...(tag === '' ? {} : { tag: tag.toLowerCase() }),
    ...(scope === '' ? {} : { scope: scope.toLowerCase() }),
    ...(license === '' ? {} : { license }),
    ...(days === undefined ? {} : { updatedSince: world.now() - days * dayMs }),
    ...(sorts.includes(sort) ? { sort: sort as FindSort } : {}), // just looked up
    page: pageNumber(call),
    perPage,
  }
  try {
    return { sought, found: await libraries.find(call.actor, query) }
  } catch (error) {
    if (
      !isFault(error, 'library/malformed-query', 'library/malformed-tag', 'library/malformed-name')
    )
      throw error
    const nothing = { libraries: [], total: 0, isMore: false, page: 1, perPage }
    return { sought, found: nothing, complaint: 'These words cannot be searched for.' }
  }
}

const scopePage: PageRoute = {
  method: 'GET',
  path: '/@{scope}',
  operation: 'ScopePage',
  budget: 'metadata',
  async run(call) {
    const { parts, actor, names } = call
    const handle = (names['scope'] ?? '').toLowerCase()
    const person = await parts.accounts.people.find(handle)
    const found = await parts.libraries
      .find(actor, { scope: handle, sort: 'updated_at', page: pageNumber(call), perPage })
      .catch(absentWhenMalformed)
    const team = person === undefined ? await teamOf(call, handle) : undefined
    if (person === undefined && team === undefined && found.total === 0)
      throw libraryFault('library/no-such-scope')
    const isSelf = actor.kind === 'user' && actor.handle === handle
    const main = renderScopePage({
      kind: person === undefined ? 'team' : 'user',
      handle,
      displayName: person?.displayName ?? team?.displayName ?? handle,
      since: person?.createdAt ?? team?.createdAt,
      members: team?.members,
      teams: isSelf ? [...actor.teams.keys()] : [],
      isOwn: isSelf || (actor.kind === 'user' && actor.teams.has(handle)),
      found,
      quota: maySpeakFor(actor, handle) ? await parts.libraries.quota(actor, handle) : undefined,
    })
    return answerPage(call, { title: `@${handle}`, main })
  },
}

function absentWhenMalformed(error: unknown): never {
  if (isFault(error) && error.kind === 'invalid') throw libraryFault('library/no-such-scope')
  throw error
}

/** For those who belong to it. */
async function teamOf({ parts, actor }: PageCall, name: string) {
  if (actor.kind === 'anonymous') return undefined
  try {
    const team = await parts.accounts.teams.team(actor, name)
    const { members } = await parts.accounts.teams.roster(actor, name)
    return { ...team, members }
  } catch (error) {
    if (isFault(error, 'identity/no-such-team')) return undefined
    throw error
  }
}

const libraryPage: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}',
  operation: 'LibraryPage',
  budget: 'metadata',
  async run(call) {
    const ref = libraryOfPath(call)
    return await answerLibrary(call, ref, await versionToShow(call, ref))
  },
}

/** The latest; of a library that has prereleases or yanked versions alone, the best of these. */
async function versionToShow(
  { parts: { libraries }, actor }: PageCall,
  ref: LibraryRef,
): Promise<VersionFacts | undefined> {
  const { latest } = await libraries.library(actor, ref)
  if (latest !== undefined) return await libraries.version(actor, { ...ref, version: latest })
  const { versionList } = await libraries.versions(actor, ref)
  const live = versionList.filter(({ state }) => state === 'live')
  return live.find(({ yanked }) => yanked === undefined) ?? live[0]
}

const versionPage: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/v/{version}',
  operation: 'VersionPage',
  budget: 'metadata',
  async run(call) {
    const ref = libraryOfPath(call)
    return await answerLibrary(call, ref, await versionOfPath(call, ref))
  },
}

async function answerLibrary(
  call: PageCall,
  ref: LibraryRef,
  version: VersionFacts | undefined,
): Promise<HttpResponse> {
  const { libraries } = call.parts
  const [library, downloads, advisories, readme, manager] = await Promise.all([
    libraries.library(call.actor, ref),
    libraries.downloads(call.actor, { ...ref, days: chartDays }),
    libraries.advisories(call.actor, ref),
    version === undefined ? noReadme : readmeOf(call, version),
    managerOf(call, ref),
  ])
  const main = renderLibraryPage({
    library,
    version,
    readme,
    downloads: downloads.days,
    advisories: advisories.filter(({ withdrawnAt }) => withdrawnAt === undefined),
    isManaged: manager.mayManage,
    forms: version === undefined ? undefined : renderVersionForms(version, manager.of(version)),
  })
  const title = `@${ref.scope}/${ref.name}${version === undefined ? '' : ` ${version.version}`}`
  return answerPage(call, { title, main })
}

const noReadme: RenderedReadme = { kind: 'none' }

async function readmeOf(call: PageCall, version: VersionFacts): Promise<RenderedReadme> {
  const { libraries } = call.parts
  const { signal } = call.request
  const readme = await libraries.readme(call.actor, version, { signal })
  if (readme === undefined) return noReadme
  const { path, text } = readme
  const files = await libraries.files(call.actor, version)
  const place = placeOf(version, path, files)
  const digest = files.find((file) => file.path === path)?.digest ?? version.digest
  const markdown = rendered.render(text, place, digest)
  return markdown === undefined ? { kind: 'too-long', path } : { kind: 'rendered', path, markdown }
}

function placeOf(version: VersionFacts, path: string, files: readonly { readonly path: string }[]) {
  const { scope, name } = version
  return {
    library: { scope, name },
    version: version.version,
    path,
    files: new Set(files.map((file) => file.path)),
  }
}

const versions: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/versions',
  operation: 'VersionsPage',
  budget: 'metadata',
  async run(call) {
    const ref = libraryOfPath(call)
    const library = await call.parts.libraries.versions(call.actor, ref)
    const { mayManage: isManaged } = await managerOf(call, ref)
    const advisories = await call.parts.libraries.advisories(call.actor, ref)
    const main = renderVersionsPage(library, { advisories, isManaged })
    return answerPage(call, { title: `Versions of @${ref.scope}/${ref.name}`, main })
  },
}

const compare: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/compare',
  operation: 'ComparePage',
  budget: 'search',
  async run(call) {
    const ref = libraryOfPath(call)
    const { libraries } = call.parts
    const library = await libraries.versions(call.actor, ref)
    const known = library.versionList.filter(({ state }) => state === 'live')
    const to = call.query.get('to') ?? known[0]?.version
    const from = call.query.get('from') ?? known[1]?.version
    const diff =
      from === undefined || to === undefined
        ? undefined
        : await libraries.diff(call.actor, ref, { from, to }, { signal: call.request.signal })
    const { mayManage: isManaged } = await managerOf(call, ref)
    const main = renderComparePage({ library, from, to, diff, isManaged })
    return answerPage(call, { title: `Changes of @${ref.scope}/${ref.name}`, main })
  },
}

const inside: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/search',
  operation: 'SearchInsidePage',
  budget: 'search',
  async run(call) {
    const ref = libraryOfPath(call)
    const { libraries } = call.parts
    const library = await libraries.library(call.actor, ref)
    const sought = (call.query.get('q') ?? '').trim().slice(0, 200)
    const hits =
      sought === '' || library.latest === undefined
        ? []
        : await libraries
            .findInside(
              call.actor,
              ref,
              { text: sought, limit: innerHitsMax },
              { signal: call.request.signal },
            )
            .catch(nothingWhenMalformed)
    const { mayManage: isManaged } = await managerOf(call, ref)
    const main = renderInsidePage({
      ...{ library, version: library.latest, sought, hits, isManaged },
      isMore: hits.length >= innerHitsMax,
    })
    return answerPage(call, { title: `Search in @${ref.scope}/${ref.name}`, main })
  },
}

function nothingWhenMalformed(error: unknown): readonly [] {
  if (isFault(error, 'library/malformed-query')) return []
  throw error
}

async function answerFiles(call: PageCall): Promise<HttpResponse> {
  const ref = libraryOfPath(call)
  const { libraries } = call.parts
  const version = await versionOfPath(call, ref)
  const library = await libraries.library(call.actor, ref)
  const files = await libraries.files(call.actor, version)
  const path = (call.names['path'] ?? '').replace(/\/$/, '')
  const { mayManage: isManaged } = await managerOf(call, ref)
  const place = { library, version, isManaged }
  const title = `${path === '' ? 'Files' : path} of @${ref.scope}/${ref.name} ${version.version}`
  const file = files.find((one) => one.path === path)
  if (file !== undefined) {
    const content = await contentOf(call, { version, path, files, digest: file.digest })
    return answerPage(call, { title, main: renderFilePage({ ...place, file, content }) })
  }
  if (path !== '' && !files.some((one) => one.path.startsWith(`${path}/`)))
    throw libraryFault('library/no-such-file')
  return answerPage(call, { title, main: renderFolderPage({ ...place, path, files }) })
}

const folder: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/v/{version}/files',
  operation: 'FilesPage',
  budget: 'metadata',
  run: answerFiles,
}

const file: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/v/{version}/files/{path*}',
  operation: 'FilePage',
  budget: 'metadata',
  run: answerFiles,
}

async function contentOf(
  call: PageCall,
  {
    version,
    path,
    files,
    digest,
  }: {
    readonly version: VersionFacts
    readonly path: string
    readonly files: readonly { readonly path: string }[]
    readonly digest: string
  },
): Promise<FileContent> {
  if (isPicture(path)) return { kind: 'picture' }
  const { signal } = call.request
  const { content } = await call.parts.libraries.file(call.actor, { ...version, path }, { signal })
  const { bytes, isWhole } = await readBeginning(content, sourceBytesMax)
  const text = textOf(bytes, isWhole)
  if (text === undefined) return { kind: 'other' }
  const isPlain = call.query.get('plain') === '1' || !isWhole || !isMarkdown(path)
  const markdown = isPlain
    ? undefined
    : rendered.render(text, placeOf(version, path, files), digest)
  if (markdown !== undefined) return { kind: 'markdown', markdown }
  return { kind: 'text', text, isWhole, isMarkdown: isMarkdown(path) && isPlain && isWhole }
}

const raw: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/v/{version}/raw/{path*}',
  operation: 'RawFile',
  budget: 'download',
  async run(call) {
    const ref = libraryOfPath(call)
    const version = await versionOfPath(call, ref)
    const path = call.names['path'] ?? ''
    const { signal } = call.request
    const found = await call.parts.libraries.file(call.actor, { ...version, path }, { signal })
    return answerRaw(call.request, found)
  },
}

const archive: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/v/{version}/archive',
  operation: 'ArchiveOfPage',
  budget: 'download',
  async run(call) {
    const ref = libraryOfPath(call)
    const { version } = await versionOfPath(call, ref)
    const { signal } = call.request
    const opened = await call.parts.libraries.archive(call.actor, { ...ref, version }, { signal })
    return {
      status: 200,
      headers: {
        'content-type': 'application/gzip',
        'content-length': opened.bytes,
        'content-disposition': `attachment; filename="${ref.name}-${version}.tar.gz"`,
        'repr-digest': `sha-256=:${Buffer.from(opened.digest, 'hex').toString('base64')}:`,
      },
      body: opened.read(),
      onEnd: () => opened.release(),
    }
  },
}

const provenance: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/v/{version}/provenance',
  operation: 'ProvenanceOfPage',
  budget: 'metadata',
  async run(call) {
    const version = await versionOfPath(call, libraryOfPath(call))
    const { signal } = call.request
    const bundle = await call.parts.libraries.provenance(call.actor, version, { signal })
    if (bundle === undefined) throw libraryFault('library/no-such-file')
    return { status: 200, headers: { 'content-type': 'application/json' }, body: bundle }
  },
}

const latest: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/v',
  operation: 'LatestPage',
  budget: 'metadata',
  async run(call) {
    const ref = libraryOfPath(call)
    const library = await call.parts.libraries.library(call.actor, ref)
    return seeOther(
      library.latest === undefined ? libraryPath(ref) : versionPath(ref, library.latest),
    )
  },
}

const moderation: PageRoute = {
  method: 'GET',
  path: '/moderation',
  operation: 'ModerationPage',
  budget: 'metadata',
  async run(call) {
    const entries = await call.parts.libraries.moderation(requireUser(call))
    return answerPage(call, { title: 'Moderation', main: renderModerationPage(entries) })
  },
}

export const libraryPageRoutes: readonly PageRoute[] = [
  home,
  search,
  moderation,
  scopePage,
  libraryPage,
  versions,
  compare,
  inside,
  latest,
  versionPage,
  folder,
  file,
  raw,
  archive,
  provenance,
]
