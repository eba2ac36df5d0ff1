/** A file's bytes, in order and proven: every block by its hash and its tag, the whole by the file's hash. */
import type { BlockCodec } from '#content/block-codec'
import type { BlockMemory } from '#content/block-memory'
import { contentFault } from '#content/faults'
import type { Block, FileMetadata } from '#content/metadata'
import { shorten } from '#content/seal'
import type { ShardSource } from '#content/shard-source'
import type { Coding, ShardsThere } from '#content/shards'
import { transferFault } from '#content/transfer-faults'
import { Blake3 } from '#crypto/blake3'
import { isFault } from '#fault/fault'
import { readAhead } from '#stream/read-ahead'

/** Blocks that are fetched or wait to be taken at a time. */
const blocksAhead = 6

/** Bytes `first` to `last`, both included; to the end without `last`. */
export interface ByteRange {
  readonly first: number
  readonly last: number | undefined
}

export interface DownloadParts {
  readonly source: ShardSource
  readonly codec: BlockCodec
  readonly blockMemory: BlockMemory
  /** Shards of a block that are not what was stored: others gave it. */
  readonly onDamaged: (block: number, shards: readonly number[]) => void
}

/**
 * A piece is the caller's until the next one is asked for. The last piece is kept back until the hash of the whole was compared. `content/hash-differs` when it is another one, `content/range-outside`,
 * and the faults of `openBlock`.
 */
export async function* readFile(
  metadata: FileMetadata,
  range: ByteRange | undefined,
  parts: DownloadParts,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (range !== undefined) return yield* readRange(metadata, range, parts)
  const whole = new Blake3()
  let held: Fetched | undefined
  const numbers = metadata.blocks.keys()
  const blocks = readAhead(numbers, blocksAhead, (index) => fetchBlock(metadata, index, parts))
  for await (const fetched of blocks) {
    whole.update(fetched.plaintext)
    if (held !== undefined) {
      yield held.plaintext
      held.giveBack()
    }
    held = fetched
  }
  if (Buffer.compare(shorten(whole.digest()), metadata.contentHash) !== 0) {
    throw contentFault('content/hash-differs', { name: metadata.name })
  }
  if (held !== undefined) yield held.plaintext
}

async function* readRange(
  metadata: FileMetadata,
  { first, last = Number.MAX_SAFE_INTEGER }: ByteRange,
  parts: DownloadParts,
): AsyncGenerator<Uint8Array, void, undefined> {
  const wanted = rangeBlocks(metadata, { first, last })
  let bytes = 0
  const blocks = readAhead(wanted, blocksAhead, async (index) => ({
    index,
    ...(await fetchBlock(metadata, index, parts)),
  }))
  for await (const { index, plaintext, giveBack } of blocks) {
    const { startOffset = 0, endOffset = 0 } = metadata.blocks[index] ?? {}
    const isLast = index === metadata.blocks.length - 1
    if (!isLast && plaintext.length !== endOffset - startOffset + 1) {
      throw misplaced('a block is not as long as its place')
    }
    const piece = plaintext.subarray(
      Math.max(0, first - startOffset),
      Math.min(plaintext.length, last - startOffset + 1),
    )
    bytes += piece.length
    if (piece.length > 0) yield piece
    giveBack()
  }
  if (bytes === 0) throw transferFault('content/range-outside', { first })
}

/** The blocks that a range lies in. `content/metadata-impossible` when their places do not follow one another from 0. */
function rangeBlocks({ blocks }: FileMetadata, range: Required<ByteRange>): readonly number[] {
  const { first, last = 0 } = range
  let end = 0
  const wanted: number[] = []
  for (const [index, { startOffset, endOffset }] of blocks.entries()) {
    if (startOffset !== end) throw misplaced('its blocks do not follow one another')
    end = endOffset + 1
    if (startOffset <= last && endOffset >= first) wanted.push(index)
  }
  return wanted
}

function misplaced(reason: string): Error {
  return contentFault('content/metadata-impossible', { reason })
}

interface Fetched {
  readonly plaintext: Uint8Array
  /** To be called when nobody uses the plaintext any more. */
  readonly giveBack: () => void
}

async function fetchBlock(
  { blocks }: FileMetadata,
  index: number,
  { source, codec, blockMemory, onDamaged }: DownloadParts,
): Promise<Fetched> {
  const block = blocks[index]
  if (block === undefined) throw misplaced('a block is not there')
  const coding = codingOf(block)
  const rooms = new ShardRooms(coding, blockMemory)
  const { shards, settled } = await source.enough(block, rooms.roomFor)
  const giveBack = (): void => void settled.then(() => rooms.giveBack())
  const call = { coding, block: secretsOf(block) }
  try {
    const room = rooms.roomToJoin(shards)
    const { plaintext } = await codec.open({ ...call, shards, isAll: false, room })
    return { plaintext, giveBack }
  } catch (error) {
    giveBack()
    if (!isFault(error, 'content/hash-differs')) throw error
  }
  const all = await allShards(block, source)
  const opened = await codec.open({ ...call, shards: all, isAll: true, room: noRoom })
  if (opened.damaged.length > 0) onDamaged(index, opened.damaged)
  return { plaintext: opened.plaintext, giveBack: () => {} }
}

/** Who looks for damage makes room as it needs it. */
export const noRoom = new Uint8Array()

/** What opening a block takes of it. */
export function secretsOf({ contentHash, encryptedHash, nonce }: Block) {
  return { contentHash, encryptedHash, nonce }
}

/**
 * Where the shards of one block come to lie: data shards one behind the other, so that nothing is left to be joined when all of them come. Nothing
 * else is ever written to a data shard's place, as one that is late could still come to lie on it after the block was found right.
 */
class ShardRooms {
  readonly #coding: Coding
  readonly #memory: BlockMemory
  readonly #taken: Uint8Array<SharedArrayBuffer>[] = []
  #data: Uint8Array | undefined
  #shardBytes = 0

  constructor(coding: Coding, memory: BlockMemory) {
    this.#coding = coding
    this.#memory = memory
  }

  /** The first answer decides how long shards are; one of another length lies elsewhere. */
  readonly roomFor = (index: number, bytes: number): Uint8Array | undefined => {
    const { required } = this.#coding
    if (bytes === 0 || index >= required) return this.#take(bytes)
    if (this.#data === undefined) {
      this.#data = this.#take(required * bytes)
      this.#shardBytes = bytes
    }
    return bytes === this.#shardBytes
      ? this.#data?.subarray(index * bytes, (index + 1) * bytes)
      : undefined
  }

  /** Where they are joined: where they lie, when all that are needed do; otherwise elsewhere. */
  roomToJoin(shards: ShardsThere): Uint8Array {
    const { required } = this.#coding
    const first = shards.slice(0, required)
    if (this.#data !== undefined && first.every((shard) => shard?.buffer === this.#data?.buffer)) {
      return this.#data
    }
    const shardBytes = Math.max(...shards.map((shard) => shard?.length ?? 0))
    return this.#take(required * shardBytes) ?? noRoom
  }

  giveBack(): void {
    for (const taken of this.#taken.splice(0)) this.#memory.give(taken)
  }

  #take(bytes: number): Uint8Array | undefined {
    const taken = this.#memory.tryTake(bytes)
    if (taken !== undefined) this.#taken.push(taken)
    return taken
  }
}

async function allShards(block: Block, source: ShardSource) {
  const answers = await source.all(block)
  return answers.map((answer) => (answer.state === 'there' ? answer.bytes : undefined))
}

export function codingOf({ shards, requiredShards }: Block): Coding {
  return { required: requiredShards, total: shards.length }
}

/** Fewer cannot be: the length is known once the last block is there. `undefined` bounds: their places do not follow one another. */
export function sizeOf({
  blocks,
}: FileMetadata): { readonly min: number; readonly max: number } | undefined {
  const last = blocks.at(-1)
  if (last === undefined) return { min: 0, max: 0 }
  const isContiguous = blocks.every(
    ({ startOffset }, index) => startOffset === (blocks[index - 1]?.endOffset ?? -1) + 1,
  )
  return isContiguous ? { min: last.startOffset + 1, max: last.endOffset + 1 } : undefined
}
