/** The S3 port, served by threads of their own beside the one that has the store. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { RateTables } from '#api/rate-limits'
import type { Holder } from '#forward/holder'
import { unpackError } from '#gateway/error-message'
import { threadPort } from '#gateway/port'
import { type ServedGateway, serveGateway } from '#gateway/server'
import type { IdentitySource } from '#identity/accounts'
import type { Principal } from '#identity/principal'
import type { CertificateFiles } from '#main/certificate'
import type { GatewayOrder, GatewayReport, GatewayStart } from '#main/gateway-worker'
import { type Listener, listen, type Wish } from '#main/ports'
import type { ObjectStore } from '#object/model'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** Listens at once; whoever asks waits until it is told to forward or to serve. */
export interface S3Port extends Listener, AsyncDisposable {
  /** Requests go to that process from now on; to nobody: they wait. */
  follow(holder: Holder | undefined): void
  /** Requests are answered here from now on. */
  serve(service: S3Service): void
}

/** What S3 is answered by. */
export interface S3Service {
  readonly objects: ObjectStore
  readonly identities: IdentitySource
  readonly root: Principal
  readonly rateTables: RateTables
  readonly domains: readonly string[]
  readonly hostsAreBuckets: boolean
  /** Who forwards to us knows it; `undefined` where nobody does. */
  readonly pass: string | undefined
  readonly telemetry: Telemetry
}

export interface S3PortOptions {
  /** Threads beside the one of the store. */
  readonly gateways: number
  readonly host: string
  readonly wish: Wish
  readonly certificate: CertificateFiles | undefined
  readonly world: World
  readonly telemetry: Telemetry
  /** Called when a thread has died, which none should. */
  readonly onDeath: (error: unknown) => void
}

/** All listen on one port when the promise resolves. `main/port-in-use`, `main/port-refused`. Disposing finishes requests in flight first. */
export async function openGateways(options: S3PortOptions): Promise<S3Port> {
  await using stack = new AsyncDisposableStack()
  const sharesPort = options.gateways > 1
  const port = sharesPort ? await findPort(options) : undefined
  const wish = port === undefined ? options.wish : { ...options.wish, named: port }
  const gateways = await Promise.all(
    Array.from({ length: options.gateways }, async () => {
      return stack.use(await openGateway(options, { wish, sharesPort }))
    }),
  )
  stack.move() // all are open: from here on they close together
  return {
    port: gateways[0]?.port ?? 0,
    get exchanges() {
      return gateways.reduce((sum, { exchanges }) => sum + exchanges, 0)
    },
    follow(holder) {
      for (const gateway of gateways) gateway.follow(holder)
    },
    serve(service) {
      for (const gateway of gateways) gateway.serve(service)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()))
    },
  }
}

/** Who shares a port is let in wherever all others share it too: whether it is free must be asked without sharing. */
async function findPort({ host, wish, world, telemetry }: S3PortOptions): Promise<number> {
  const nobody = { status: 503, headers: {} }
  const handler = async () => nobody
  const refusal = () => nobody
  await using probe = await listen({ host, world, telemetry, handler, refusal }, wish)
  return probe.port
}

async function openGateway(
  { host, certificate, telemetry, onDeath }: S3PortOptions,
  { wish, sharesPort }: { readonly wish: Wish; readonly sharesPort: boolean },
): Promise<S3Port> {
  const start: GatewayStart = { host, wish, sharesPort, certificate }
  const worker = new Worker(new URL('./gateway-worker.ts', import.meta.url), { workerData: start })
  const order = (order: GatewayOrder, ...moved: readonly MessagePort[]): void =>
    worker.postMessage(order, moved)
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
    else if ('note' in report) telemetry.note(...report.note)
    else closed.resolve()
  })
  worker.on('error', die)
  let served: { readonly gateway: ServedGateway; readonly own: MessagePort } | undefined
  try {
    const listensOn = await listening.promise
    return {
      port: listensOn,
      get exchanges() {
        return served?.gateway.exchanges ?? 0
      },
      follow: (holder) => order({ follow: holder }),
      serve({ objects, identities, telemetry: heard, ...rest }) {
        const { root, rateTables, domains, hostsAreBuckets, pass } = rest
        const { port1: port, port2: own } = new MessageChannel()
        const parts = { objects, identities, telemetry: heard }
        served = { gateway: serveGateway(threadPort(own), parts), own }
        order({ serve: { port, root, rateTables, domains, hostsAreBuckets, pass } }, port)
      },
      async [Symbol.asyncDispose]() {
        order('close')
        await closed.promise
        served?.own.close()
        await worker.terminate()
      },
    }
  } catch (error) {
    await worker.terminate()
    throw error
  }
}
