/** Libraries on a listener, whatever they stand on: the door, and what whoever serves them does from time to time. */
import { accountRoutes } from '#api/accounts/routes'
import type { CrossOrigins } from '#api/cross-origin'
import { createLibraryDoor } from '#api/library/door'
import type { RequestBudgets } from '#api/library/request-budgets'
import { Slots } from '#api/library/route'
import { libraryRoutes } from '#api/library/routes'
import type { RateLimits } from '#api/rate-limits'
import { bindRoutes } from '#api/rest-route'
import type { HttpHandler } from '#http/message'
import type { Accounts } from '#identity/accounts'
import type { RegistryRules } from '#library/_parts'
import type { Libraries } from '#library/libraries'
import { repeatUntilStopped } from '#main/background'
import { version } from '#main/version'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** Each holds an open archive, a digest and the text that is searched; more of them would only share the same two cores. */
const publishesAtOnce = 16

export interface ServeLibrariesOptions {
  readonly libraries: Libraries
  readonly accounts: Accounts
  readonly rules: RegistryRules
  readonly budgets: RequestBudgets
  readonly rates: RateLimits
  readonly publicUrl: string | undefined
  readonly crossOrigins: CrossOrigins
  readonly isProxy: (address: string) => boolean
  readonly world: World
  readonly telemetry: Telemetry
}

/** Answers everything below `/api/v1`. */
export function openLibraryDoor(options: ServeLibrariesOptions): HttpHandler {
  const { libraries, accounts, rules, publicUrl, world } = options
  const parts = {
    ...{ libraries, publicUrl, publishing: new Slots(publishesAtOnce) },
    archiveBytesMax: rules.archiveLimits.packedBytesMax,
  }
  return createLibraryDoor({
    ...options,
    routes: [
      ...bindRoutes(accountRoutes, { accounts, libraries, publicUrl, world }),
      ...bindRoutes(libraryRoutes, parts),
    ],
    authenticate: (token, from) => accounts.tokens.authenticate(token, from),
    anonymousRead: rules.anonymousRead,
    onUse: (actor) => libraries.countUse(actor),
    version,
  })
}

const flushMs = 60_000
const sweepMs = 3_600_000
/** Every archive is read once a week. */
const rehashMs = 7 * 86_400_000

/** Disposing stops it, waits until nothing of it is under way, and makes counts durable. */
export function tendLibraries({
  libraries,
  world,
  telemetry,
}: Pick<ServeLibrariesOptions, 'libraries' | 'world' | 'telemetry'>): AsyncDisposable {
  const stop = new AbortController()
  const { signal } = stop
  const repeat = (name: string, everyMs: number, work: () => Promise<unknown>): Promise<void> =>
    repeatUntilStopped({ name, delayMs: () => everyMs, work, signal, world, telemetry })
  const running = [
    repeat('counting downloads', flushMs, () => libraries.flush()),
    repeat('sweeping archives', sweepMs, () => libraries.sweep({ signal })),
    repeat('checking archives', rehashMs, () => libraries.rehash({ signal })),
  ]
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.allSettled(running)
      await libraries.flush().catch((error: unknown) => {
        telemetry.note('warn', 'the last counts are lost', { error: String(error) })
      })
    },
  }
}
