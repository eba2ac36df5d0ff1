/**
 * `mycelium up --stand-by`: a process that finds the store in use does not end. It forwards what it is asked to the process that serves,
 * whose address stands in the lease, and takes its place when that one has ended.
 */
import { isFault } from '#fault/fault'
import { leaveMs } from '#forward/forwarder'
import type { Holder } from '#forward/holder'
import type { HttpHandler, HttpResponse } from '#http/message'
import { dataDirectory } from '#main/data-directory'
import { ofServer, placeOf } from '#main/database'
import { domainsOf, metricsOf, type Ports, websiteDomainsOf } from '#main/doors'
import { createFront } from '#main/front'
import type { OpenStoreOptions } from '#main/ground'
import type { OpenedStore } from '#main/store'
import type { UpConfig } from '#main/up.config'
import { version } from '#main/version'
import { leaseMs, type SeenLease } from '#sql/lease'
import { LeaseWatch } from '#sql/lease-watch'
import type { OpenedTelemetry } from '#telemetry/open-telemetry'
import type { World } from '#world/world'

/** How often to look who holds the lease, and whether the data directory is free. */
const lookMs = leaveMs / 3

export interface StandByOptions {
  readonly config: UpConfig
  /** On which the lease is. */
  readonly databaseUrl: string
  readonly open: (
    options: Pick<OpenStoreOptions, 'isPatient' | 'mustExist'>,
  ) => Promise<OpenedStore>
  /** Called once, when there is somebody to stand by for. `front` answers on the HTTP port. */
  readonly openPorts: (front: HttpHandler) => Promise<Ports>
  /** The ports are open, and requests go to `holder`. */
  readonly onStandingBy: (ports: Ports, holder: Holder | undefined) => void
  readonly world: World
  readonly telemetry: OpenedTelemetry
  /** Aborted when this process shall end. */
  readonly signal: AbortSignal
}

/** The store, once it is this process's, with the ports if they are open already. `undefined` when it was to end before. */
export async function standBy(
  options: StandByOptions,
): Promise<{ readonly store: OpenedStore; readonly ports: Ports | undefined } | undefined> {
  using watch = new LeaseWatch(options.databaseUrl)
  const standing = new StandBy(options, await firstLook(watch, options))
  return await standing.untilOurs(watch)
}

/** `main/database-away` */
async function firstLook(
  watch: LeaseWatch,
  { databaseUrl }: StandByOptions,
): Promise<SeenLease | undefined> {
  try {
    return await watch.look()
  } catch (error) {
    throw isFault(error) ? ofServer(error, databaseUrl) : error
  }
}

class StandBy {
  readonly #options: StandByOptions
  readonly #place: string
  #seen: SeenLease | undefined
  #ports: Ports | undefined
  /** When the database could not be asked for the last time. */
  #awayAt = Number.NEGATIVE_INFINITY
  #isWithoutNodes = false

  constructor(options: StandByOptions, seen: SeenLease | undefined) {
    this.#options = options
    this.#place = placeOf(dataDirectory(options.config.data))
    this.#seen = seen
  }

  async untilOurs(
    watch: LeaseWatch,
  ): Promise<{ readonly store: OpenedStore; readonly ports: Ports | undefined } | undefined> {
    const { world, signal } = this.#options
    while (!signal.aborted) {
      const store = this.#mayBeOurs() ? await this.#open() : undefined
      if (store !== undefined) return { store, ports: this.#ports }
      await this.#forward()
      await world.sleep(lookMs, { signal }).catch(() => {}) // to end: the loop's condition sees it
      await this.#look(watch)
    }
    return undefined
  }

  /**
   * Nobody holds the lease; or whoever does uses the same directory, whose lock tells at once when that process is gone. While the database
   * was away its holder could not renew the lease either, and has some time for that.
   */
  #mayBeOurs(): boolean {
    if (this.#seen?.isHeld === true) return this.#seen.place === this.#place
    return this.#options.world.monotonic() - this.#awayAt > leaseMs
  }

  /** `undefined` when another process has it after all. A database that has been used belongs to a store that must be there. */
  async #open(): Promise<OpenedStore | undefined> {
    if (this.#seen?.isHeld !== true) this.#ports?.s3.follow(undefined)
    try {
      return await this.#options.open({ isPatient: false, mustExist: this.#seen !== undefined })
    } catch (error) {
      if (isFault(error, 'main/data-in-use', 'main/database-in-use')) return undefined
      const isUp = this.#ports !== undefined
      if (isUp && isFault(error, 'main/database-away')) return undefined
      if (!isFault(error, 'main/no-store') || this.#seen === undefined) throw error
      this.#tellNoNodes()
      return undefined
    }
  }

  async #forward(): Promise<void> {
    const { openPorts, onStandingBy } = this.#options
    const isFirst = this.#ports === undefined
    this.#ports ??= await openPorts(this.#front())
    this.#ports.s3.follow(this.#holder)
    if (isFirst) onStandingBy(this.#ports, this.#holder)
  }

  async #look(watch: LeaseWatch): Promise<void> {
    const { world, telemetry } = this.#options
    const former = this.#holder?.address
    try {
      this.#seen = await watch.look()
    } catch (error) {
      if (!isFault(error)) throw error
      if (world.monotonic() - this.#awayAt > leaseMs)
        telemetry.note('warn', 'The database cannot be asked who serves', { error: error.message })
      this.#awayAt = world.monotonic()
    }
    const holder = this.#holder?.address
    if (holder !== former) telemetry.note('info', 'The process that serves has changed', { holder })
  }

  get #holder(): Holder | undefined {
    if (this.#seen === undefined) return undefined
    const { isHeld, token, address, pass } = this.#seen
    return isHeld && address !== '' ? { token, address, pass } : undefined
  }

  #tellNoNodes(): void {
    if (this.#isWithoutNodes) return
    this.#isWithoutNodes = true
    const { root } = dataDirectory(this.#options.config.data)
    this.#options.telemetry.note('warn', 'No nodes are here: this process can only forward', {
      path: root,
    })
  }

  #front(): HttpHandler {
    const { config, world, telemetry } = this.#options
    const away = async (): Promise<HttpResponse> => ({
      status: 503,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'retry-after': 1 },
      body: `This process stands by: only its S3 port leads to the store. ${this.#holder?.address ?? 'Nobody'} serves.\n`,
    })
    return createFront({
      version,
      health: async () => {
        const holder = this.#holder?.address
        const warnings = holder === undefined ? ['No process serves; requests wait.'] : []
        const facts = { role: 'stand-by', ...(holder === undefined ? {} : { holder }) }
        return { isHealthy: holder !== undefined, warnings, facts }
      },
      metrics: () => metricsOf(telemetry),
      admin: away,
      libraries: away,
      pages: away,
      local: away,
      s3: away,
      domains: domainsOf(config),
      websites: away,
      websiteDomains: websiteDomainsOf(config),
      world,
      telemetry,
    })
  }
}
