/**
 * How every chunk is, shard by shard: each is read whole from its node and compared with its name. For people who want to know; what scrubbing
 * finds, it also repairs.
 */
import { toHex } from '#bytes/text'
import type { ClusterNode } from '#cluster/node'
import type { RepairParts } from '#repair/parts'
import { examineShard } from '#repair/scrub'
import type { ChunkRecord } from '#store/chunk-record'
import { scanChunks } from '#store/tables'

/** `unplaced`: no node has it, and the database says so; repair is to make it. `absent`: its node is not there. */
export type ShardState = 'whole' | 'damaged' | 'missing' | 'absent' | 'unplaced'

export interface ShardSighting {
  readonly column: number
  readonly id: string
  readonly node: string | undefined
  readonly state: ShardState
}

export interface ChunkSighting {
  readonly chunk: string
  readonly profile: string
  readonly shards: readonly ShardSighting[]
  /** How many more nodes may be lost, whichever they are; negative: it cannot be read. */
  readonly lossesLeft: number
}

export type SurveyParts = Pick<RepairParts, 'sql' | 'cluster'>

/** Every chunk, in id order. */
export async function* surveyChunks(
  parts: SurveyParts,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<ChunkSighting> {
  for await (const chunk of scanChunks(parts.sql)) {
    yield await surveyChunk(parts, chunk, { signal })
  }
}

export async function surveyChunk(
  { cluster }: Pick<SurveyParts, 'cluster'>,
  chunk: ChunkRecord,
  { signal }: { readonly signal: AbortSignal },
): Promise<ChunkSighting> {
  signal.throwIfAborted()
  const shards = await Promise.all(
    chunk.shards.map(async (place, column): Promise<ShardSighting> => {
      const node = place.node === undefined ? undefined : cluster.node(place.node)
      const state =
        node === undefined
          ? 'unplaced'
          : node.state === 'down'
            ? 'absent'
            : await examineShard(chunk, place, { shards: node.stores.shards })
      return { column, id: place.id, node: node?.id, state }
    }),
  )
  const { data, parity } = chunk.shape.profile
  return {
    chunk: toHex(chunk.id),
    profile: `${data}+${parity}`,
    shards,
    lossesLeft: lossesLeft(shards, data),
  }
}

/** The nodes with most shards go first. */
function lossesLeft(shards: readonly ShardSighting[], needed: number): number {
  const perNode = new Map<ClusterNode['id'] | undefined, number>()
  let whole = 0
  for (const { node, state } of shards) {
    if (state !== 'whole') continue
    whole += 1
    perNode.set(node, (perNode.get(node) ?? 0) + 1)
  }
  if (whole < needed) return -1
  const held = [...perNode.values()].sort((one, other) => other - one)
  const spare = held.findIndex((count) => {
    whole -= count
    return whole < needed
  })
  return spare
}
