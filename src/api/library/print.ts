/** What is told of libraries and their versions. */
import { z } from 'zod'
import { apiBase } from '#api/bases'
import { field, isoTime, type LibraryParts } from '#api/library/route'
import { manifestToJson } from '#library/manifest'
import type { LibraryFacts, LibraryRef, LibraryWithVersions, VersionFacts } from '#library/model'

const time = z.iso.datetime()
const count = z.int().nonnegative()
export const visibility = z.enum(['public', 'internal', 'private'])
export const digest = z.string().describe('`sha256:` and 64 hexadecimal digits')

export const library = z.object({
  scope: z.string(),
  name: z.string(),
  visibility,
  owner: z.string().describe('handle of a user or team'),
  description: z.string(),
  tags: z.array(z.string()),
  license: z.string().optional().describe('an SPDX expression'),
  authors: z.array(z.string()),
  homepage: z.string().optional(),
  repository: z.string().optional(),
  latest_version: z.string().optional().describe('none while nothing is live'),
  dist_tags: z.record(z.string(), z.string()),
  created_at: time,
  updated_at: time,
  archived_at: time.optional(),
  deprecated: z.string().optional(),
  downloads: count,
  versions_count: count,
  settings: z.object({ staged_publishing: z.boolean(), trusted_publishing_only: z.boolean() }),
})

export const shortVersion = z.object({
  version: z.string(),
  state: z.enum(['staged', 'live', 'quarantined', 'blocked', 'deleted']),
  created_at: time,
  size: count,
  downloads: count,
  checksum: digest,
  download_url: z.string(),
  yanked: z.string().optional().describe('why'),
  deprecated: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).describe('ranges of versions, by @scope/name'),
})

export const deletedVersion = z.object({
  version: z.string(),
  state: z.literal('deleted'),
  deleted_at: time,
})

export const libraryWithVersions = library.extend({
  total_downloads: count,
  versions: z.array(z.union([shortVersion, deletedVersion])),
})

export const finding = z.object({
  rule: z.string(),
  severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
  path: z.string(),
  line: z.int().positive(),
  excerpt: z.string(),
})

export const version = z.object({
  id: z.string(),
  scope: z.string(),
  name: z.string(),
  version: z.string(),
  state: z.enum(['staged', 'live', 'quarantined', 'blocked', 'deleted']),
  description: z.string().optional(),
  tags: z.array(z.string()),
  license: z.string().optional(),
  size: count,
  unpacked_size: count,
  file_count: count,
  checksum: digest,
  tree_checksum: digest.describe('over all paths and their digests'),
  created_at: time,
  created_by: z.string(),
  published_via: z.enum(['login', 'api', 'ci']),
  downloads: count,
  yanked: z.object({ at: time, by: z.string(), reason: z.string() }).optional(),
  deprecated: z.string().optional(),
  manifest: z.record(z.string(), z.unknown()).optional().describe('as it stands in the archive'),
  readme: z.string().optional().describe('path of the file'),
  findings: z.array(finding),
  has_provenance: z.boolean(),
  signature: z.object({ key_id: z.string(), value: z.string() }).optional(),
  download_url: z.string(),
})

export function printLibrary(facts: LibraryFacts): z.infer<typeof library> {
  const { scope, name, visibility, owner, description, tags, authors, downloads } = facts
  return {
    ...{ scope, name, visibility, owner, description },
    tags: [...tags],
    ...field('license', facts.license),
    authors: [...authors],
    ...field('homepage', facts.homepage),
    ...field('repository', facts.repository),
    ...field('latest_version', facts.latest),
    dist_tags: { ...facts.distTags },
    created_at: isoTime(facts.createdAt),
    updated_at: isoTime(facts.updatedAt),
    ...field('archived_at', facts.archivedAt === undefined ? undefined : isoTime(facts.archivedAt)),
    ...field('deprecated', facts.deprecated),
    downloads,
    versions_count: facts.versions,
    settings: {
      staged_publishing: facts.settings.staged,
      trusted_publishing_only: facts.settings.trustedOnly,
    },
  }
}

export function printLibraryWithVersions(
  facts: LibraryWithVersions,
  parts: LibraryParts,
): z.infer<typeof libraryWithVersions> {
  return {
    ...printLibrary(facts),
    total_downloads: facts.downloads,
    versions: printVersions(facts, parts),
  }
}

export function printVersions({ versionList }: LibraryWithVersions, parts: LibraryParts) {
  return versionList.map((facts) =>
    facts.state === 'deleted'
      ? {
          version: facts.version,
          state: facts.state,
          deleted_at: isoTime(facts.deletedAt ?? facts.publishedAt),
        }
      : printShortVersion(facts, parts),
  )
}

function printShortVersion(facts: VersionFacts, parts: LibraryParts): z.infer<typeof shortVersion> {
  return {
    version: facts.version,
    state: facts.state,
    created_at: isoTime(facts.publishedAt),
    size: facts.bytes,
    downloads: facts.downloads,
    checksum: `sha256:${facts.digest}`,
    download_url: downloadUrl(facts, parts),
    ...field('yanked', facts.yanked?.reason),
    ...field('deprecated', facts.deprecated),
    dependencies: rangesOf(facts.manifest),
  }
}

export function printVersion(facts: VersionFacts, parts: LibraryParts): z.infer<typeof version> {
  const { scope, name, manifest, findings } = facts
  return {
    id: `@${scope}/${name}@${facts.version}`,
    ...{ scope, name, version: facts.version, state: facts.state },
    ...field('description', manifest?.description),
    tags: [...(manifest?.tags ?? [])],
    ...field('license', manifest?.license),
    size: facts.bytes,
    unpacked_size: facts.unpackedBytes,
    file_count: facts.files,
    checksum: `sha256:${facts.digest}`,
    tree_checksum: `sha256:${facts.treeDigest}`,
    created_at: isoTime(facts.publishedAt),
    created_by: facts.publishedBy,
    published_via: facts.publishedVia,
    downloads: facts.downloads,
    ...field('yanked', facts.yanked && { ...facts.yanked, at: isoTime(facts.yanked.at) }),
    ...field('deprecated', facts.deprecated),
    ...field('manifest', manifest && JSON.parse(manifestToJson(manifest))),
    ...field('readme', facts.readme),
    findings: findings.map((one) => ({ ...one })),
    has_provenance: facts.hasProvenance,
    ...field(
      'signature',
      facts.signature && { key_id: facts.signature.keyId, value: facts.signature.value },
    ),
    download_url: downloadUrl(facts, parts),
  }
}

export function pathOf({ scope, name }: LibraryRef): string {
  return `${apiBase}/libraries/${scope}/${name}`
}

function downloadUrl(facts: VersionFacts, { publicUrl = '' }: LibraryParts): string {
  return `${publicUrl}${pathOf(facts)}/${encodeURIComponent(facts.version)}/download`
}

/** Who resolves them would otherwise have to ask for every version. */
function rangesOf({ dependencies }: VersionFacts['manifest']): Record<string, string> {
  return Object.fromEntries([...dependencies].map(([library, { text }]) => [library, text]))
}
