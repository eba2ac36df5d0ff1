import { connectedSender } from '#delivery/connected'
import type { Message } from '#delivery/message'
import type { Sender } from '#delivery/sender'
import type { RedisPlace } from '#delivery/target'
import { openRedis } from '#redis/redis'

export function openRedisSender({
  url,
  user,
  secret,
  ...place
}: RedisPlace & { readonly secret: string | undefined }): Sender {
  return connectedSender({
    connect: () => openRedis({ url, user, secret }),
    hand: (redis, message) => redis.do(commandOf(place, message)),
  })
}

function commandOf(
  { into, name }: Pick<RedisPlace, 'into' | 'name'>,
  { id, event, json }: Message,
): readonly string[] {
  switch (into) {
    case 'stream':
      return ['XADD', name, '*', 'id', id, 'event', event, 'message', json]
    case 'list':
      return ['RPUSH', name, json]
    case 'channel':
      return ['PUBLISH', name, json]
  }
}
