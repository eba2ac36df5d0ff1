/** What metadata must say to be true, whoever wrote it. */
import { contentFault } from '#content/faults'
import { formatIp, parseIp, unmapIp } from '#content/ip-address'
import type { Block, ShardLocation } from '#content/metadata'

/** Shards are elements of GF(2^8). */
export const shardsMax = 256
/** The padding of a block is up to so many bytes, each of which holds their number. */
export const requiredShardsMax = 255

/** `content/metadata-impossible`, or `content/metadata-overwritten-shards` unless those are allowed. */
export function checkBlock(
  block: Block,
  { index, allowsOverwritten }: { readonly index: number; readonly allowsOverwritten: boolean },
): void {
  const { shards, requiredShards, startOffset, endOffset } = block
  const impossible = (reason: string) =>
    contentFault('content/metadata-impossible', { block: index, reason })
  if (shards.length > shardsMax) {
    throw impossible(`${shards.length} shards: at most ${shardsMax}`)
  }
  if (requiredShards < 1 || requiredShards > Math.min(shards.length, requiredShardsMax)) {
    throw impossible(`${requiredShards} of ${shards.length} shards cannot be required`)
  }
  if (endOffset < startOffset) {
    throw impossible(`it ends at byte ${endOffset}, before its beginning at ${startOffset}`)
  }
  const [overwritten, ...others] = allowsOverwritten ? [] : overwrittenShards(block)
  if (overwritten === undefined) return
  const place = shards[overwritten]
  throw contentFault('content/metadata-overwritten-shards', {
    block: index,
    shards: [overwritten, ...others].join(),
    reason: `${others.length + 1} of its ${shards.length} shards were overwritten by later ones: the uploader was given one database several times (${place?.host} port ${place?.port} database ${place?.db})`,
  })
}

/**
 * Shards whose place a later shard of the block has as well. A block's shards all have one key, so the later one has overwritten them: what
 * is read there is not theirs, and counts as lost.
 */
export function overwrittenShards({ shards }: Pick<Block, 'shards'>): readonly number[] {
  const places = shards.map(placeOf)
  const lastAt = new Map(places.map((place, index) => [place, index]))
  if (lastAt.size === places.length) return []
  return places.flatMap((place, index) => (lastAt.get(place) === index ? [] : [index]))
}

/** The same for all spellings of an address; IPv4 has only one. */
function placeOf({ host, port, db }: ShardLocation): string {
  const address = host.includes(':') ? parseIp(host) : undefined
  return `${address === undefined ? host : formatIp(unmapIp(address))} ${port} ${db}`
}
