/** Sees to it that webhooks are told: one lane for each, as for the targets of buckets. What waits for a webhook that is no more has ended. */
import type { AnnouncementJson, DeliveryRow } from '#delivery/changes'
import { Lane, type LaneParts } from '#delivery/lane'
import { sendInTime } from '#delivery/sender'
import { openWebhook } from '#delivery/webhook'
import { openSecret, sealedFromJson } from '#identity/sealed-secret'
import type { Keyring } from '#keyring/keyring'
import { laneOf, webhookOf } from '#library/_announce'
import type { WebhookRow } from '#library/changes'
import { ownerOf } from '#library/webhooks'

/** How often it is looked whether there is something to do. */
const lookMs = 500

export interface WebhookDispatcherParts extends LaneParts {
  readonly keyring: Keyring
  /** They may be on this machine or in a private network. */
  readonly isPrivate: boolean
}

export class WebhookDispatcher {
  readonly #parts: WebhookDispatcherParts
  readonly #lanes = new Map<string, Lane>()
  readonly #running = new Map<string, Promise<void>>()

  constructor(parts: WebhookDispatcherParts) {
    this.#parts = parts
  }

  /**
   * Until the signal is aborted; what is on its way then will be sent again. Never rejects. Where several processes serve one database, each of them sends what
   * it finds: whoever takes it tells a repetition by its `webhook-id`.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { world, telemetry } = this.#parts
    while (!signal.aborted) {
      try {
        await this.#start(signal)
      } catch (error) {
        telemetry.note('warn', 'webhooks cannot be looked for', { error: String(error) })
      }
      await world.sleep(lookMs, { signal }).catch(() => {}) // stopped
    }
    for (const lane of this.#lanes.values()) lane.retire()
    await Promise.all(this.#running.values())
  }

  async #start(signal: AbortSignal): Promise<void> {
    const waiting = await this.#parts.sql.query<{ target: string }>`
      select distinct target from delivery
      where target >= ${laneOf('')} and target < ${`${laneOf('')}~`} and given_up_at is null`
    const targets = new Set(waiting.map(({ target }) => target))
    for (const target of targets) {
      const lane = this.#lanes.get(target) ?? new Lane(target, this.#deliver, this.#parts)
      this.#lanes.set(target, lane)
      if (this.#running.has(target) || !lane.isDue()) continue
      const running = lane
        .drain(signal)
        .catch((error: unknown) => {
          if (signal.aborted) return
          const facts = { target, error: String(error) }
          this.#parts.telemetry.note('warn', 'a webhook has stopped for now', facts)
        })
        .finally(() => this.#running.delete(target))
      this.#running.set(target, running)
    }
    for (const target of this.#lanes.keys())
      if (!targets.has(target) && !this.#running.has(target)) this.#lanes.delete(target)
  }

  readonly #deliver = async (row: DeliveryRow, signal: AbortSignal): Promise<void> => {
    const { sql, keyring, world, isPrivate } = this.#parts
    const id = webhookOf(row.target) ?? ''
    const [webhook] = await sql.query<WebhookRow>`select * from library_webhook where id = ${id}`
    if (webhook === undefined) return
    const sealed = sealedFromJson(JSON.parse(webhook.secret)) // put there by us, and so the notice
    const secret = openSecret(sealed, { owner: ownerOf(id), keyring })
    const { announces, document } = JSON.parse(row.notice) as AnnouncementJson
    const options = { url: webhook.url, secret, world }
    await using sender = openWebhook(isPrivate ? { ...options, isPrivate } : options)
    const message = {
      id: `${id}-${row.sequence}`,
      event: announces,
      place: row.place,
      json: JSON.stringify(document),
    }
    await sendInTime(sender, message, { world, signal })
  }
}
