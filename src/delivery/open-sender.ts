import type { Sender } from '#delivery/sender'
import type { OpenTarget } from '#delivery/targets'
import { openWebhook } from '#delivery/webhook'
import type { World } from '#world/world'

/** Opens no connection yet. */
export function openSender({ place, secret = '' }: OpenTarget, world: World): Sender {
  switch (place.kind) {
    case 'webhook':
      return openWebhook({ ...place, secret, world })
  }
}
