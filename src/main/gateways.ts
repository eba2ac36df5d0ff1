/** The S3 port, served by threads of their own beside the one that has the store. */
import { MessageChannel, Worker } from 'node:worker_threads'
import type { RateTables } from '#api/rate-limits'
import { unpackError } from '#gateway/error-message'
import { threadPort } from '#gateway/port'
import { type ServedGateway, serveGateway } from '#gateway/server'
import type { IdentitySource } from '#identity/accounts'
import type { GatewayReport, GatewayStart } from '#main/gateway-worker'
import { listen, type Wish } from '#main/ports'
import type { ObjectStore } from '#object/model'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What is told of a listener, wherever it listens. */
export interface Listener {
  readonly port: number
  /** Requests being answered now. */
  readonly exchanges: number
}

export interface GatewaysOptions {
  /** At least 1. */
  readonly count: number
  readonly host: string
  readonly wish: Wish
  readonly certificate: GatewayStart['certificate']
  readonly root: GatewayStart['root']
  readonly rateTables: RateTables
  readonly domains: GatewayStart['domains']
  readonly hostsAreBuckets: GatewayStart['hostsAreBuckets']
  readonly objects: ObjectStore
  readonly identities: IdentitySource
  readonly world: World
  readonly telemetry: Telemetry
  /** Called when a thread has died, which none should. */
  readonly onDeath: (error: unknown) => void
}

/** All listen on one port when the promise resolves. `main/port-in-use`, `main/port-refused`. Disposing finishes requests in flight first. */
export async function openGateways(options: GatewaysOptions): Promise<Listener & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const sharesPort = options.count > 1
  const port = sharesPort ? await findPort(options) : undefined
  const wish = port === undefined ? options.wish : { ...options.wish, named: port }
  const gateways = await Promise.all(
    Array.from({ length: options.count }, async () => {
      return stack.use(await openGateway(options, { wish, sharesPort }))
    }),
  )
  const owned = stack.move()
  return {
    port: gateways[0]?.port ?? 0,
    get exchanges() {
      return gateways.reduce((sum, { exchanges }) => sum + exchanges, 0)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Who shares a port is let in wherever all others share it too: whether it is free must be asked without sharing. */
async function findPort({ host, wish, world, telemetry }: GatewaysOptions): Promise<number> {
  const nobody = { status: 503, headers: {} }
  const handler = async () => nobody
  const refusal = () => nobody
  await using probe = await listen({ host, world, telemetry, handler, refusal }, wish)
  return probe.port
}

async function openGateway(
  { objects, identities, telemetry, onDeath, ...options }: GatewaysOptions,
  { wish, sharesPort }: { readonly wish: Wish; readonly sharesPort: boolean },
): Promise<Listener & AsyncDisposable> {
  const { port1: port, port2: own } = new MessageChannel()
  const { host, certificate, root, rateTables, domains, hostsAreBuckets } = options
  const common = { certificate, root, rateTables, domains, hostsAreBuckets }
  const start: GatewayStart = { port, host, wish, sharesPort, ...common }
  const worker = new Worker(new URL('./gateway-worker.ts', import.meta.url), {
    workerData: start,
    transferList: [port],
  })
  const served: ServedGateway = serveGateway(threadPort(own), { objects, identities, telemetry })
  const listening = Promise.withResolvers<number>()
  const closed = Promise.withResolvers<void>()
  const die = (error: unknown): void => {
    listening.reject(error)
    closed.resolve()
    onDeath(error)
  }
  worker.on('message', (report: GatewayReport) => {
    if ('listensOn' in report) listening.resolve(report.listensOn)
    else if ('failed' in report) listening.reject(unpackError(report.failed))
    else closed.resolve()
  })
  worker.on('error', die)
  try {
    const listensOn = await listening.promise
    return {
      port: listensOn,
      get exchanges() {
        return served.exchanges
      },
      async [Symbol.asyncDispose]() {
        worker.postMessage('close')
        await closed.promise
        own.close()
        await worker.terminate()
      },
    }
  } catch (error) {
    own.close()
    await worker.terminate()
    throw error
  }
}
