/** What webhooks are to be told follows from what the feed is told, in the same transaction: nothing that was acknowledged is forgotten, and nothing else is told. */
import type { AnnouncementJson } from '#delivery/changes'
import { insertDelivery } from '#delivery/rows'
import type { EventJson, LibraryRow, WebhookRow } from '#library/changes'
import { formatLibraryRef, parseLibraryRef } from '#library/name'
import type { Queryable } from '#sql/sql'

const lanePrefix = 'library-webhook '

/** The name under which deliveries to a webhook wait. No target of an operator has a space in its name. */
export function laneOf(webhook: string): string {
  return lanePrefix + webhook
}

/** `undefined`: it is another target's. */
export function webhookOf(lane: string): string | undefined {
  return lane.startsWith(lanePrefix) ? lane.slice(lanePrefix.length) : undefined
}

export async function announce(
  tx: Queryable,
  { sequence, at }: { readonly sequence: bigint; readonly at: number },
  { event, library: id, version, by }: EventJson,
): Promise<void> {
  const rows = await tx.query<WebhookRow>`
    select * from library_webhook where library = ${id} order by id`
  const wanting = rows.filter(({ events: json }) => {
    const events = JSON.parse(json) as readonly string[] // put there by us
    return events.length === 0 || events.includes(event)
  })
  if (wanting.length === 0) return
  const [library] = await tx.query<LibraryRow>`select * from library where id = ${id}`
  if (library === undefined) return
  const { scope, name } = library
  const place = formatLibraryRef(parseLibraryRef(`${scope}/${name}`))
  const notice: AnnouncementJson = {
    announces: `library.${event}`,
    document: {
      type: `library.${event}`,
      timestamp: new Date(at).toISOString(),
      data: {
        ...{ library: place, scope, name, event, by, sequence: Number(sequence) },
        ...(version === undefined ? {} : { version }),
      },
    },
  }
  for (const [ordinal, row] of wanting.entries())
    await insertDelivery(tx, { sequence, at }, ordinal, { target: laneOf(row.id), place, notice })
}
