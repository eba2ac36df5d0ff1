/**
 * Libraries: what every door and page asks. The actor comes first, and each call decides its rights itself (`rights.ts`): what somebody may not know
 * of is `library/no-such-library`, whatever is asked about it. Everything that changes something returns when the change is durable; everything that
 * reads sees only what is. Any call may fail with faults of `sql` and `changelog`.
 */
import type { Actor } from '#identity/actor'
import type {
  Advisory,
  ApiUse,
  Diff,
  DownloadStatistics,
  FeedEntry,
  FeedEvent,
  FileFacts,
  FindQuery,
  Found,
  GrantRole,
  InnerHit,
  Invitation,
  LibraryFacts,
  LibraryGrant,
  LibraryRef,
  LibrarySettings,
  LibraryStatistics,
  LibraryWithVersions,
  ModerationEntry,
  OpenArchive,
  Owners,
  Published,
  PublishRequest,
  Quota,
  QuotaAndUsage,
  Rehashed,
  SigningKey,
  Swept,
  TrustedPublisher,
  VersionFacts,
  Visibility,
  Webhook,
} from '#library/model'

export interface VersionRef extends LibraryRef {
  readonly version: string
}

/** Disposing makes the last counts durable. */
export interface Libraries extends AsyncDisposable {
  // Publishing.

  /**
   * Checked and hashed as it comes, durable under its digest, then visible in one step. The same bytes again by the same publisher are success.
   * `library/version-exists`, `library/version-deleted`, `library/digest-mismatch`, `library/quota-exceeded`, `library/name-too-similar`,
   * `library/not-confirmed`, `library/archived`, `library/content-blocked`, `library/trusted-publishing-only`, those of archives.
   */
  publish(actor: Actor, request: PublishRequest): Promise<Published>
  /** What waits becomes live, or blocked: staged ones by who manages the library, quarantined ones by an administrator. `library/not-waiting` */
  approve(actor: Actor, ref: VersionRef): Promise<VersionFacts>
  reject(actor: Actor, ref: VersionRef, reason: string): Promise<VersionFacts>
  /** It stays for who has it locked, and is found by no one else. A second reason replaces the first. */
  yank(actor: Actor, ref: VersionRef, reason: string): Promise<VersionFacts>
  unyank(actor: Actor, ref: VersionRef): Promise<VersionFacts>
  /** Of one version, or of the library; `undefined` takes it back. */
  deprecate(
    actor: Actor,
    ref: LibraryRef & { readonly version?: string },
    message: string | undefined,
  ): Promise<void>
  /** For ever, number and all; within 72 hours, by an administrator at any time. `library/removal-window-over` */
  remove(actor: Actor, ref: VersionRef): Promise<void>
  /** All its versions so; one without any that ever was vanishes. */
  removeLibrary(actor: Actor, ref: LibraryRef): Promise<void>
  setDistTag(actor: Actor, ref: LibraryRef, tag: string, version: string): Promise<void>
  removeDistTag(actor: Actor, ref: LibraryRef, tag: string): Promise<void>
  /** What is left out stays. To become public it must be confirmed: `library/not-confirmed`. */
  update(
    actor: Actor,
    ref: LibraryRef,
    changes: {
      readonly visibility?: Visibility
      readonly confirmsPublic?: boolean
      readonly isArchived?: boolean
      readonly settings?: Partial<LibrarySettings>
    },
  ): Promise<LibraryFacts>

  // Reading.

  library(actor: Actor, ref: LibraryRef): Promise<LibraryFacts>
  /** Highest first. Staged, quarantined and blocked ones only for who may publish; deleted ones are named, no more. */
  versions(actor: Actor, ref: LibraryRef): Promise<LibraryWithVersions>
  /** `library/no-such-version`, `library/version-deleted` */
  version(actor: Actor, ref: VersionRef): Promise<VersionFacts>
  /** The highest that a range takes, or what a dist-tag names; yanked ones only where nothing else is named exactly. `library/no-such-version` */
  resolve(actor: Actor, ref: LibraryRef, rangeOrTag: string): Promise<VersionFacts>
  /** Counts as a download unless `isPeek`. `library/version-unavailable` of what waits or is blocked, for who may know of it. */
  archive(
    actor: Actor,
    ref: VersionRef,
    options: { readonly signal: AbortSignal; readonly isPeek?: boolean },
  ): Promise<OpenArchive>
  files(actor: Actor, ref: VersionRef): Promise<readonly FileFacts[]>
  /** `library/no-such-file`. Counts nothing. */
  file(
    actor: Actor,
    ref: VersionRef & { readonly path: string },
    options: { readonly signal: AbortSignal },
  ): Promise<FileFacts & { readonly content: AsyncIterable<Uint8Array> }>
  /** Markdown as published; `undefined` where there is none. */
  readme(
    actor: Actor,
    ref: VersionRef,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly path: string; readonly text: string } | undefined>
  /** JSON, as published; `undefined` where there is none. */
  provenance(
    actor: Actor,
    ref: VersionRef,
    options: { readonly signal: AbortSignal },
  ): Promise<string | undefined>
  diff(
    actor: Actor,
    ref: LibraryRef,
    range: { readonly from: string; readonly to: string },
    options: { readonly signal: AbortSignal },
  ): Promise<Diff>
  /** Search and list alike. `library/malformed-query`, `library/malformed-cursor` */
  find(actor: Actor, query: FindQuery): Promise<Found>
  /** Lines of Markdown files that have all words; of the latest version when none is named. At most `limit`. */
  findInside(
    actor: Actor,
    ref: LibraryRef & { readonly version?: string },
    query: { readonly text: string; readonly limit?: number },
    options: { readonly signal: AbortSignal },
  ): Promise<readonly InnerHit[]>

  // Who may.

  owners(actor: Actor, ref: LibraryRef): Promise<Owners>
  /** Asks somebody, user or team, to own it too, or instead. */
  invite(
    actor: Actor,
    ref: LibraryRef,
    to: { readonly handle: string; readonly kind: Invitation['kind'] },
  ): Promise<Invitation>
  /** What is offered to the actor and the teams it administers. */
  invitations(actor: Actor): Promise<readonly Invitation[]>
  accept(actor: Actor, ref: LibraryRef, handle: string): Promise<void>
  /** By who was asked, or who asked. */
  decline(actor: Actor, ref: LibraryRef, handle: string): Promise<void>
  /** A co-owner; not the owner itself: `library/last-owner`. */
  removeOwner(actor: Actor, ref: LibraryRef, handle: string): Promise<void>
  grants(actor: Actor, ref: LibraryRef): Promise<readonly LibraryGrant[]>
  setGrant(actor: Actor, ref: LibraryRef, to: string, role: GrantRole): Promise<void>
  removeGrant(actor: Actor, ref: LibraryRef, to: string): Promise<void>
  trustedPublishers(actor: Actor, ref: LibraryRef): Promise<readonly TrustedPublisher[]>
  addTrustedPublisher(
    actor: Actor,
    ref: LibraryRef,
    publisher: Pick<TrustedPublisher, 'issuer' | 'claims'>,
  ): Promise<TrustedPublisher>
  removeTrustedPublisher(actor: Actor, ref: LibraryRef, id: string): Promise<void>
  /** By who manages the library. */
  webhooks(actor: Actor, ref: LibraryRef): Promise<readonly Webhook[]>
  /** Its secret is told this once. `library/malformed-webhook`, `library/too-many` */
  addWebhook(
    actor: Actor,
    ref: LibraryRef,
    webhook: { readonly url: string; readonly events: readonly FeedEvent[] },
  ): Promise<Webhook & { readonly secret: string }>
  /** What waits for it is told to nobody. */
  removeWebhook(actor: Actor, ref: LibraryRef, id: string): Promise<void>
  /** For who exchanges a token of an issuer: which libraries it may publish, and as whom (who trusted it). Asks for no rights. */
  trustedBy(
    issuer: string,
    claims: Readonly<Record<string, unknown>>,
  ): Promise<readonly (LibraryRef & { readonly publisher: TrustedPublisher })[]>

  // Around them.

  /** Of one library, one owner's, or all that the actor may read. `days`: 1 to 366, today included. */
  downloads(
    actor: Actor,
    query: { readonly scope?: string; readonly name?: string; readonly days?: number },
  ): Promise<DownloadStatistics>
  statistics(actor: Actor): Promise<LibraryStatistics>
  /** One request of somebody; told in batches. */
  countUse(actor: Actor): void
  /** Of `handle` to itself and administrators; without one everybody's, to administrators. */
  use(
    actor: Actor,
    query: { readonly handle?: string; readonly days?: number },
  ): Promise<readonly ApiUse[]>
  /** Of a user or team, to those it is. */
  quota(actor: Actor, owner: string): Promise<QuotaAndUsage>
  /** By administrators; replaces the defaults for that owner. */
  setQuota(actor: Actor, owner: string, quota: Quota): Promise<void>
  /** After that sequence, oldest first, of what the actor may read. */
  feed(
    actor: Actor,
    query: { readonly after: number; readonly limit: number },
  ): Promise<{ readonly entries: readonly FeedEntry[]; readonly next: number }>
  advisories(
    actor: Actor,
    query: { readonly scope?: string; readonly name?: string },
  ): Promise<readonly Advisory[]>
  /** What is known against these versions. Those that the actor may not read have none. */
  checkAdvisories(
    actor: Actor,
    versions: readonly VersionRef[],
  ): Promise<readonly (VersionRef & { readonly advisories: readonly Advisory[] })[]>
  publishAdvisory(
    actor: Actor,
    advisory: Omit<Advisory, 'id' | 'publishedAt' | 'withdrawnAt'>,
  ): Promise<Advisory>
  withdrawAdvisory(actor: Actor, id: string): Promise<Advisory>
  /** What waits: of libraries that the actor manages; everything to administrators. */
  moderation(actor: Actor): Promise<readonly ModerationEntry[]>
  /** Newest first: the first one signs. */
  keys(): Promise<readonly SigningKey[]>
  /** By administrators: a new key signs from now on. */
  rotateKey(actor: Actor): Promise<SigningKey>

  // What whoever serves does from time to time.

  /** Counts that are not durable yet become so. */
  flush(): Promise<void>
  /** Removes what rests and no version refers to, older than the grace time. */
  sweep(options: { readonly signal: AbortSignal }): Promise<Swept>
  /** Reads every archive and compares it with its digest. */
  rehash(options: { readonly signal: AbortSignal }): Promise<Rehashed>
  /** Rejects while the database or the archives do not answer. */
  check(): Promise<void>
}
