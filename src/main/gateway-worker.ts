/** A gateway thread: HTTP, signatures, XML and hashes of small bodies, beside the thread that has the database. */
import { strict as assert } from 'node:assert'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { RateLimits, type RateTables } from '#api/rate-limits'
import { refuseBytes, refuseRequest } from '#api/s3/error-response'
import { Forwarder } from '#forward/forwarder'
import type { Holder } from '#forward/holder'
import { connectToStore, type StoreConnection } from '#gateway/client'
import { type ErrorMessage, packError } from '#gateway/error-message'
import { threadPort } from '#gateway/port'
import type { Principal } from '#identity/principal'
import { type CertificateFiles, listenAs } from '#main/certificate'
import { gatewayModules, loadLater } from '#main/late-modules'
import type { Wish } from '#main/ports'
import { openS3Door } from '#main/s3-door'
import { plainMount } from '#main/s3-mounts'
import { silentTelemetry, type Telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'

export interface GatewayStart {
  readonly host: string
  readonly wish: Wish
  readonly sharesPort: boolean
  readonly certificate: CertificateFiles | undefined
}

/** What the thread is told while it listens. */
export type GatewayOrder =
  | { readonly follow: Holder | undefined }
  | { readonly serve: GatewayService }
  | 'close'

export interface GatewayService {
  /** Ends in the store's thread. */
  readonly port: MessagePort
  readonly root: Principal
  /** Shared by all threads. */
  readonly rateTables: RateTables
  readonly domains: readonly string[]
  readonly hostsAreBuckets: boolean
  readonly pass: string | undefined
}

export type GatewayReport =
  | { readonly listensOn: number }
  | { readonly failed: ErrorMessage }
  | { readonly note: Parameters<Telemetry['note']> }
  | { readonly isClosed: true }

const loadMs = 1_000

const control = parentPort
assert(control !== null)
const report = (message: GatewayReport): void => control.postMessage(message)
const world = systemWorld()
/** Of the listener; the door tells the store's thread what happened. */
const telemetry: Telemetry = { ...silentTelemetry, note: (...note) => report({ note }) }
const closing = new AbortController()
let served: { readonly connection: StoreConnection; readonly port: MessagePort } | undefined

function serve(forwarder: Forwarder, service: GatewayService): void {
  const { port, root, rateTables, domains, hostsAreBuckets, pass } = service
  const connection = connectToStore(threadPort(port))
  served = { connection, port }
  const { objects, identities, telemetry: heard } = connection
  const rates = new RateLimits(rateTables, { world })
  const door = openS3Door(
    { ...plainMount, hostsAreBuckets },
    { objects, identities, root, domains, rates, world, telemetry: heard },
  )
  forwarder.serve(door.handle, { pass })
}

try {
  const { certificate, ...where } = workerData as GatewayStart // made by `gateways.ts` only
  const { host, wish, sharesPort } = where
  const forwarder = new Forwarder({
    refuse: refuseRequest,
    certificate: () => server.certificate,
    world,
  })
  const { handle: handler } = forwarder
  const listener = { host, sharesPort, world, telemetry, handler, refusal: refuseBytes }
  const server = await listenAs(certificate, listener, { wish, signal: closing.signal })
  control.on('message', (order: GatewayOrder) => {
    if (order === 'close') closing.abort()
    else if ('follow' in order) forwarder.follow(order.follow)
    else serve(forwarder, order.serve)
  })
  report({ listensOn: server.port })
  const callOff = loadLater(gatewayModules, { world, telemetry })
  while (!closing.signal.aborted) {
    served?.connection.tellLoad(server.exchanges)
    await world.sleep(loadMs, { signal: closing.signal }).catch(() => {}) // closing
  }
  callOff()
  await forwarder.close()
  await server.close()
  await served?.connection.heard() // how the last requests have ended
  report({ isClosed: true })
} catch (error) {
  report({ failed: packError(error) })
}
control.close()
served?.port.close()
