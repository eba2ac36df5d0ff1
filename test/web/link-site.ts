/**
 * Everything behind a link, for tests: stores for shards, and two registries with the same manifests, one on https with a certificate of the tests' own, and
 * one on plain http.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ShardLocation } from '#content/metadata'
import { type HeroRedis, openHeroRedis } from '#redis/hero-redis'
import { systemWorld } from '#world/system'
import { makeAuthority } from '../certificate.ts'
import { type StandIn, startHeroRedis, uploaderToken } from '../hero-redis.ts'
import { path, post, startRegistry } from '../integration/registry/registry-server.ts'
import type { Stores, Uploaded } from './upload.ts'

export interface LinkSite extends AsyncDisposable {
  /** In PEM, what a browser has to believe. */
  readonly certificate: string
  readonly stores: Stores
  /** Where the registry answers plain http. */
  readonly plainPort: number
  /** On https. */
  linkTo(of: Uploaded, form?: 'fragment' | 'query'): string
  plainLinkTo(of: Uploaded, domain: string): string
  /** Changes a bit of its shards in these stores. */
  damage(of: Uploaded, stores: readonly number[]): Promise<void>
  /** Stops these stores until it is disposed of. */
  without(stores: readonly number[]): Promise<AsyncDisposable>
  /** What the registries have printed. */
  log(): string
}

const world = systemWorld()
const domain = 'links.test'
const db = 1

export async function startLinkSite({
  required,
  total,
}: {
  readonly required: number
  readonly total: number
}): Promise<LinkSite> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-links-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const stores = stack.use(await startStores(total))
  const backends = stores.locations.map(({ host, port }) => `${host}:${port}/${db}`)
  const authority = makeAuthority(folder)
  const { certificate, privateKey } = authority.issue('links')
  const flags = ['--backend', ...backends]
  const env = { MYCELIUM_LOG: 'debug' }
  const plain = stack.use(await startRegistry({ flags, env }))
  const tls = ['--tls-cert', certificate, '--tls-key', privateKey]
  const secure = stack.use(await startRegistry({ flags: [...flags, ...tls], env }))
  const owned = stack.move()
  return {
    certificate,
    stores: {
      locations: stores.locations,
      required,
      putShard: stores.put,
      async putManifest(blob) {
        const { status } = await post(plain, blob)
        const secureStatus = await postSecurely(secure, { blob, ca: readFileSync(authority.file) })
        if (status !== 200 || secureStatus !== 200) throw new Error('a registry refuses')
      },
    },
    plainPort: plain.port,
    linkTo: ({ hash, key }, form = 'fragment') =>
      `https://${hash}.${domain}:${secure.port}/${form === 'query' ? '?' : '#'}key=${key}`,
    plainLinkTo: ({ hash, key }, below) => `http://${hash}.${below}:${plain.port}/#key=${key}`,
    damage: stores.damage,
    without: stores.without,
    log: () => plain.output() + secure.output(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** `fetch` believes no authority that it was not born with. */
async function postSecurely(
  { port }: { readonly port: number },
  { blob, ca }: { readonly blob: Uint8Array; readonly ca: Buffer },
): Promise<number | undefined> {
  const form = new FormData()
  form.append('data', new Blob([Uint8Array.from(blob)]))
  const multipart = new Response(form)
  const type = multipart.headers.get('content-type') ?? ''
  const headers = { host: `x.${domain}`, 'content-type': type }
  const options = { method: 'POST', host: '127.0.0.1', port, path, ca, headers }
  const posted = request({ ...options, servername: `x.${domain}` })
  posted.end(Buffer.from(await multipart.arrayBuffer()))
  const [{ statusCode }] = (await once(posted, 'response')) as [IncomingMessage]
  return statusCode
}

async function startStores(total: number) {
  const servers: StandIn[] = []
  for (let at = 0; at < total; at += 1) servers.push(await startHeroRedis())
  const locations = servers.map(({ host, port }): ShardLocation => ({ host, port, db }))
  const clients = new Map<number, HeroRedis>()
  const clientOf = async ({ host, port }: ShardLocation): Promise<HeroRedis> => {
    const known = clients.get(port)
    if (known !== undefined) return known
    const login = { kind: 'token', token: uploaderToken } as const
    const client = await openHeroRedis({ host, port, db, login, world })
    clients.set(port, client)
    return client
  }
  const put: Stores['putShard'] = async (location, key, bytes) => {
    const client = await clientOf(location)
    await client.set(key, bytes)
  }
  return {
    locations,
    put,
    async damage({ blocks }: Uploaded, damaged: readonly number[]): Promise<void> {
      for (const { encryptedHash, shards } of blocks) {
        for (const location of shards.filter((_, at) => damaged.includes(at))) {
          const client = await clientOf(location)
          const shard = (await client.get(encryptedHash)) ?? new Uint8Array(1)
          shard[7] = (shard[7] ?? 0) ^ 0x10
          await client.set(encryptedHash, shard)
        }
      }
    },
    async without(absent: readonly number[]): Promise<AsyncDisposable> {
      for (const at of absent) await servers[at]?.[Symbol.asyncDispose]()
      return {
        async [Symbol.asyncDispose]() {
          for (const at of absent)
            servers[at] = await startHeroRedis({ port: locations[at]?.port ?? 0 })
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients.values()) await client.close()
      for (const server of servers) await server[Symbol.asyncDispose]()
    },
  }
}
