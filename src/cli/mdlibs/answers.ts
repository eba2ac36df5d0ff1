/** What registries answer of libraries, as far as it is used here; what else they say is passed on with `--json`. */
import { z } from 'zod'

export const libraryFacts = z.looseObject({
  scope: z.string(),
  name: z.string(),
  visibility: z.string().optional(),
  owner: z.string().optional(),
  description: z.string().nullish(),
  tags: z.array(z.string()).default([]),
  license: z.string().nullish(),
  homepage: z.string().nullish(),
  repository: z.string().nullish(),
  latest_version: z.string().nullish(),
  dist_tags: z.record(z.string(), z.string()).default({}),
  downloads: z.number().default(0),
  updated_at: z.string().nullish(),
  deprecated: z.string().nullish(),
})
export type LibraryFacts = z.infer<typeof libraryFacts>

export const foundLibraries = z.looseObject({
  libraries: z.array(libraryFacts),
  pagination: z.looseObject({
    total: z.number(),
    page: z.number().optional(),
    total_pages: z.number().optional(),
  }),
  corrected: z.string().nullish(),
})

export const versionState = z.enum(['staged', 'live', 'quarantined', 'blocked', 'deleted'])

export const shortVersion = z.looseObject({
  version: z.string(),
  state: versionState.default('live'),
  created_at: z.string().nullish(),
  size: z.number().optional(),
  downloads: z.number().optional(),
  checksum: z.string().optional(),
  yanked: z.string().nullish(),
  deprecated: z.string().nullish(),
  /** Ranges by `@scope/name`; not all registries say them here. */
  dependencies: z.record(z.string(), z.string()).optional(),
})
export type ShortVersion = z.infer<typeof shortVersion>

export const versionList = z.looseObject({
  /** The library as a whole. */
  deprecated: z.string().nullish(),
  versions: z.array(shortVersion),
})

export const libraryWithVersions = libraryFacts.extend({ versions: z.array(shortVersion) })

export const finding = z.looseObject({
  rule: z.string(),
  severity: z.string(),
  path: z.string(),
  line: z.number().nullish(),
  excerpt: z.string().nullish(),
})
export type FindingFacts = z.infer<typeof finding>

export const versionFacts = z.looseObject({
  scope: z.string(),
  name: z.string(),
  version: z.string(),
  state: versionState.default('live'),
  description: z.string().nullish(),
  size: z.number(),
  unpacked_size: z.number().optional(),
  file_count: z.number().optional(),
  checksum: z.string(),
  tree_checksum: z.string().optional(),
  created_at: z.string().nullish(),
  created_by: z.string().nullish(),
  published_via: z.string().nullish(),
  yanked: z.looseObject({ reason: z.string() }).nullish(),
  deprecated: z.string().nullish(),
  manifest: z.record(z.string(), z.unknown()).default({}),
  findings: z.array(finding).default([]),
  has_provenance: z.boolean().default(false),
  signature: z.looseObject({ key_id: z.string(), value: z.string() }).nullish(),
})
export type VersionFacts = z.infer<typeof versionFacts>

export const publishedVersion = versionFacts.extend({
  warnings: z.array(z.string()).default([]),
  created: z.boolean().default(true),
})

export const keyList = z.looseObject({
  keys: z.array(
    z.looseObject({
      key_id: z.string(),
      public_key: z.string(),
      created_at: z.string().nullish(),
      retired_at: z.string().nullish(),
    }),
  ),
})

export const advisoryFacts = z.looseObject({
  id: z.string(),
  range: z.string(),
  severity: z.string(),
  title: z.string(),
  url: z.string().nullish(),
  patched: z.string().nullish(),
})

export const checkedVersions = z.looseObject({
  versions: z.array(
    z.looseObject({
      scope: z.string(),
      name: z.string(),
      version: z.string(),
      advisories: z.array(advisoryFacts),
    }),
  ),
})
