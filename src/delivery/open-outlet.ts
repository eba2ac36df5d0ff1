import { toHex } from '#bytes/text'
import { endpointOutlet } from '#delivery/endpoint-outlet'
import { messageOf, trialMessage } from '#delivery/message'
import { openNats } from '#delivery/nats'
import type { Outlet, OutletParts } from '#delivery/outlet'
import { openRedisSender } from '#delivery/redis'
import { type Sender, sendInTime } from '#delivery/sender'
import type { OpenTarget } from '#delivery/targets'
import { openWebhook } from '#delivery/webhook'

/** Opens no connection yet. */
export function openOutlet({ place, secret }: OpenTarget, parts: OutletParts): Outlet {
  const { world } = parts
  switch (place.kind) {
    case 'webhook':
      return messageOutlet(openWebhook({ ...place, secret: secret ?? '', world }), parts)
    case 'nats':
      return messageOutlet(openNats({ ...place, secret }), parts)
    case 'redis':
      return messageOutlet(openRedisSender({ ...place, secret, world }), parts)
    case 's3':
      return endpointOutlet({ ...place, secret: secret ?? '' }, parts)
  }
}

function messageOutlet(sender: Sender, { store, root, world }: OutletParts): Outlet {
  return {
    deliver: (row, { signal }) =>
      sendInTime(sender, messageOf(row, { root, store }), { world, signal }),
    try: ({ signal }) => {
      const id = `trial-${toHex(world.randomBytes(8))}`
      return sendInTime(sender, trialMessage({ id, now: world.now() }), { world, signal })
    },
    [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose](),
  }
}
