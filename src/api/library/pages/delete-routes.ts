/** Deleting a version, or all of a library. */
import {
  type Deletable,
  nameOfVersion,
  renderDeleteLibraryPage,
  renderDeleteVersionPage,
} from '#api/library/pages/delete-pages'
import { type FormState, untouched } from '#api/library/pages/form-fields'
import { mistakenForm } from '#api/library/pages/form-mistakes'
import { managerOf } from '#api/library/pages/library-manager'
import { libraryOfPath, versionOfPath } from '#api/library/pages/named-library'
import { scopePath, versionsPath } from '#api/library/pages/paths'
import {
  answerForm,
  done,
  fieldOf,
  type PageCall,
  type PageRoute,
  requireUser,
  seeOther,
} from '#api/library/pages/route'
import type { HttpResponse } from '#http/message'
import { libraryFault } from '#library/faults'
import type { LibraryRef, VersionFacts } from '#library/model'
import { formatLibraryRef } from '#library/name'
import { mayAdminister } from '#library/rights'

const hourMs = 3_600_000

/** What is said beforehand; the domain decides again. */
function deletable({ parts, actor }: PageCall, publishedAt: number): Deletable {
  const { removalWindowMs, world } = parts
  if (mayAdminister(actor)) return { kind: 'always' }
  const at = publishedAt + removalWindowMs
  return world.now() <= at
    ? { kind: 'until', at }
    : { kind: 'never', hours: Math.floor(removalWindowMs / hourMs) }
}

/** Names are written as people see them. */
function confirms(call: PageCall, name: string): boolean {
  return fieldOf(call, 'confirm') === name
}

function notConfirmed({ form }: PageCall, name: string): FormState {
  const mistakes = new Map([['confirm', `This is not its name. Write ${name}`]])
  return { values: form, mistakes }
}

interface ManagedVersion {
  readonly version: VersionFacts
  /** The library too. */
  readonly isManaged: boolean
}

/** `library/denied` to who may read it, but not delete it */
async function requireVersion(call: PageCall): Promise<ManagedVersion> {
  requireUser(call)
  const ref = libraryOfPath(call)
  const version = await versionOfPath(call, ref)
  const manager = await managerOf(call, ref)
  if (!manager.of(version).mayYank) throw libraryFault('library/denied')
  return { version, isManaged: manager.mayManage }
}

async function answerDeleteVersion(
  call: PageCall,
  { version, isManaged }: ManagedVersion,
  form: FormState = untouched,
): Promise<HttpResponse> {
  const library = await call.parts.libraries.library(call.actor, version)
  const main = renderDeleteVersionPage({
    ...{ library, version, isManaged, form },
    deletable: deletable(call, version.publishedAt),
  })
  const title = `Delete ${nameOfVersion(version)}`
  return answerForm(call, { title, main }, form)
}

const deleteVersionPage: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/v/{version}/delete',
  operation: 'DeleteVersionPage',
  budget: 'metadata',
  run: async (call) => answerDeleteVersion(call, await requireVersion(call)),
}

const deleteVersion: PageRoute = {
  method: 'POST',
  path: '/@{scope}/{name}/v/{version}/delete',
  operation: 'DeleteVersionFromPage',
  budget: 'publish',
  async run(call) {
    const managed = await requireVersion(call)
    const { version } = managed
    const name = nameOfVersion(version)
    if (!confirms(call, name))
      return await answerDeleteVersion(call, managed, notConfirmed(call, name))
    try {
      await call.parts.libraries.remove(call.actor, version)
    } catch (error) {
      return await answerDeleteVersion(call, managed, mistakenForm(error, call.form))
    }
    return seeOther(done(versionsPath(version), 'version-deleted'))
  },
}

async function answerDeleteLibrary(
  call: PageCall,
  ref: LibraryRef,
  form: FormState = untouched,
): Promise<HttpResponse> {
  const library = await call.parts.libraries.versions(call.actor, ref)
  const there = library.versionList.filter(({ state }) => state !== 'deleted')
  const oldest = Math.min(...there.map(({ publishedAt }) => publishedAt))
  const main = renderDeleteLibraryPage({ library, deletable: deletable(call, oldest), form })
  const title = `Delete ${formatLibraryRef(ref)}`
  return answerForm(call, { title, main }, form)
}

/** `library/denied` to who may read it, but not manage it */
async function requireManaged(call: PageCall): Promise<LibraryRef> {
  requireUser(call)
  const ref = libraryOfPath(call)
  if (!(await managerOf(call, ref)).mayManage) throw libraryFault('library/denied')
  return ref
}

const deleteLibraryPage: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/delete',
  operation: 'DeleteLibraryPage',
  budget: 'metadata',
  run: async (call) => answerDeleteLibrary(call, await requireManaged(call)),
}

const deleteLibrary: PageRoute = {
  method: 'POST',
  path: '/@{scope}/{name}/delete',
  operation: 'DeleteLibraryFromPage',
  budget: 'publish',
  async run(call) {
    const ref = await requireManaged(call)
    const name = formatLibraryRef(ref)
    if (!confirms(call, name)) return await answerDeleteLibrary(call, ref, notConfirmed(call, name))
    try {
      await call.parts.libraries.removeLibrary(call.actor, ref)
    } catch (error) {
      return await answerDeleteLibrary(call, ref, mistakenForm(error, call.form))
    }
    return seeOther(done(scopePath(ref.scope), 'library-deleted'))
  },
}

export const deleteRoutes: readonly PageRoute[] = [
  deleteVersionPage,
  deleteVersion,
  deleteLibraryPage,
  deleteLibrary,
]
