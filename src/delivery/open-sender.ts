import { openNats } from '#delivery/nats'
import { openRedisSender } from '#delivery/redis'
import type { Sender } from '#delivery/sender'
import type { OpenTarget } from '#delivery/targets'
import { openWebhook } from '#delivery/webhook'
import type { World } from '#world/world'

/** Opens no connection yet. */
export function openSender({ place, secret }: OpenTarget, world: World): Sender {
  switch (place.kind) {
    case 'webhook':
      return openWebhook({ ...place, secret: secret ?? '', world })
    case 'nats':
      return openNats({ ...place, secret })
    case 'redis':
      return openRedisSender({ ...place, secret })
  }
}
