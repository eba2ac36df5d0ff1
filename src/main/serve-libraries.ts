/** Libraries on a listener, whatever they stand on: the domain, its door, and what whoever serves them does from time to time. */
import { everyLibrary, tokenScopes, type UserActor } from '#identity/actor'
import { readScope } from '#identity/scopes'
import type { Libraries } from '#library/libraries'
import { type OpenMirror, openMirror } from '#library/mirror'
import { openLibraries } from '#library/open-libraries'
import type { LibraryParts } from '#library/parts'
import { Upstream } from '#library/upstream'
import { WebhookDispatcher } from '#library/webhook-dispatcher'
import { repeatUntilStopped } from '#main/background'
import { late } from '#main/late-door'
import type { LibraryService, LibraryServiceOptions } from '#main/library-service'

/** Where archives are that are objects of a store. */
export const libraryBucket = 'mycelium-libraries'

/** Begins what is done from time to time. Disposing stops that, waits until nothing of it is under way, and makes counts durable. */
export async function openLibraryService(options: LibraryServiceOptions): Promise<LibraryService> {
  const { sql } = options
  const scopes = { find: (handle: string) => readScope(sql, handle) }
  const own = await openLibraries({ ...options, scopes })
  const mirror = behind(own, { ...options, scopes })
  const libraries = mirror?.libraries ?? own
  const doors = late(async () =>
    (await import('#main/library-doors')).openLibraryDoors(libraries, options),
  )
  const stop = tendLibraries(libraries, { ...options, mirror })
  return {
    libraries,
    api: async (request) => (await doors()).api(request),
    pages: async (request) => (await doors()).pages(request),
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
