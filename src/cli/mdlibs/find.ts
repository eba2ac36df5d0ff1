/** `mdlibs find`, and `mdlibs search` where libraries are meant: looks for libraries in registries. */
import { cliFault } from '#cli/faults'
import { foundLibraries, type LibraryFacts } from '#cli/mdlibs/answers'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { openChosen } from '#cli/mdlibs/open-registry'
import { chooseRegistry } from '#cli/mdlibs/registry-choice'
import { give, note } from '#cli/mdlibs/say'
import { plural } from '#cli/units'

export interface FindOptions {
  readonly query: string | undefined
  readonly tag: string | undefined
  readonly scope: string | undefined
  readonly license: string | undefined
  readonly sort: string | undefined
  readonly limit: number | undefined
  /** All that are to be asked; the usual one when there is none. */
  readonly registries: readonly string[]
}

export const findSorts = ['relevance', 'name', 'downloads', 'updated'] as const
export const findLimitMax = 100

export async function find(context: MdlibsContext, options: FindOptions): Promise<void> {
  const settings = await context.settings()
  const names = options.registries.length === 0 ? [undefined] : options.registries
  const scope = options.scope?.replace(/^@/, '')
  const found: Found[] = []
  for (const named of names) {
    const chosen = chooseRegistry(settings, { named, scope })
    note(context, `Searching libraries at ${chosen.origin}`)
    const api = await openChosen({ ...context, registryFlag: () => named }, chosen)
    const answer = await api.json('/libraries', {
      query: {
        ...{ q: options.query, tag: options.tag, scope, license: options.license },
        sort: options.sort === 'updated' ? 'updated_at' : options.sort,
        per_page: options.limit,
      },
      schema: foundLibraries,
    })
    const { libraries, pagination, corrected } = answer
    found.push({ registry: api.origin, libraries, total: pagination.total, corrected })
  }
  give(context, { source: 'registry', registries: found }, linesFor(found, options))
}

interface Found {
  readonly registry: string
  readonly libraries: readonly LibraryFacts[]
  readonly total: number
  readonly corrected: string | null | undefined
}

function linesFor(found: readonly Found[], { query }: FindOptions): readonly string[] {
  return found.flatMap(({ registry, libraries, total, corrected }) => {
    const where = found.length > 1 ? ` at ${registry}` : ''
    if (libraries.length === 0)
      return [`No libraries found${where}${query === undefined ? '' : ` for: ${query}`}`]
    const rest = total - libraries.length
    return [
      ...(corrected
        ? [`Nothing (or almost) is found for '${query}'; this is for '${corrected}'.`]
        : []),
      `Found ${total === 1 ? '1 library' : `${total} libraries`}${where}:`,
      ...libraries.flatMap(linesOf),
      ...(rest > 0
        ? ['', `… and ${rest} more: --limit shows up to ${findLimitMax}, --tag and --scope narrow.`]
        : []),
    ]
  })
}

function linesOf(library: LibraryFacts): readonly string[] {
  const { scope, name, latest_version: latest, description, tags, downloads, deprecated } = library
  return [
    '',
    `@${scope}/${name}${latest ? ` (${latest})` : ''}`,
    ...(deprecated ? [`  DEPRECATED: ${deprecated}`] : []),
    ...(description ? [`  ${description}`] : []),
    ...(tags.length > 0 ? [`  Tags: ${tags.join(', ')}`] : []),
    `  ${plural(downloads, 'download')}`,
  ]
}

/** `cli/mistaken-usage` */
export function parseLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= findLimitMax) return limit
  throw cliFault('cli/mistaken-usage', {
    mistakes: `--limit "${text}": expected 1 to ${findLimitMax}`,
  })
}
