/** What somebody who manages a library does to it: yank, deprecate, delete, tag, review, and say who may what. */
import { z } from 'zod'
import { cliFault } from '#cli/faults'
import { libraryFacts, versionFacts } from '#cli/mdlibs/answers'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { parseSpec, parseVersionSpec, pathOf } from '#cli/mdlibs/library-spec'
import { openOwnRegistry, openRegistry } from '#cli/mdlibs/open-registry'
import { give } from '#cli/mdlibs/say'
import { isVersion } from '#library/version'

/** Nobody gets it by surprise any more; who has it locked still does. */
export async function yank(context: MdlibsContext, text: string, reason: string): Promise<void> {
  const { ref, library, version } = parseVersionSpec(text)
  const api = await openOwnRegistry(context, { scope: ref.scope })
  await api.done(pathOf(ref, version, 'yank'), { method: 'PUT', body: { reason } })
  const lines = [
    `✓ Yanked ${library}@${version}: ${reason}`,
    `mdlibs unyank ${text} takes it back.`,
  ]
  give(context, { library, version, yanked: reason }, lines)
}

export async function unyank(context: MdlibsContext, text: string): Promise<void> {
  const { ref, library, version } = parseVersionSpec(text)
  const api = await openOwnRegistry(context, { scope: ref.scope })
  await api.done(pathOf(ref, version, 'yank'), { method: 'DELETE' })
  give(context, { library, version, yanked: null }, [`✓ ${library}@${version} is found again`])
}

/** Of a version, or of the whole library. */
export async function deprecate(
  context: MdlibsContext,
  text: string,
  options: { readonly message: string | undefined; readonly isUndone: boolean },
): Promise<void> {
  const { ref, library, wanted } = parseSpec(text)
  const message = options.isUndone ? undefined : options.message
  if ((options.message === undefined) !== options.isUndone) {
    const mistakes = 'Give a message, or --undo to take the former one back.'
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  if (wanted !== undefined && !isVersion(wanted)) {
    const mistakes = `${text}: say one version, or none for the whole library.`
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  const api = await openOwnRegistry(context, { scope: ref.scope })
  const path = `${pathOf(ref, ...(wanted === undefined ? [] : [wanted]))}/deprecation`
  if (message === undefined) await api.done(path, { method: 'DELETE' })
  else await api.done(path, { method: 'PUT', body: { message } })
  const done = message === undefined ? 'is not deprecated any more' : `is deprecated: ${message}`
  const facts = { library, version: wanted ?? null, deprecated: message ?? null }
  give(context, facts, [`✓ ${text} ${done}`])
}

/** Within the time in which that can be done; its number is never given again. */
export async function unpublish(
  context: MdlibsContext,
  text: string,
  { isForced }: { readonly isForced: boolean },
): Promise<void> {
  const { ref, library, version } = parseVersionSpec(text)
  if (!isForced) {
    const mistakes = `${library}@${version} would be gone for all who use it, and its number could never be used again: --force does it. mdlibs yank is gentler.`
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  const api = await openOwnRegistry(context, { scope: ref.scope })
  await api.done(pathOf(ref, version), { method: 'DELETE' })
  give(context, { library, version, deleted: true }, [`✓ Deleted ${library}@${version}`])
}

/** A version that waits: staged, or in quarantine. */
export async function review(
  context: MdlibsContext,
  text: string,
  { rejection }: { readonly rejection: string | undefined },
): Promise<void> {
  const { ref, library, version } = parseVersionSpec(text)
  const api = await openOwnRegistry(context, { scope: ref.scope })
  const path = pathOf(ref, version, rejection === undefined ? 'approve' : 'reject')
  const body = rejection === undefined ? {} : { body: { reason: rejection } }
  const { state } = await api.json(path, { method: 'POST', ...body, schema: versionFacts })
  give(context, { library, version, state }, [`✓ ${library}@${version} is ${state}`])
}

const tagList = z.looseObject({ dist_tags: z.record(z.string(), z.string()) })

export async function listDistTags(context: MdlibsContext, text: string): Promise<void> {
  const { ref, library } = parseSpec(text)
  const api = await openRegistry(context, { scope: ref.scope })
  const { dist_tags: tags } = await api.json(`${pathOf(ref)}/dist-tags`, { schema: tagList })
  const lines = Object.entries(tags).map(([tag, version]) => `${tag}: ${version}`)
  const shown = lines.length > 0 ? lines : ['No dist-tags: latest is the highest release.']
  give(context, { library, dist_tags: tags }, shown)
}

export async function setDistTag(context: MdlibsContext, text: string, tag: string): Promise<void> {
  const { ref, library, version } = parseVersionSpec(text)
  const api = await openOwnRegistry(context, { scope: ref.scope })
  await api.done(pathOf(ref, 'dist-tags', tag), { method: 'PUT', body: { version } })
  give(context, { library, tag, version }, [`✓ ${tag} of ${library} is ${version} now`])
}

export async function removeDistTag(
  context: MdlibsContext,
  text: string,
  tag: string,
): Promise<void> {
  const { ref, library } = parseSpec(text)
  const api = await openOwnRegistry(context, { scope: ref.scope })
  await api.done(pathOf(ref, 'dist-tags', tag), { method: 'DELETE' })
  give(context, { library, tag, version: null }, [`✓ ${library} has no ${tag} any more`])
}

export interface LibraryChanges {
  readonly visibility: string | undefined
  readonly confirmsPublic: boolean
  readonly archived: boolean | undefined
  readonly staged: boolean | undefined
  readonly trustedOnly: boolean | undefined
}

/** Who sees a library, whether it takes versions, and how. */
export async function changeLibrary(
  context: MdlibsContext,
  text: string,
  { visibility, confirmsPublic, archived, staged, trustedOnly }: LibraryChanges,
): Promise<void> {
  const { ref, library } = parseSpec(text)
  const settings = given({ staged_publishing: staged, trusted_publishing_only: trustedOnly })
  const body = given({
    ...{ visibility, archived },
    confirm_public: confirmsPublic || undefined,
    settings: Object.keys(settings).length > 0 ? settings : undefined,
  })
  if (Object.keys(body).length === 0) {
    throw cliFault('cli/mistaken-usage', { mistakes: 'Say what to change.' })
  }
  const api = await openOwnRegistry(context, { scope: ref.scope })
  const facts = await api.json(pathOf(ref), { method: 'PATCH', body, schema: libraryFacts })
  give(context, facts, [`✓ Changed ${library}`])
}

function given(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
