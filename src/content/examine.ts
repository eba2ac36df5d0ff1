/** Which shards of a block are there and right, and making the others anew. */
import { type BackendAt, reasonOf } from '#content/backend'
import type { BlockCodec } from '#content/block-codec'
import { codingOf, noRoom, secretsOf } from '#content/download'
import type { Block, FileMetadata } from '#content/metadata'
import { blockTagBytes, shorten } from '#content/seal'
import type { ShardAnswer, ShardSource } from '#content/shard-source'
import { Blake3 } from '#crypto/blake3'
import { isFault } from '#fault/fault'
import { readAhead } from '#stream/read-ahead'

/** Each is held with all its shards. */
const blocksAhead = 3

export type ShardState =
  | 'whole'
  | 'missing'
  | 'damaged'
  | 'overwritten'
  | 'unreachable'
  /** It is there, but not enough others are to say more. */
  | 'unproven'

export interface ShardReport {
  readonly state: ShardState
  /** Why it cannot be reached, or could not be stored again. */
  readonly reason?: string
  /** It was stored again. */
  readonly isRepaired?: true
}

export interface BlockReport {
  readonly index: number
  /** `lost`: no choice of what is there gives the block. */
  readonly state: 'whole' | 'degraded' | 'lost'
  readonly shards: readonly ShardReport[]
  /** Of plaintext, unless it is lost. */
  readonly bytes: number | undefined
}

export interface ExamineParts {
  readonly source: ShardSource
  readonly codec: BlockCodec
  /** Where shards are stored again; without, nothing is. */
  readonly repairAt?: BackendAt
}

/** Whether the blocks that are there give the file. `undefined`: some are lost. */
export interface FileVerdict {
  readonly isContentRight: boolean | undefined
}

/** A report for each block, in order; at the end, what there is to say of the whole. */
export async function* examineFile(
  { blocks, contentHash }: FileMetadata,
  parts: ExamineParts,
): AsyncGenerator<BlockReport, FileVerdict, undefined> {
  const whole = new Blake3()
  let isLost = false
  const reports = readAhead(blocks.entries(), blocksAhead, ([index, block]) =>
    examineBlock(block, index, parts),
  )
  for await (const { plaintext, ...report } of reports) {
    if (plaintext === undefined) isLost = true
    else whole.update(plaintext)
    yield report
  }
  if (isLost) return { isContentRight: undefined }
  return { isContentRight: Buffer.compare(shorten(whole.digest()), contentHash) === 0 }
}

type Examined = BlockReport & { readonly plaintext: Uint8Array | undefined }

async function examineBlock(block: Block, index: number, parts: ExamineParts): Promise<Examined> {
  const answers = await parts.source.all(block)
  const coding = codingOf(block)
  const shards = answers.map((answer) => (answer.state === 'there' ? answer.bytes : undefined))
  // Their memory is lost to whoever opens them, and repair needs some of it.
  const kept = parts.repairAt === undefined ? [] : shards.map((shard) => shard?.slice())
  try {
    const { plaintext, damaged } = await parts.codec.open({
      shards,
      coding,
      block: secretsOf(block),
      isAll: true,
      room: noRoom,
    })
    const found = answers.map((answer, at) => reportOf(answer, damaged.includes(at)))
    const isWhole = found.every(({ state }) => state === 'whole')
    const repaired =
      isWhole || parts.repairAt === undefined
        ? found
        : await repairBlock(block, found, { ...parts, repairAt: parts.repairAt, shards: kept })
    const state = repaired.every(isFine) ? 'whole' : 'degraded'
    return { index, state, shards: repaired, bytes: plaintext.length, plaintext }
  } catch (error) {
    const isLoss = isFault(
      error,
      'content/too-few-shards',
      'content/damaged-shards',
      'content/not-authentic',
    )
    if (!isLoss) throw error
    const found = answers.map((answer): ShardReport => {
      const report = reportOf(answer, false)
      return report.state === 'whole' ? { state: 'unproven' } : report
    })
    return { index, state: 'lost', shards: found, bytes: undefined, plaintext: undefined }
  }
}

function isFine({ state, isRepaired }: ShardReport): boolean {
  return state === 'whole' || isRepaired === true
}

function reportOf(answer: ShardAnswer, isDamaged: boolean): ShardReport {
  switch (answer.state) {
    case 'there':
      return { state: isDamaged ? 'damaged' : 'whole' }
    case 'missing':
    case 'overwritten':
      return { state: answer.state }
    case 'unreachable':
      return answer
  }
}

/** What can be stored again is. Two shards of one place cannot both be there. */
async function repairBlock(
  block: Block,
  found: readonly ShardReport[],
  {
    codec,
    repairAt,
    shards,
  }: Pick<ExamineParts, 'codec'> & {
    readonly repairAt: BackendAt
    readonly shards: readonly (Uint8Array | undefined)[]
  },
): Promise<readonly ShardReport[]> {
  const wanted = found.flatMap(({ state }, index) =>
    state === 'whole' || state === 'overwritten' ? [] : [index],
  )
  const sound = shards.map((shard, index) => (found[index]?.state === 'whole' ? shard : undefined))
  const coding = codingOf(block)
  const made = await codec.rebuild({
    shards: sound,
    coding,
    block: secretsOf(block),
    isAll: false,
    room: noRoom,
    wanted,
  })
  const outcomes = new Map(
    await Promise.all(
      wanted.map(async (index, at) => {
        const report: ShardReport = found[index] ?? { state: 'missing' }
        const [location, shard] = [block.shards[index], made[at]]
        if (location === undefined || shard === undefined) return [index, report] as const
        try {
          await (await repairAt(location)).put(block.encryptedHash, shard)
          return [index, { ...report, isRepaired: true }] as const
        } catch (error) {
          return [index, { ...report, reason: reasonOf(error) }] as const
        }
      }),
    ),
  )
  return found.map((report, index) => outcomes.get(index) ?? report)
}

/** The exact length of a block's plaintext, from its last data shard alone: it ends in the padding. `undefined` when that cannot be had, or is none. */
export async function plainBytesOf(block: Block, source: ShardSource): Promise<number | undefined> {
  const { requiredShards } = block
  const answer = await source.one(block, requiredShards - 1)
  if (answer.state !== 'there') return undefined
  const padding = answer.bytes.at(-1) ?? 0
  const bytes = requiredShards * answer.bytes.length - padding - blockTagBytes
  return padding >= 1 && padding <= requiredShards && bytes >= 0 ? bytes : undefined
}
