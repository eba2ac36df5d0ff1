/** Looks for what is to be delivered and sees to it: one lane for each target, all beside each other. */
import type { DeliveryRow } from '#delivery/changes'
import { Lane, type LaneParts } from '#delivery/lane'
import { messageOf, trialMessage } from '#delivery/message'
import { openSender } from '#delivery/open-sender'
import { type Sender, sendInTime } from '#delivery/sender'
import type { Backlog, Targets } from '#delivery/targets'

/** How often it is looked whether there is something to do. */
const lookMs = 200

export interface DispatcherParts extends LaneParts {
  readonly targets: Targets
  /** Canonical id of whom buckets without an owner belong to. */
  readonly root: string
}

/** How it stands with one target. */
export interface TargetState extends Backlog {
  /** What was the matter at the last attempt. */
  readonly trouble: string | undefined
}

export class Dispatcher {
  readonly #parts: DispatcherParts
  readonly #lanes = new Map<string, Lane>()
  readonly #senders = new Map<string, Promise<Sender>>()
  readonly #running = new Map<string, Promise<void>>()
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
    while (!signal.aborted) {
      try {
        if (this.#isStale) await this.#takeStock()
        await this.#start(signal)
      } catch (error) {
        telemetry.note('warn', 'deliveries cannot be looked for', { error: String(error) })
      }
      await world.sleep(lookMs, { signal }).catch(() => {}) // stopped
    }
    await Promise.all(this.#running.values())
    await this.#closeSenders()
  }

  /** Whether the target takes something: the faults of `Sender.send`, and `delivery/no-such-target`. */
  async try(name: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { targets, world } = this.#parts
    await using sender = openSender(await targets.open(name), world)
    const id = `trial-${Buffer.from(world.randomBytes(8)).toString('hex')}`
    await sendInTime(sender, trialMessage({ id, now: world.now() }), { world, signal })
  }

  /** `delivery/no-such-target` */
  async state(name: string): Promise<TargetState> {
    const { targets } = this.#parts
    await targets.target(name)
    return { ...(await targets.backlog(name)), trouble: this.#lanes.get(name)?.trouble }
  }

  /** A target that was changed, or is to be tried again, has no former failures. */
  async #takeStock(): Promise<void> {
    this.#isStale = false
    const names = (await this.#parts.targets.list()).map(({ name }) => name)
    for (const lane of this.#lanes.values()) lane.retire()
    await Promise.all(this.#running.values())
    await this.#closeSenders()
    this.#lanes.clear()
    for (const name of names) this.#lanes.set(name, new Lane(name, this.#deliver, this.#parts))
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
    const { root, targets, world } = this.#parts
    const sender = await this.#sender(row.target)
    await sendInTime(sender, messageOf(row, { root, store: targets.storeId }), { world, signal })
  }

  #sender(name: string): Promise<Sender> {
    const known = this.#senders.get(name)
    if (known !== undefined) return known
    const { targets, world } = this.#parts
    const opening = targets.open(name).then((target) => openSender(target, world))
    this.#senders.set(name, opening)
    opening.catch(() => this.#senders.delete(name))
    return opening
  }

  async #closeSenders(): Promise<void> {
    const senders = await Promise.allSettled(this.#senders.values())
    this.#senders.clear()
    for (const opened of senders)
      if (opened.status === 'fulfilled') await opened.value[Symbol.asyncDispose]()
  }
}
