/** `mdlibs info` and `mdlibs versions`: what a registry knows of a library. */
import {
  type FindingFacts,
  libraryWithVersions,
  type ShortVersion,
  versionFacts,
  versionList,
} from '#cli/mdlibs/answers'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { type LibrarySpec, parseSpec, pathOf } from '#cli/mdlibs/library-spec'
import { openRegistry } from '#cli/mdlibs/open-registry'
import type { RegistryApi } from '#cli/mdlibs/registry-api'
import { give } from '#cli/mdlibs/say'
import { printSize } from '#cli/units'
import { isVersion } from '#library/version'

const versionsShown = 10

/** Of a library, or of one version of it. */
export async function info(context: MdlibsContext, text: string): Promise<void> {
  const spec = parseSpec(text)
  const api = await openRegistry(context, { scope: spec.ref.scope })
  if (spec.wanted === undefined) await libraryInfo(context, { api, spec })
  else await versionInfo(context, { api, spec, wanted: spec.wanted })
}

interface Work {
  readonly api: RegistryApi
  readonly spec: LibrarySpec
}

async function libraryInfo(context: MdlibsContext, { api, spec }: Work): Promise<void> {
  const facts = await api.json(pathOf(spec.ref), { schema: libraryWithVersions })
  const { description, license, homepage, repository, versions, dist_tags: tags } = facts
  const named = Object.entries(tags).map(([tag, version]) => `${tag}: ${version}`)
  const shown = versions.filter(({ state }) => state === 'live').slice(0, versionsShown)
  give(context, { registry: api.origin, ...facts }, [
    `${spec.library}${facts.latest_version ? ` ${facts.latest_version}` : ''}`,
    ...(facts.deprecated ? [`DEPRECATED: ${facts.deprecated}`] : []),
    ...(description ? [description] : []),
    '',
    ...row('Licence', license),
    ...row('Tags', facts.tags.join(', ')),
    ...row('Visibility', facts.visibility),
    ...row('Owner', facts.owner),
    ...row('Homepage', homepage),
    ...row('Repository', repository),
    ...row('Downloads', String(facts.downloads)),
    ...row('Dist-tags', named.join(', ')),
    ...row('Versions', shown.map(({ version }) => version).join(', ')),
    '',
    `Install: mdlibs install ${spec.library}`,
  ])
}

async function versionInfo(
  context: MdlibsContext,
  { api, spec, wanted }: Work & { readonly wanted: string },
): Promise<void> {
  const facts = isVersion(wanted)
    ? await api.json(pathOf(spec.ref, wanted), { schema: versionFacts })
    : await api.json(`${pathOf(spec.ref)}/resolve`, {
        query: { range: wanted },
        schema: versionFacts,
      })
  const { signature, findings } = facts
  give(context, { registry: api.origin, ...facts }, [
    `${spec.library} ${facts.version}${facts.state === 'live' ? '' : ` (${facts.state})`}`,
    ...(facts.yanked ? [`YANKED: ${facts.yanked.reason}`] : []),
    ...(facts.deprecated ? [`DEPRECATED: ${facts.deprecated}`] : []),
    ...(facts.description ? [facts.description] : []),
    '',
    ...row(
      'Published',
      `${facts.created_at?.slice(0, 10) ?? 'unknown'} by ${facts.created_by ?? 'unknown'}`,
    ),
    ...row('Size', printSize(facts.size)),
    ...row('Files', facts.file_count === undefined ? undefined : String(facts.file_count)),
    ...row('Digest', facts.checksum),
    ...row('Tree', facts.tree_checksum),
    ...row('Signed by', signature ? `key ${signature.key_id} of the registry` : undefined),
    ...row('Provenance', facts.has_provenance ? 'yes: mdlibs verify checks it' : undefined),
    ...(findings.length > 0
      ? ['', 'The scanner of the registry says:', ...findings.map(findingLine)]
      : []),
  ])
}

export function findingLine({
  rule,
  severity,
  path,
  line,
  excerpt,
}: Pick<FindingFacts, 'rule' | 'severity' | 'path' | 'line' | 'excerpt'>): string {
  const place = line ? `${path}:${line}` : path
  return `  ${severity}  ${place}  ${rule}${excerpt ? `: ${excerpt}` : ''}`
}

export async function versions(context: MdlibsContext, text: string): Promise<void> {
  const spec = parseSpec(text)
  const api = await openRegistry(context, { scope: spec.ref.scope })
  const answer = await api.json(`${pathOf(spec.ref)}/versions`, { schema: versionList })
  const lines = answer.versions.map(versionLine)
  give(context, { registry: api.origin, ...answer }, lines.length > 0 ? lines : ['No versions.'])
}

function versionLine(version: ShortVersion): string {
  const { state, created_at: at, size, yanked, deprecated } = version
  const marks = [
    ...(state === 'live' ? [] : [state]),
    ...(yanked ? [`yanked: ${yanked}`] : []),
    ...(deprecated ? [`deprecated: ${deprecated}`] : []),
  ]
  const facts = [at?.slice(0, 10), size === undefined ? undefined : printSize(size)]
  const told = facts.filter((fact) => fact !== undefined).join('  ')
  return `${version.version.padEnd(20)} ${told}${marks.length > 0 ? `  (${marks.join('; ')})` : ''}`
}

function row(name: string, value: string | null | undefined): readonly string[] {
  return value ? [`${`${name}:`.padEnd(12)} ${value}`] : []
}
