/**
 * The changes that write the library tables, as they stand in the change log, and the rows they become. docs/formats/library-changes.md
 * Most say how a thing is from now on; `tells` is what the feed says of it, and is not said again in snapshots.
 */
import type { ChangeBody } from '#changelog/change'
import type { SealedSecretJson } from '#identity/sealed-secret'
import type {
  Advisory,
  FeedEvent,
  Finding,
  LibrarySettings,
  Quota,
  SignatureFacts,
  TrustedPublisher,
  VersionState,
  Visibility,
} from '#library/model'
import type { SqlRow } from '#sql/sql'

export type LibraryChange = ChangeBody & { readonly tells?: EventJson } & (
    | ({ readonly kind: 'library/put' } & LibraryJson)
    | ({ readonly kind: 'library/version-put' } & VersionJson)
    | ({ readonly kind: 'library/version-marked' } & MarksJson)
    | {
        readonly kind: 'library/tag-put'
        readonly library: number
        readonly tag: string
        readonly version: string
      }
    | { readonly kind: 'library/tag-removed'; readonly library: number; readonly tag: string }
    | ({ readonly kind: 'library/party-put' } & PartyJson & { readonly by: string })
    | ({ readonly kind: 'library/party-removed' } & PartyJson)
    | ({ readonly kind: 'library/publisher-put' } & PublisherJson)
    | { readonly kind: 'library/publisher-removed'; readonly id: string }
    | ({ readonly kind: 'library/webhook-put' } & WebhookJson)
    | { readonly kind: 'library/webhook-removed'; readonly id: string }
    /** Downloads by version and day (days since 1970): so many more. */
    | {
        readonly kind: 'library/counted'
        readonly counts: readonly (readonly [version: number, day: number, count: number])[]
      }
    /** Requests by handle and day: so many more. */
    | {
        readonly kind: 'library/used'
        readonly uses: readonly (readonly [handle: string, day: number, count: number])[]
      }
    | { readonly kind: 'library/quota-put'; readonly owner: string; readonly quota: Quota }
    | ({ readonly kind: 'library/advisory-put' } & Advisory & { readonly by: string })
    | ({ readonly kind: 'library/key-put' } & KeyJson)
    /** Only in snapshots. */
    | ({ readonly kind: 'library/event' } & EventJson)
  )

export interface EventJson {
  readonly event: FeedEvent
  readonly library: number
  readonly version?: string
  /** A handle. */
  readonly by: string
}

/** Without an id it is a new one, whose id is the sequence of its change. */
export interface LibraryJson {
  readonly id?: number
  readonly scope: string
  readonly name: string
  readonly owner: string
  readonly visibility: Visibility
  readonly settings: LibrarySettings
  readonly archivedAt?: number
  readonly deprecated?: string
  /** The change's own time when left out. */
  readonly updatedAt?: number
}

export type FileJson = readonly [path: string, bytes: number, digest: string]

/** Its id is the sequence of its change. */
export interface VersionJson {
  readonly library: number
  readonly version: string
  readonly state: VersionState
  readonly digest: string
  readonly treeDigest: string
  readonly bytes: number
  readonly unpackedBytes: number
  /** `manifestToJson`'s. */
  readonly manifest: string
  /** The whole of `.mdlibs.toml` as JSON, keys that nobody knows included. */
  readonly document: string
  readonly readme?: BlobJson & { readonly path: string }
  readonly provenance?: BlobJson
  readonly findings: readonly Finding[]
  readonly signature?: SignatureFacts
  readonly files: readonly FileJson[]
  /** Words of its Markdown, with spaces between them. */
  readonly headings: string
  readonly bodies: string
  /** A principal's id, and its handle then. */
  readonly publisher: string
  readonly publishedBy: string
  readonly publishedVia: 'login' | 'api' | 'ci'
  /** Only in snapshots. */
  readonly marks?: Omit<MarksJson, 'version'>
}

/** Something that rests beside archives. */
export interface BlobJson {
  readonly digest: string
  readonly bytes: number
}

/** What is left out stays, what is null is taken away. */
export interface MarksJson {
  /** Its id. */
  readonly version: number
  readonly state?: VersionState
  readonly yanked?: YankJson | null
  readonly deprecated?: string | null
  readonly deletedAt?: number
  readonly damagedAt?: number | null
}

export interface YankJson {
  readonly at: number
  readonly by: string
  readonly reason: string
}

/** What a user or team is to a library besides its owner. */
export interface PartyJson {
  readonly library: number
  readonly handle: string
  readonly role: PartyRole
}
export type PartyRole = 'co-owner' | 'read' | 'publish' | 'asked-to-own' | 'asked-to-take'

export type PublisherJson = Omit<TrustedPublisher, 'at'> & { readonly library: number }

export interface WebhookJson {
  readonly id: string
  readonly library: number
  readonly url: string
  /** All when empty. */
  readonly events: readonly FeedEvent[]
  /** Sealed with `library-webhook ID` as owner. */
  readonly secret: SealedSecretJson
  readonly by: string
}

export interface KeyJson {
  readonly id: string
  readonly publicKey: string
  /** Base64url of the seed, sealed with `library-key ID` as owner. */
  readonly secret: SealedSecretJson
  readonly retiredAt?: number
}

/** `id` is the sequence of the change that made it, `at` that change's time. */
export interface LibraryRow extends SqlRow {
  readonly id: number
  readonly scope: string
  readonly name: string
  readonly skeleton: string
  readonly owner: string
  readonly visibility: string
  readonly settings: string
  readonly archived_at: number | null
  readonly deprecated: string | null
  readonly at: number
  readonly updated_at: number
  /** Version's id: what `latest` means. */
  readonly latest: number | null
  /** Version's id: whose description it has, and whose words are looked through; none where nothing is live. */
  readonly shown: number | null
  /** Its place among words: `searchRowOf`. */
  readonly search_row: number | null
  readonly description: string
  readonly license: string | null
  readonly versions: number
  readonly downloads: number
}

export interface VersionRow extends SqlRow {
  readonly id: number
  readonly library: number
  readonly version: string
  readonly sort_key: string
  readonly is_prerelease: number
  readonly state: string
  readonly digest: string
  readonly tree_digest: string
  readonly bytes: number
  readonly unpacked_bytes: number
  readonly files: number
  readonly manifest: string
  readonly document: string
  readonly readme: string | null
  readonly readme_digest: string | null
  readonly readme_bytes: number | null
  readonly provenance_digest: string | null
  readonly provenance_bytes: number | null
  readonly findings: string
  readonly signature: string | null
  readonly publisher: string
  readonly published_by: string
  readonly published_via: string
  readonly at: number
  readonly yanked: string | null
  readonly deprecated: string | null
  readonly deleted_at: number | null
  readonly damaged_at: number | null
  readonly downloads: number
}

export interface PartyRow extends SqlRow {
  readonly library: number
  readonly handle: string
  readonly role: string
  readonly by_handle: string
  readonly sequence: number
  readonly at: number
}

export interface WebhookRow extends SqlRow {
  readonly id: string
  readonly library: number
  readonly url: string
  readonly events: string
  readonly secret: string
  readonly by_handle: string
  readonly sequence: number
  readonly at: number
}
