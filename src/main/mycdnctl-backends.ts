/** The backends of `mycdnctl`: those of its settings, and whoever a link names. */
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { fileFault } from '#cli/local-file'
import type { UploadSettings } from '#cli/mycdnctl/context'
import { cdnFault } from '#cli/mycdnctl/faults'
import { configDefault } from '#cli/mycdnctl/program'
import { type Backend, type PlacedBackend, patient } from '#content/backend'
import { heroRedisBackend } from '#content/hero-redis-backend'
import { formatIp, parseIp, unmapIp } from '#content/ip-address'
import type { ShardLocation } from '#content/metadata'
import { formatS3Place, parseS3Place, type S3Place } from '#content/s3-place'
import { transferFault } from '#content/transfer-faults'
import { isPublicAddress } from '#http/public-address'
import type { HeroRedisSettings, MycdnctlConfig, S3Settings } from '#main/mycdnctl.config'
import type { RedisTls } from '#redis/connection'
import type { HeroLogin } from '#redis/hero-login'
import { HeroRedisPool } from '#redis/hero-redis-pool'
import type { EndpointCredentials } from '#s3/endpoint'
import type { World } from '#world/world'

export interface CdnBackendsOptions {
  readonly config: MycdnctlConfig | undefined
  /** Addresses that are not anybody's on the Internet may be asked too, whoever names them. */
  readonly allowsPrivate: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly world: World
  readonly signal: AbortSignal
}

/** Uploads have no other place for a shard; reads have, and go on there. */
const uploadAttempts = 4
const readAttempts = 2

/** Beyond this, a shard is fetched from elsewhere. */
const connectMs = 5_000

interface OwnBackend {
  readonly index: number
  readonly settings: HeroRedisSettings | S3Settings
  /** All that the name stands for; the first is what links say. */
  readonly addresses: readonly string[]
  readonly port: number
  readonly db: number
}

export class CdnBackends implements AsyncDisposable {
  readonly #options: CdnBackendsOptions
  readonly #pool: HeroRedisPool
  readonly #stack = new AsyncDisposableStack()
  readonly #known = new Map<string, Promise<Backend>>()
  #own: Promise<readonly OwnBackend[]> | undefined

  constructor(options: CdnBackendsOptions) {
    const { world, signal } = options
    this.#options = options
    this.#pool = this.#stack.use(new HeroRedisPool({ world, connectMs, signal }))
  }

  /** In the settings' order, each at one address. `mycdnctl/no-settings`, `mycdnctl/mistaken-settings` */
  async open({
    includesTokens,
  }: {
    readonly includesTokens: boolean
  }): Promise<Pick<UploadSettings, 'backends' | 'requiredShards'>> {
    const { config } = this.#options
    if (config === undefined) throw cdnFault('mycdnctl/no-settings', { path: configDefault })
    const own = await this.#ownBackends()
    this.#requireDistinct(own, config.path)
    const backends = await Promise.all(own.map((one) => this.#place(one, includesTokens)))
    return { backends, requiredShards: config.requiredShards }
  }

  /** `content/private-address` */
  at(location: ShardLocation): Promise<Backend> {
    const name = JSON.stringify(location)
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const opening = this.#open(location)
    this.#known.set(name, opening)
    return opening
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  async #open(location: ShardLocation): Promise<Backend> {
    const own = (await this.#ownBackends()).find((one) => isAt(one, location))
    const s3Place = parseS3Place(location.token)
    if (s3Place !== undefined) return await this.#openForeignBucket(s3Place, own)
    const { host, port, db, token } = location
    if (own === undefined && !this.#options.allowsPrivate && !isPublicAddress(host)) {
      const reason = `${host} is a private address, and none of the settings`
      throw transferFault('content/private-address', { reason })
    }
    const settings = own?.settings.kind === 'hero_redis' ? own.settings : undefined
    const login = settings?.login ?? embedded(token)
    const place = { host, port, db, login, tls: settings && (await tlsOf(settings)) }
    return this.#patient(heroRedisBackend(this.#pool, place), readAttempts)
  }

  async #place(own: OwnBackend, includesTokens: boolean): Promise<PlacedBackend> {
    const { settings, addresses, port, db } = own
    const host = addresses[0] ?? ''
    if (settings.kind === 's3') {
      const { place, backend } = await this.#openOwnBucket(settings)
      const location = { host, port, db, token: formatS3Place(place) }
      return { backend: this.#patient(backend, 1), location } // `#s3` has patience of its own
    }
    const { login } = settings
    const tls = await tlsOf(settings)
    const backend = heroRedisBackend(this.#pool, { host, port, db, login, tls })
    const token = includesTokens && login.kind === 'token' ? { token: login.token } : {}
    return {
      backend: this.#patient(backend, uploadAttempts),
      location: { host, port, db, ...token },
    }
  }

  /** Looked up once. A name that leads nowhere is the name's own mistake. */
  #ownBackends(): Promise<readonly OwnBackend[]> {
    this.#own ??= this.#lookUpAll()
    return this.#own
  }

  async #lookUpAll(): Promise<readonly OwnBackend[]> {
    const { config } = this.#options
    if (config === undefined) return []
    const mistakes: string[] = []
    const found = await Promise.all(
      config.backends.map(async (settings, index): Promise<OwnBackend> => {
        const { host, port, db } = await this.#whereIs(settings, index)
        const addresses = await addressesOf(host)
        if (addresses.length === 0) {
          mistakes.push(
            `backend ${index + 1}: there is no host ${host}, or it cannot be looked up now`,
          )
        }
        return { index, settings, addresses, port, db }
      }),
    )
    if (mistakes.length === 0) return found
    const { path } = config
    throw cdnFault('mycdnctl/mistaken-settings', { path, mistakes: mistakes.join('\n') })
  }

  /** A bucket has no database: it gets the backend's number, so that no two places of a link are the same. */
  async #whereIs(settings: HeroRedisSettings | S3Settings, index: number) {
    if (settings.kind === 'hero_redis') return settings
    const { protocol, hostname, port } = new URL((await this.#s3Config(settings)).url)
    const usual = protocol === 'https:' ? 443 : 80
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    return { host, port: port === '' ? usual : Number(port), db: index }
  }

  async #s3Config({ endpoint, profile, region }: S3Settings) {
    const { env, home } = this.#options
    const flags = {
      signRequest: true,
      parallel: 1,
      ...(endpoint === undefined ? {} : { endpointUrl: endpoint }),
      ...(profile === undefined ? {} : { profile }),
      ...(region === undefined ? {} : { region }),
    }
    const { readCyxcloudConfig } = await import('#main/cyxcloud.config') // only buckets need it
    return await readCyxcloudConfig({ flags, env, home })
  }

  async #openOwnBucket(settings: S3Settings) {
    const { url, region, credentials } = await this.#s3Config(settings)
    const { bucket, prefix } = settings
    const place: S3Place = { endpoint: new URL(url).origin, region, bucket, prefix }
    return { place, backend: await this.#openBucket(place, credentials) }
  }

  /** With our keys only where the settings name the bucket; strangers' endpoints are asked without. */
  async #openForeignBucket(place: S3Place, own: OwnBackend | undefined): Promise<Backend> {
    const { settings } = own ?? {}
    if (
      settings?.kind === 's3' &&
      settings.bucket === place.bucket &&
      settings.prefix === place.prefix
    ) {
      const mine = await this.#openOwnBucket(settings)
      if (mine.place.endpoint === place.endpoint) return this.#patient(mine.backend, 1)
    }
    const addresses = await addressesOf(
      new URL(place.endpoint).hostname.replace(/^\[(.*)\]$/, '$1'),
    )
    if (!this.#options.allowsPrivate && !addresses.every(isPublicAddress)) {
      const reason = `${place.endpoint} is at a private address, and none of the settings`
      throw transferFault('content/private-address', { reason })
    }
    return this.#patient(await this.#openBucket(place, undefined), 1)
  }

  async #openBucket(
    place: S3Place,
    credentials: EndpointCredentials | undefined,
  ): Promise<Backend> {
    // The SDK takes longer to load than everything else: who has no bucket does not wait for it.
    const { openEndpoint } = await import('#s3/endpoint')
    const { s3Backend } = await import('#content/s3-backend')
    const { world, signal } = this.#options
    const { endpoint: url, region } = place
    const endpoint = this.#stack.use(openEndpoint({ url, region, credentials, world }))
    return s3Backend(endpoint, place, { signal })
  }

  #patient(backend: Backend, attempts: number): Backend {
    const { world, signal } = this.#options
    return patient(backend, { attempts, world, signal })
  }

  /** Two names may be one server. `mycdnctl/mistaken-settings` */
  #requireDistinct(own: readonly OwnBackend[], path: string): void {
    const first = new Map<string, number>()
    const mistakes = own.flatMap(({ index, addresses, port, db }) => {
      const name = `${addresses[0]} port ${port} database ${db}`
      const former = first.get(name)
      if (former === undefined) first.set(name, index)
      if (former === undefined) return []
      return [
        `backend ${index + 1}: its name leads to the same place as backend ${former + 1} (${name})`,
      ]
    })
    if (mistakes.length === 0) return
    throw cdnFault('mycdnctl/mistaken-settings', { path, mistakes: mistakes.join('\n') })
  }
}

function isAt({ addresses, port, db }: OwnBackend, location: ShardLocation): boolean {
  return (
    port === location.port && db === location.db && addresses.includes(canonical(location.host))
  )
}

function embedded(token: string | undefined): HeroLogin {
  return token === undefined ? { kind: 'none' } : { kind: 'token', token }
}

/** Its certificate is for the name that the settings have, whatever address that leads to. `cli/no-such-file`, `cli/file-unusable` */
async function tlsOf({ host, tls }: HeroRedisSettings): Promise<RedisTls | undefined> {
  if (tls === undefined) return undefined
  const { ca: file } = tls
  if (file === undefined) return { name: host }
  const ca = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw fileFault(file, cause)
  })
  return { ca, name: host }
}

/** Addresses of version 4 first, which everybody reaches. Empty when there are none. */
async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [canonical(host)]
  try {
    const found = await lookup(host, { all: true, order: 'ipv4first' })
    return found.map(({ address }) => canonical(address))
  } catch {
    return [] // whatever the reason, there is nothing to connect to
  }
}

function canonical(address: string): string {
  const bytes = parseIp(address)
  return bytes === undefined ? address : formatIp(unmapIp(bytes))
}
