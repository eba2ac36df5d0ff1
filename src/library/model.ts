/** The words of the library domain: what doors pass in and get back. No I/O here. */
import type { Manifest, Visibility } from '#library/manifest'
import type { LibraryRef } from '#library/name'
import type { Finding } from '#library/scan'

export type { Finding, LibraryRef, Visibility }

/** `staged` and `quarantined` wait for somebody's word; `blocked` is one that was refused; of a `deleted` one only its number is left, and nobody gets that again. */
export type VersionState = 'staged' | 'live' | 'quarantined' | 'blocked' | 'deleted'

export interface LibrarySettings {
  /** New versions wait for the word of somebody who manages the library. */
  readonly staged: boolean
  /** Only tokens for which a trusted publisher's issuer vouched may publish. */
  readonly trustedOnly: boolean
}

export interface LibraryFacts extends LibraryRef {
  readonly visibility: Visibility
  /** Handle of who owns it: its scope, until it is transferred. */
  readonly owner: string
  readonly description: string
  readonly tags: readonly string[]
  /** An SPDX expression. */
  readonly license?: string
  readonly authors: readonly string[]
  readonly homepage?: string
  readonly repository?: string
  /** The version that `latest` means; none while nothing is live. */
  readonly latest?: string
  /** By tag. */
  readonly distTags: Readonly<Record<string, string>>
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number
  readonly updatedAt: number
  /** Nothing is published any more. */
  readonly archivedAt?: number
  /** What people are told who use it all the same. */
  readonly deprecated?: string
  /** Of all versions, ever. */
  readonly downloads: number
  /** How many are live. */
  readonly versions: number
  readonly settings: LibrarySettings
}

/** The registry's word for a version. */
export interface SignatureFacts {
  readonly keyId: string
  /** Base64url. */
  readonly value: string
}

export interface VersionFacts extends LibraryRef {
  readonly version: string
  readonly state: VersionState
  /** SHA-256 of the archive, lowercase hex. */
  readonly digest: string
  /** SHA-256 over all paths and their digests, lowercase hex. */
  readonly treeDigest: string
  readonly bytes: number
  readonly unpackedBytes: number
  readonly files: number
  readonly publishedAt: number
  /** A handle. */
  readonly publishedBy: string
  /** What kind of token it was published with. */
  readonly publishedVia: 'login' | 'api' | 'ci'
  readonly yanked?: { readonly at: number; readonly by: string; readonly reason: string }
  readonly deprecated?: string
  readonly deletedAt?: number
  readonly downloads: number
  /** Of a deleted one, only the name and the version. */
  readonly manifest: Manifest
  /** Path of the file that introduces the library. */
  readonly readme?: string
  readonly findings: readonly Finding[]
  readonly hasProvenance: boolean
  readonly signature?: SignatureFacts
  /** When its archive was last found to be other than it should be. */
  readonly damagedAt?: number
}

export interface FileFacts {
  readonly path: string
  readonly bytes: number
  /** SHA-256, lowercase hex. */
  readonly digest: string
}

/** A library with all versions that whoever asks may know of, highest first; deleted ones without their facts. */
export interface LibraryWithVersions extends LibraryFacts {
  readonly versionList: readonly VersionFacts[]
}

export interface PublishRequest extends LibraryRef {
  readonly version: string
  /** Pulled once. A piece is ours until the next pull. */
  readonly body: AsyncIterable<Uint8Array>
  /** SHA-256 that the client has computed, lowercase hex: another one is `library/digest-mismatch`. */
  readonly digest?: string
  /** What the client says it sends. */
  readonly bytes?: number
  /** Of a library that is not there yet; what its manifest says, or its scope's default, when left out. */
  readonly visibility?: Visibility
  /** Needed for a first version that everybody can read. */
  readonly confirmsPublic?: boolean
  /** A dist-tag to set in the same step. */
  readonly tag?: string
  /** A bundle that says how the archive came to be, as JSON. */
  readonly provenance?: string
  readonly signal: AbortSignal
}

export interface Published {
  readonly library: LibraryFacts
  readonly version: VersionFacts
  /** False when the same publisher has sent the same bytes before. */
  readonly isNew: boolean
  /** What the manifest has that nobody knows, and the like. */
  readonly warnings: readonly string[]
}

export type FindSort = 'relevance' | 'name' | 'downloads' | 'updated_at'

export interface FindQuery {
  /** Words; all must be found. */
  readonly text?: string
  readonly tag?: string
  /** A handle. */
  readonly scope?: string
  readonly license?: string
  /** Not older than this. */
  readonly updatedSince?: number
  /** `relevance` with words, else `name`. */
  readonly sort?: FindSort
  /** What suits the sort when left out: names from a, the rest from the most. */
  readonly order?: 'asc' | 'desc'
  /** From 1; not together with `cursor`. */
  readonly page?: number
  /** 1 to 100; 20. */
  readonly perPage?: number
  /** `next` of the page before. `library/malformed-cursor` */
  readonly cursor?: string
}

/** A field of a library that words are looked for in, by weight. */
export type SearchField = 'name' | 'tags' | 'description' | 'headings' | 'bodies'

/** Why a library is a hit, and stands where it stands. */
export interface Explanation {
  /** The least of the fields in which, with those above it, all words stand: it decides first. */
  readonly field: SearchField
  readonly weight: number
  /** The name itself was asked for. */
  readonly isName: boolean
  /** Each word of the query: how it was found, as what, and where. */
  readonly words: readonly {
    readonly word: string
    readonly match: 'whole' | 'beginning' | 'near'
    /** What stands there, where it is not the word. */
    readonly found?: string
    readonly fields: readonly SearchField[]
  }[]
}

export interface Hit extends LibraryFacts {
  /** Where words were asked for. */
  readonly why?: Explanation
}

export interface Found {
  readonly libraries: readonly Hit[]
  /** At most 10,000. */
  readonly total: number
  /** There are more than `total`. */
  readonly isMore: boolean
  readonly page: number
  readonly perPage: number
  /** Where there is more. */
  readonly next?: string
  /** What was searched for instead, where the words as they are give (almost) nothing. */
  readonly corrected?: string
}

/** A line of a file of a library. */
export interface InnerHit {
  readonly path: string
  /** From 1. */
  readonly line: number
  /** The nearest heading above it. */
  readonly heading?: string
  readonly text: string
}

export interface FileChange {
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Of a text file of a size that people read. */
  readonly hunks?: readonly DiffHunk[]
}

export interface DiffHunk {
  readonly fromLine: number
  readonly toLine: number
  /** ` `, `-` or `+`, then the line. */
  readonly lines: readonly string[]
}

export interface Diff {
  readonly from: string
  readonly to: string
  readonly files: readonly FileChange[]
  /** Files that are the same on both sides. */
  readonly same: number
}

/** An archive, open for reading. */
export interface OpenArchive {
  readonly version: VersionFacts
  readonly bytes: number
  readonly digest: string
  /** The bytes of `range` (inclusive, within the archive), or all. */
  read(range?: { readonly first: number; readonly last: number }): AsyncIterable<Uint8Array>
  /** Reading is over. */
  release(): void
}

export type GrantRole = 'read' | 'publish'

export interface LibraryGrant {
  /** Handle of a user or team. */
  readonly to: string
  readonly role: GrantRole
}

export interface Owners {
  readonly owner: string
  readonly coOwners: readonly string[]
  readonly invitations: readonly Invitation[]
}

export interface Invitation extends LibraryRef {
  /** To own it too, or instead of who does. */
  readonly kind: 'co-owner' | 'transfer'
  /** Handle of a user or team. */
  readonly to: string
  readonly by: string
  readonly at: number
}

/** Somebody who is told what happens to a library. */
export interface Webhook {
  readonly id: string
  readonly url: string
  /** All when empty. */
  readonly events: readonly FeedEvent[]
  readonly by: string
  readonly at: number
  /** How much of it waits, and what was given up. */
  readonly waiting: number
  readonly givenUp: number
}

export interface TrustedPublisher {
  readonly id: string
  /** URL of the issuer, as in `iss`. */
  readonly issuer: string
  /** Claims that must be so, at least one of whose token it is; `*` in a value stands for any characters but a slash, `?` for one. */
  readonly claims: Readonly<Record<string, string>>
  readonly by: string
  readonly at: number
}

export interface Usage {
  readonly libraries: number
  readonly versions: number
  /** Of all archives. */
  readonly bytes: number
  /** Versions since midnight (UTC). */
  readonly publishedToday: number
}

/** What is left out is not limited. */
export interface Quota {
  readonly bytes?: number
  readonly libraries?: number
  readonly publishesPerDay?: number
}

export interface QuotaAndUsage {
  readonly owner: string
  readonly quota: Quota
  readonly usage: Usage
}

export interface DownloadStatistics {
  readonly total: number
  /** Every day of the time asked for, oldest first: `2026-11-22`. */
  readonly days: readonly { readonly date: string; readonly count: number }[]
  readonly top: readonly (LibraryRef & { readonly downloads: number })[]
}

export interface LibraryStatistics {
  readonly libraries: number
  readonly versions: number
  readonly bytes: number
  /** The most used, with how many libraries have each. */
  readonly tags: readonly { readonly tag: string; readonly count: number }[]
}

/** Who asked how often, by day; for administrators, and everybody for themselves. */
export interface ApiUse {
  readonly handle: string
  readonly date: string
  readonly requests: number
}

/** What happened, in order; `sequence` is where to go on. */
export interface FeedEntry extends LibraryRef {
  readonly sequence: number
  readonly at: number
  readonly event: FeedEvent
  readonly version?: string
  /** A handle. */
  readonly by: string
}

export const feedEvents = [
  'published',
  'approved',
  'rejected',
  'yanked',
  'unyanked',
  'deprecated',
  'deleted',
  'tagged',
  'updated',
  'transferred',
] as const
export type FeedEvent = (typeof feedEvents)[number]

export interface Advisory extends LibraryRef {
  readonly id: string
  /** A range of versions that it is about. */
  readonly range: string
  /** What is safe again, if anything. */
  readonly patched?: string
  readonly severity: 'low' | 'moderate' | 'high' | 'critical'
  readonly title: string
  readonly details: string
  readonly url?: string
  readonly publishedAt: number
  readonly withdrawnAt?: number
}

export interface SigningKey {
  readonly id: string
  /** Raw Ed25519, base64url. */
  readonly publicKey: string
  readonly createdAt: number
  /** Signs no more, but what it signed stands. */
  readonly retiredAt?: number
}

/** What waits for somebody's word. */
export interface ModerationEntry extends VersionFacts {
  readonly state: 'staged' | 'quarantined'
}

export interface Swept {
  readonly archives: number
  readonly bytes: number
}

export interface Rehashed {
  readonly archives: number
  /** Digests of those that are other than they should be, or gone. */
  readonly damaged: readonly string[]
}
