/** Libraries on a listener, whatever they stand on: the domain, its door, and what whoever serves them does from time to time. */
import type { AccountParts } from '#api/accounts/route'
import { accountRoutes } from '#api/accounts/routes'
import type { CrossOrigins } from '#api/cross-origin'
import { createLibraryDoor } from '#api/library/door'
import { createLibraryPages } from '#api/library/pages/door'
import type { RequestBudgets } from '#api/library/request-budgets'
import { Slots } from '#api/library/route'
import { libraryRoutes } from '#api/library/routes'
import type { RateLimits } from '#api/rate-limits'
import { bindRoutes } from '#api/rest-route'
import type { AuditLog } from '#audit/audit-log'
import type { ChangeLog } from '#changelog/change'
import type { HttpHandler } from '#http/message'
import type { Accounts } from '#identity/accounts'
import { type Actor, everyLibrary, tokenScopes, type UserActor } from '#identity/actor'
import { personFault } from '#identity/faults'
import { readScope } from '#identity/scopes'
import type { Keyring } from '#keyring/keyring'
import type { ArchiveStore } from '#library/archive-store'
import type { Libraries } from '#library/libraries'
import { type OpenMirror, openMirror } from '#library/mirror'
import { openLibraries } from '#library/open-libraries'
import type { LibraryParts, RegistryRules } from '#library/parts'
import { Upstream } from '#library/upstream'
import { WebhookDispatcher } from '#library/webhook-dispatcher'
import { repeatUntilStopped } from '#main/background'
import { readLibraryPageFiles } from '#main/library-page-files'
import type { UpstreamSettings } from '#main/library-settings'
import { version } from '#main/version'
import type { Queryable } from '#sql/sql'
import type { LibraryFigures } from '#telemetry/library-metrics'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** Where archives are that are objects of a store. */
export const libraryBucket = 'mycelium-libraries'

/** Each holds an open archive, a digest and the text that is searched; more of them would only share the same cores. */
const publishesAtOnce = 16

/** What libraries stand on. */
export interface LibraryGround {
  /** The change log's database. */
  readonly sql: Queryable
  readonly changelog: ChangeLog
  readonly keyring: Keyring
  readonly accounts: Accounts
  readonly archives: ArchiveStore
}

export interface LibraryServiceOptions extends LibraryGround {
  readonly rules: RegistryRules
  /** What is fetched from another registry when it is first asked for. */
  readonly upstream?: UpstreamSettings | undefined
  readonly auditLog: AuditLog | undefined
  readonly budgets: RequestBudgets
  readonly rates: RateLimits
  /** Where people reach it, without a slash at the end. */
  readonly publicUrl: string | undefined
  readonly crossOrigins: CrossOrigins
  readonly isProxy: (address: string) => boolean
  readonly world: World
  readonly telemetry: Telemetry
}

export interface LibraryService extends AsyncDisposable {
  readonly libraries: Libraries
  /** Answers everything below `/api/v1`. */
  readonly api: HttpHandler
  /** Answers everything else: pages for people. */
  readonly pages: HttpHandler
  figures(): Promise<LibraryFigures>
}

/** Begins what is done from time to time. Disposing stops that, waits until nothing of it is under way, and makes counts durable. */
export async function openLibraryService(options: LibraryServiceOptions): Promise<LibraryService> {
  const { sql, accounts, rules, publicUrl, auditLog } = options
  const scopes = { find: (handle: string) => readScope(sql, handle) }
  const own = await openLibraries({ ...options, scopes })
  const mirror = behind(own, { ...options, scopes })
  const libraries = mirror?.libraries ?? own
  const pages = createLibraryPages({
    ...options,
    libraries,
    anonymousRead: rules.anonymousRead,
    removalWindowMs: rules.removalWindowMs,
    readFiles: readLibraryPageFiles,
    onUse: (actor) => libraries.countUse(actor),
  })
  const people: AccountParts = {
    ...{ accounts, auditLog, publicUrl, mayRemoveTeam },
    figures: (actor, scope) => scopeFigures(libraries, actor, scope),
    trustedBy: (issuer, claims) => libraries.trustedBy(issuer, claims),
    onSignedOn: (signedOn) => pages.signedOn(signedOn),
    onSignOnRefused: (failure) => pages.signOnRefused(failure),
  }
  const parts = {
    ...{ libraries, publicUrl, publishing: new Slots(publishesAtOnce) },
    archiveBytesMax: rules.archiveLimits.packedBytesMax,
  }
  const api = createLibraryDoor({
    ...options,
    routes: [...bindRoutes(accountRoutes, people), ...bindRoutes(libraryRoutes, parts)],
    authenticate: (token, from) => accounts.tokens.authenticate(token, from),
    anonymousRead: rules.anonymousRead,
    onUse: (actor) => libraries.countUse(actor),
    version,
  })
  const stop = tendLibraries(libraries, { ...options, mirror })
  return {
    libraries,
    api,
    pages: pages.answer,
    figures: () => libraries.statistics(watcher),
    async [Symbol.asyncDispose]() {
      await stop()
      await libraries[Symbol.asyncDispose]()
    },
  }
}

/** With what the upstream has, where there is one. */
function behind(
  libraries: Libraries,
  { upstream: settings, ...parts }: LibraryServiceOptions & Pick<LibraryParts, 'scopes'>,
): OpenMirror | undefined {
  if (settings === undefined) return undefined
  const { globs, ...place } = settings
  const upstream = new Upstream({ ...place, world: parts.world })
  return openMirror(libraries, parts, { upstream, ...(globs === undefined ? {} : { globs }) })
}

/** Who looks at everything, for figures about all of it. Nobody has its token. */
const watcher: UserActor = {
  ...{ kind: 'user', id: '', handle: '', isAdmin: true, teams: new Map() },
  token: {
    ...{ id: '', name: 'metrics', kind: 'login' },
    ...{ scopes: tokenScopes, globs: [everyLibrary] },
  },
}

/** A team stays while libraries are known by its name. `identity/team-in-use` */
async function mayRemoveTeam(tx: Queryable, { name }: { readonly name: string }): Promise<void> {
  const found = await tx.query`
    select 1 as found from library where scope = ${name} or owner = ${name} limit 1`
  if (found.length > 0) throw personFault('identity/team-in-use', { name })
}

const pageLibraries = 100

async function scopeFigures(libraries: Libraries, actor: Actor, scope: string) {
  let downloads = 0
  let cursor: string | undefined
  for (;;) {
    const page = { scope, perPage: pageLibraries, ...(cursor === undefined ? {} : { cursor }) }
    const { libraries: found, total, next } = await libraries.find(actor, page)
    downloads += found.reduce((sum, one) => sum + one.downloads, 0)
    if (next === undefined) return { libraries: total, downloads }
    cursor = next
  }
}

const flushMs = 60_000
const sweepMs = 3_600_000
/** Every archive is read once a week. */
const rehashMs = 7 * 86_400_000

/** What a webhook has not taken for so long is given up. */
const giveUpMs = 7 * 86_400_000

/** Returns what stops it, and waits until nothing of it is under way. */
function tendLibraries(
  libraries: Libraries,
  {
    sql,
    changelog,
    keyring,
    rules,
    mirror,
    world,
    telemetry,
  }: LibraryServiceOptions & { readonly mirror: OpenMirror | undefined },
): () => Promise<void> {
  const stop = new AbortController()
  const { signal } = stop
  const repeat = (name: string, everyMs: number, work: () => Promise<unknown>): Promise<void> =>
    repeatUntilStopped({ name, delayMs: () => everyMs, work, signal, world, telemetry })
  const webhooks = new WebhookDispatcher({
    ...{ sql, changelog, keyring, world, telemetry, giveUpMs },
    isPrivate: rules.privateWebhooks === true,
  })
  const running = [
    webhooks.run(signal),
    mirror?.follow(signal),
    repeat('counting downloads', flushMs, () => libraries.flush()),
    repeat('sweeping archives', sweepMs, () => libraries.sweep({ signal })),
    repeat('checking archives', rehashMs, () => libraries.rehash({ signal })),
  ]
  return async () => {
    stop.abort()
    await Promise.allSettled(running)
  }
}
