import type { EpochNode } from '#cluster/node'

/** A node with less room than this takes no new shard: a default shard is 6.4 MiB, and the change log needs some too. */
export const freeBytesMin = 16 * 1024 * 1024

/**
 * Best node first, by weighted rendezvous hashing: every node draws a number from the chunk id and itself, alone, so that
 * one that leaves or joins moves nothing between the others. A node's chance to come first is its share of all weights.
 */
export function rank(nodes: readonly EpochNode[], chunkId: Uint8Array): readonly EpochNode[] {
  const view = new DataView(chunkId.buffer, chunkId.byteOffset, chunkId.byteLength)
  const seed = [view.getUint32(0), view.getUint32(4)] as const
  return nodes
    .map((node) => ({ node, score: scoreOf(seed, node) }))
    .sort((a, b) => b.score - a.score || a.node.number - b.node.number)
    .map(({ node }) => node)
}

/** `-weight / ln(u)` with u uniform in (0, 1). The chunk id is random already, so that mixing its words is enough. */
function scoreOf([high, low]: readonly [number, number], node: EpochNode): number {
  const drawn = scramble(high ^ scramble(low + Math.imul(node.number + 1, 0x9e3779b1)))
  return -weightOf(node) / Math.log((drawn + 0.5) / 2 ** 32)
}

/**
 * Free space in classes of powers of two: nodes fill evenly in the long run, while a few gigabytes more or less do not
 * reshuffle the ranking.
 */
function weightOf({ freeBytes }: EpochNode): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, freeBytes / freeBytesMin)))
}

/** MurmurHash3's 32-bit finalizer: every input bit reaches every output bit. */
function scramble(word: number): number {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
