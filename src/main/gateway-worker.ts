/** A gateway thread: HTTP, signatures, XML and hashes of small bodies, beside the thread that has the database. */
import { strict as assert } from 'node:assert'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { RateLimits, type RateTables } from '#api/rate-limits'
import { connectToStore } from '#gateway/client'
import { type ErrorMessage, packError } from '#gateway/error-message'
import { threadPort } from '#gateway/port'
import type { Principal } from '#identity/principal'
import { type CertificateFiles, listenAs } from '#main/certificate'
import type { Wish } from '#main/ports'
import { openS3Door, plainMount } from '#main/s3-door'
import { systemWorld } from '#world/system'

export interface GatewayStart {
  /** Ends in the store's thread. */
  readonly port: MessagePort
  readonly host: string
  readonly wish: Wish
  readonly sharesPort: boolean
  readonly certificate: CertificateFiles | undefined
  readonly root: Principal
  /** Shared by all threads. */
  readonly rateTables: RateTables
  readonly domains: readonly string[]
  readonly hostsAreBuckets: boolean
}

export type GatewayReport =
  | { readonly listensOn: number }
  | { readonly failed: ErrorMessage }
  | { readonly isClosed: true }

const loadMs = 1_000

const control = parentPort
assert(control !== null)
const report = (message: GatewayReport): void => control.postMessage(message)
const { port, host, wish, sharesPort, ...start } = workerData as GatewayStart // made by `gateways.ts` only
const { certificate, root, rateTables, domains, hostsAreBuckets } = start
const world = systemWorld()
const rates = new RateLimits(rateTables, { world })
const { objects, identities, telemetry, tellLoad, heard } = connectToStore(threadPort(port))
const { handle: handler, refuse: refusal } = openS3Door(
  { ...plainMount, hostsAreBuckets },
  { objects, identities, root, domains, rates, world, telemetry },
)

try {
  const closing = new AbortController()
  const listener = { host, sharesPort, world, telemetry, handler, refusal }
  const server = await listenAs(certificate, listener, { wish, signal: closing.signal })
  control.once('message', () => closing.abort()) // there is only one thing to be told
  report({ listensOn: server.port })
  while (!closing.signal.aborted) {
    tellLoad(server.exchanges)
    await world.sleep(loadMs, { signal: closing.signal }).catch(() => {}) // closing
  }
  await server.close()
  await heard() // how the last requests have ended
  report({ isClosed: true })
} catch (error) {
  report({ failed: packError(error) })
}
control.close()
port.close()
