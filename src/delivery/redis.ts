import { connectedSender } from '#delivery/connected'
import type { Message } from '#delivery/message'
import type { Sender } from '#delivery/sender'
import type { RedisPlace } from '#delivery/target'
import { openRedis, type RedisOptions } from '#redis/redis'

export function openRedisSender({
  url,
  user,
  secret,
  world,
  ...place
}: RedisPlace & Pick<RedisOptions, 'secret' | 'world'>): Sender {
  return connectedSender({
    connect: () => openRedis({ url, user, secret, world }),
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
