/** The S3 door on real sockets over a whole store on memory nodes: once as on port 9000, once as the local mount. */
import { RateLimits } from '#api/rate-limits'
import { createS3Door, type S3Door } from '#api/s3/door'
import type { S3DoorOptions } from '#api/s3/door-options'
import { createWebsiteDoor } from '#api/s3/website-door'
import { Lookups } from '#gateway/lookups'
import type { HttpLimits } from '#http/limits'
import { type HttpServer, openHttpServer } from '#http/server'
import type { Accounts } from '#identity/accounts'
import { parsePrincipalId } from '#identity/principal'
import type { KeyService } from '#kms/key-service'
import type { ObjectStore } from '#object/model'
import { type RequestEnded, silentTelemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { type MemoryStore, openMemoryStore } from '../../memory-store.ts'

export const accessKeyId = 'AKIATEST'
export const secret = 'secret/of+test'
export const owner = { id: 'a'.repeat(64), displayName: 'root' }

export interface S3Server extends AsyncDisposable {
  readonly objects: ObjectStore
  readonly accounts: Accounts
  readonly namedKeys: KeyService
  readonly store: MemoryStore
  /** Plain S3 at `/`, credentials needed. */
  readonly s3Url: string
  readonly port: number
  /** Root's. */
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** The same store at `/s3`, anonymous for local users. */
  readonly localPort: number
  /** Its buckets as websites, by host: `BUCKET.s3-website.localhost`. */
  readonly websitePort: number
  readonly ended: readonly RequestEnded[]
  /** Resolves when no request holds a slot of body memory. */
  settled(): Promise<void>
  /** Takes every shard from that many nodes. */
  loseShards(nodes: number): Promise<void>
}

export interface S3ServerOptions {
  readonly limits?: Partial<HttpLimits>
  readonly door?: Partial<S3DoorOptions>
}

export async function startS3Server({
  limits = {},
  door = {},
}: S3ServerOptions = {}): Promise<S3Server> {
  const store = await openMemoryStore({
    profile: { data: 4, parity: 2 },
    nodes: 6,
    blockBytes: 64 * 1024,
    chunkBytes: 4 * 1024 * 1024,
    storageClasses: new Map([['REDUCED_REDUNDANCY', { data: 4, parity: 1 }]]),
  })
  const world = systemWorld()
  const ended: RequestEnded[] = []
  const telemetry = { ...silentTelemetry, requestEnded: (event: RequestEnded) => ended.push(event) }
  const { objects, accounts } = store
  const root = await accounts.ensureRoot({ accessKeyId, secret }, parsePrincipalId(owner.id))
  const common: S3DoorOptions = {
    objects,
    lookups: new Lookups({ identities: accounts, objects }),
    root,
    rates: new RateLimits({}, { world }),
    regions: ['us-east-1'],
    domains: ['localhost'],
    mount: '',
    guests: undefined,
    createsBuckets: false,
    world,
    telemetry,
    ...door,
  }
  const serve = ({ handle: handler, refuse: refusal }: S3Door): Promise<HttpServer> =>
    openHttpServer({ host: '127.0.0.1', port: 0, handler, refusal, limits, world, telemetry })
  const plainDoor = createS3Door(common)
  const plain = await serve(plainDoor)
  const guests = { alsoFrom: () => false }
  const local = await serve(
    createS3Door({ ...common, domains: [], mount: '/s3', guests, createsBuckets: true }),
  )
  const handle = createWebsiteDoor({ ...common, domains: ['s3-website.localhost'] })
  const website = await serve({ ...plainDoor, handle })
  return {
    objects,
    accounts,
    namedKeys: store.keys,
    store,
    s3Url: `http://127.0.0.1:${plain.port}`,
    port: plain.port,
    accessKeyId,
    secretAccessKey: secret,
    localPort: local.port,
    websitePort: website.port,
    ended,
    async settled() {
      const { slots } = store.codec
      while (slots.free !== slots.slots) await world.sleep(2)
    },
    async loseShards(nodes) {
      for (const { stores } of store.nodes.slice(0, nodes)) {
        for await (const { id } of stores.shards.list()) await stores.shards.remove(id)
      }
    },
    async [Symbol.asyncDispose]() {
      await plain.close({ graceMs: 0 })
      await local.close({ graceMs: 0 })
      await website.close({ graceMs: 0 })
      await store[Symbol.asyncDispose]()
    },
  }
}
