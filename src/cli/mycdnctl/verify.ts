/** `mycdnctl verify` and `mycdnctl repair`: which shards of a link are there and right, and storing the others again. */
import { interruptible } from '#cli/batch'
import type { CdnContext } from '#cli/mycdnctl/context'
import { cdnFault } from '#cli/mycdnctl/faults'
import { hashOf, isFile, printNames, type Visited, walk } from '#cli/mycdnctl/walk'
import { newProgress, showProgress } from '#cli/progress'
import { plural, printSize } from '#cli/units'
import { sizeOf } from '#content/download'
import { examineFile, type ShardReport, type ShardState } from '#content/examine'
import { contentFault } from '#content/faults'
import type { FileMetadata } from '#content/metadata'
import { parseReference } from '#content/reference'

export interface VerifyOptions {
  /** Missing and damaged shards are stored again. */
  readonly repairs: boolean
}

export async function verify(
  context: CdnContext,
  text: string,
  { repairs }: VerifyOptions,
): Promise<void> {
  const link = parseReference(text)
  await interruptible(context, 'Run the command again: what is repaired stays so.', async () => {
    const sums = { shards: 0, lost: 0, reason: undefined as string | undefined }
    for await (const visited of walk(context, link)) {
      if (!isFile(visited)) continue
      const found = await examine(context, visited.metadata, repairs)
      tell(context, visited, found)
      sums.shards += found.shardsLeft
      sums.lost += found.blocksLost
      sums.reason ??= found.reason
      if (found.isContentRight === false) throw contentFault('content/hash-differs')
    }
    if (sums.lost > 0) throw cdnFault('mycdnctl/lost', { blocks: sums.lost })
    if (sums.shards === 0) return
    const hint = repairs
      ? 'Run it again when the backends are back, with settings that may write there.'
      : `When the backends are up: mycdnctl repair '${text}'`
    throw cdnFault('mycdnctl/degraded', { shards: sums.shards, reason: sums.reason, hint })
  })
}

/** What one backend has of a file. */
interface PlaceCounts {
  readonly place: string
  readonly counts: Map<ShardState | 'repaired', number>
  reason: string | undefined
}

interface Found {
  readonly places: readonly PlaceCounts[]
  readonly blocks: number
  readonly blocksLost: number
  /** Not there, and not stored again. */
  readonly shardsLeft: number
  readonly shardsRepaired: number
  readonly bytes: number | undefined
  readonly isContentRight: boolean | undefined
  readonly reason: string | undefined
}

async function examine(
  context: CdnContext,
  metadata: FileMetadata,
  repairs: boolean,
): Promise<Found> {
  const { source, codec, backendAt } = context
  const size = sizeOf(metadata)
  const progress = newProgress(metadata.name, size === undefined ? {} : { bytesTotal: size.max })
  return await showProgress(context, progress, async () => {
    const places = new Map<string, PlaceCounts>()
    const parts = { source, codec, ...(repairs ? { repairAt: backendAt } : {}) }
    const reports = examineFile(metadata, parts)
    let [blocksLost, shardsLeft, shardsRepaired, bytes] = [0, 0, 0, 0]
    for (;;) {
      const next = await reports.next()
      if (next.done === true) {
        const { isContentRight } = next.value
        const reason = [...places.values()].find((place) => place.reason !== undefined)?.reason
        return {
          places: [...places.values()],
          blocks: metadata.blocks.length,
          ...{ blocksLost, shardsLeft, shardsRepaired, isContentRight, reason },
          bytes: blocksLost === 0 ? bytes : undefined,
        }
      }
      const report = next.value
      if (report.state === 'lost') blocksLost += 1
      bytes += report.bytes ?? 0
      progress.bytesMoved += report.bytes ?? 0
      for (const [index, shard] of report.shards.entries()) {
        count(places, placeOf(metadata, report.index, index), shard)
        if (shard.isRepaired === true) shardsRepaired += 1
        else if (shard.state !== 'whole' && shard.state !== 'unproven') shardsLeft += 1
      }
    }
  })
}

function placeOf({ blocks }: FileMetadata, block: number, shard: number): string {
  const { host = '', port = 0, db = 0 } = blocks[block]?.shards[shard] ?? {}
  return `${host.includes(':') ? `[${host}]` : host}:${port} database ${db}`
}

function count(places: Map<string, PlaceCounts>, place: string, shard: ShardReport): void {
  const found = places.get(place) ?? { place, counts: new Map(), reason: undefined }
  places.set(place, found)
  const state = shard.isRepaired === true ? 'repaired' : shard.state
  found.counts.set(state, (found.counts.get(state) ?? 0) + 1)
  if (shard.isRepaired !== true && shard.reason !== undefined) {
    found.reason ??= `${place}: ${shard.reason}`
  }
}

const words: Readonly<Record<ShardState | 'repaired', string>> = {
  whole: 'right',
  missing: 'missing',
  damaged: 'damaged',
  overwritten: 'overwritten by others of the same block',
  unreachable: 'not to be reached',
  unproven: 'there, but too few to tell whether they are right',
  repaired: 'stored again',
}

function tell({ terminal, isJson }: CdnContext, visited: Visited, found: Found): void {
  const { places, blocks, blocksLost, shardsLeft, shardsRepaired, bytes } = found
  const name = printNames(visited.names)
  const state = blocksLost > 0 ? 'lost' : shardsLeft > 0 ? 'degraded' : 'whole'
  if (isJson) {
    const shards = places.map(({ place, counts, reason }) => ({
      place,
      ...Object.fromEntries(counts),
      reason,
    }))
    const facts = { event: 'verified', name, hash: hashOf(visited), state, blocks, bytes }
    const more = { blocksLost, shardsLeft, shardsRepaired, contentRight: found.isContentRight }
    terminal.print(JSON.stringify({ ...facts, ...more, backends: shards }))
    return
  }
  const size = bytes === undefined ? '' : `, ${printSize(bytes)}`
  terminal.print(
    `${state === 'whole' ? '✓' : '✗'} ${name}: ${state} (${plural(blocks, 'block')}${size})`,
  )
  for (const { place, counts, reason } of places) {
    const parts = [...counts].map(([word, many]) => `${many} ${words[word]}`)
    const why = reason === undefined ? '' : ` (${reason.slice(place.length + 2)})`
    terminal.print(`  ${place}: ${parts.join(', ')}${why}`)
  }
}
