/** Looks for what is to be delivered and sees to it: one lane for each target, all beside each other. */
import type { DeliveryRow } from '#delivery/changes'
import { Lane, type LaneParts } from '#delivery/lane'
import { type LocalOutletParts, localOutlet } from '#delivery/local-outlet'
import type { Outlet, OutletParts } from '#delivery/outlet'
import { localLane } from '#delivery/target'
import type { Backlog, OpenTarget, Targets } from '#delivery/targets'

/** How often it is looked whether there is something to do. */
const lookMs = 200

export interface DispatcherParts extends LaneParts, LocalOutletParts {
  readonly targets: Targets
  /** `openOutlet` of this room. Given, because what it knows how to speak to is much to load, and most stores have no targets. */
  readonly openOutlet: (target: OpenTarget, parts: OutletParts) => Promise<Outlet>
}

/** How it stands with one target. */
export interface TargetState extends Backlog {
  /** What was the matter at the last attempt. */
  readonly trouble: string | undefined
}

export class Dispatcher {
  readonly #parts: DispatcherParts
  readonly #lanes = new Map<string, Lane>()
  readonly #outlets = new Map<string, Promise<Outlet>>()
  readonly #running = new Map<string, Promise<void>>()
  /** Ends the lanes there are, for others to come. */
  #stop = new AbortController()
  #isStale = true

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    parts.targets.onChange(() => {
      this.#isStale = true
    })
  }

  /** Until the signal is aborted; what is on its way then is given up and will be delivered again. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { world, telemetry } = this.#parts
    let lanes = signal
    while (!signal.aborted) {
      try {
        if (this.#isStale) {
          await this.#takeStock()
          lanes = AbortSignal.any([signal, this.#stop.signal])
        }
        await this.#start(lanes)
      } catch (error) {
        telemetry.note('warn', 'deliveries cannot be looked for', { error: String(error) })
      }
      await world.sleep(lookMs, { signal }).catch(() => {}) // stopped
    }
    await this.#retire()
  }

  /** Whether the target takes something: the faults of `Outlet.try`, and `delivery/no-such-target`. */
  async try(name: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    await using outlet = await this.#open(name)
    await outlet.try({ signal })
  }

  /** `delivery/no-such-target` */
  async state(name: string): Promise<TargetState> {
    const { targets } = this.#parts
    if (name !== localLane) await targets.target(name)
    return { ...(await targets.backlog(name)), trouble: this.#lanes.get(name)?.trouble }
  }

  /** A target that was changed, or is to be tried again, has no former failures. */
  async #takeStock(): Promise<void> {
    this.#isStale = false
    const names = (await this.#parts.targets.list()).map(({ name }) => name)
    await this.#retire()
    this.#stop = new AbortController()
    for (const name of [...names, localLane])
      this.#lanes.set(name, new Lane(name, this.#deliver, this.#parts))
  }

  /** What is on its way is begun anew by whoever comes after. */
  async #retire(): Promise<void> {
    for (const lane of this.#lanes.values()) lane.retire()
    this.#stop.abort()
    await Promise.all(this.#running.values())
    const outlets = await Promise.allSettled(this.#outlets.values())
    this.#outlets.clear()
    for (const opened of outlets)
      if (opened.status === 'fulfilled') await opened.value[Symbol.asyncDispose]()
    this.#lanes.clear()
  }

  async #start(signal: AbortSignal): Promise<void> {
    for (const [name, lane] of this.#lanes) {
      if (this.#running.has(name) || !lane.isDue() || !(await this.#waits(name))) continue
      const running = lane
        .drain(signal)
        .catch((error: unknown) => {
          if (signal.aborted) return
          const fields = { target: name, error: String(error) }
          this.#parts.telemetry.note('warn', 'deliveries have stopped for now', fields)
        })
        .finally(() => this.#running.delete(name))
      this.#running.set(name, running)
    }
  }

  async #waits(target: string): Promise<boolean> {
    const found = await this.#parts.sql.query`
      select 1 as found from delivery where target = ${target} and given_up_at is null limit 1`
    return found.length > 0
  }

  readonly #deliver = async (row: DeliveryRow, signal: AbortSignal): Promise<void> => {
    const outlet = await this.#outlet(row.target)
    await outlet.deliver(row, { signal })
  }

  #outlet(name: string): Promise<Outlet> {
    const known = this.#outlets.get(name)
    if (known !== undefined) return known
    const opening = this.#open(name)
    this.#outlets.set(name, opening)
    opening.catch(() => this.#outlets.delete(name))
    return opening
  }

  async #open(name: string): Promise<Outlet> {
    if (name === localLane) return localOutlet(this.#parts)
    const { targets, openOutlet } = this.#parts
    return await openOutlet(await targets.open(name), { ...this.#parts, store: targets.storeId })
  }
}
