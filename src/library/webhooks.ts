/**
 * Addresses that are told what happens to a library. Messages and their signatures are those of Standard Webhooks, as for buckets; what waits, and how often it is
 * tried, is the affair of the room `delivery`.
 */
import { toHex } from '#bytes/text'
import { newWebhookSecret } from '#delivery/webhook'
import { assertPublicHost } from '#http/public-address'
import type { Actor } from '#identity/actor'
import { sealedToJson, sealSecret } from '#identity/sealed-secret'
import { laneOf } from '#library/_announce'
import { reading, requireRight } from '#library/_rows'
import type { LibraryChange, WebhookRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { FeedEvent, LibraryRef, Webhook } from '#library/model'
import type { LibraryParts } from '#library/parts'
import { mayManage } from '#library/rights'
import type { Queryable } from '#sql/sql'

export const webhooksMax = 10
const urlCharsMax = 1_024
const idBytes = 12

export async function webhooks(
  parts: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
): Promise<readonly Webhook[]> {
  return await reading(parts, async (sql) => {
    const { row } = await requireRight(sql, { actor, ref }, mayManage)
    const rows = await rowsOf(sql, row.id)
    return await Promise.all(rows.map((one) => webhookFacts(sql, one)))
  })
}

async function rowsOf(sql: Queryable, library: number): Promise<readonly WebhookRow[]> {
  return await sql.query<WebhookRow>`
    select * from library_webhook where library = ${library} order by sequence`
}

async function webhookFacts(
  sql: Queryable,
  { id, url, events, by_handle: by, at }: WebhookRow,
): Promise<Webhook> {
  const [counted] = await sql.query<{ all_rows: number; given_up: number }>`
    select count(*) as all_rows, count(given_up_at) as given_up from delivery where target = ${laneOf(id)}`
  const { all_rows: all = 0, given_up: givenUp = 0 } = counted ?? {}
  return { id, url, events: JSON.parse(events), by, at, waiting: all - givenUp, givenUp }
}

export async function addWebhook(
  parts: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  { url, events }: { readonly url: string; readonly events: readonly FeedEvent[] },
): Promise<Webhook & { readonly secret: string }> {
  const { changelog, world, keyring } = parts
  const address = addressOf(parts, url)
  const id = toHex(world.randomBytes(idBytes))
  const secret = newWebhookSecret(world)
  const sealed = sealedToJson(sealSecret(secret, { owner: ownerOf(id), keyring, world }))
  return await changelog.commit(async (tx) => {
    const { row, actor: user } = await requireRight(tx, { actor, ref }, mayManage)
    if ((await rowsOf(tx, row.id)).length >= webhooksMax)
      throw libraryFault('library/too-many', { what: 'webhooks', most: webhooksMax })
    const change: LibraryChange = {
      ...{ kind: 'library/webhook-put', id, library: row.id, url: address, events },
      ...{ secret: sealed, by: user.handle },
    }
    await tx.record(change)
    const none = { waiting: 0, givenUp: 0 }
    return { id, url: address, events, by: user.handle, at: tx.at, ...none, secret }
  })
}

/** Of secrets: bound to what is sealed. */
export function ownerOf(id: string): string {
  return `library-webhook ${id}`
}

/** That a name leads to a public address is asked whenever something is sent. `library/malformed-webhook` */
function addressOf({ rules }: LibraryParts, text: string): string {
  const refuse = (reason: string): Error => libraryFault('library/malformed-webhook', { reason })
  const url = text.length <= urlCharsMax ? URL.parse(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw refuse('it is no address')
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw refuse('it has a password or a fragment')
  if (rules.privateWebhooks === true) return url.href
  if (url.protocol !== 'https:') throw refuse('it is not https')
  assertPublicHost(url.href, () => refuse('it is not a public address'))
  return url.href
}

/** `library/no-such-webhook` */
export async function removeWebhook(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  id: string,
): Promise<void> {
  await changelog.commit(async (tx) => {
    const { row } = await requireRight(tx, { actor, ref }, mayManage)
    const found = (await rowsOf(tx, row.id)).some((one) => one.id === id)
    if (!found) throw libraryFault('library/no-such-webhook')
    const change: LibraryChange = { kind: 'library/webhook-removed', id }
    await tx.record(change)
  })
}
