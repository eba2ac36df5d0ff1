/**
 * What the hardware really holds, seen from outside: the nemesis asks it before it destroys anything, so that it never takes more than the
 * store has promised to survive, and the verdict asks it at the end. Nothing here takes simulated time.
 */
import { toHex } from '#bytes/text'
import { readState } from '#changelog/state'
import type { Cluster } from '#cluster/cluster'
import { blake3 } from '#crypto/blake3'
import { parseKeyringFile } from '#keyring/keyring-file'
import { filledBytes, framePageBytes, isWholeFrame, payloadOf, peekFrame } from '#shard/log-frame'
import type { ShardId } from '#shard/shard-id'
import type { Queryable } from '#sql/sql'
import type { SqliteMemory } from '#sql/sqlite-memory'
import type { ChunkRecord } from '#store/chunk-record'
import { decodeStageFrame } from '#store/stage-frame'
import { findStaged, scanChunks } from '#store/tables'
import type { Hardware, NodeMachine } from './hardware.ts'

export interface ChunkHealth {
  readonly chunk: ChunkRecord
  /** Columns whose shard is where the database says, byte for byte. */
  readonly whole: readonly {
    readonly column: number
    readonly node: NodeMachine
    readonly id: ShardId
  }[]
}

/** A small object whose pack rests in no shards yet. */
export interface StagedHealth {
  /** The pack, and where in it. */
  readonly name: string
  /** Machines with a whole frame that holds it. */
  readonly holders: readonly NodeMachine[]
}

export interface Survey {
  readonly chunks: readonly ChunkHealth[]
  readonly staged: readonly StagedHealth[]
}

/**
 * Every chunk and every staged object that the database knows, and what is staged in these packs: their objects' changes may be on the way, to
 * be acknowledged later than their frames could be lost. The database must not be in a transaction.
 */
export async function survey(
  hardware: Hardware,
  {
    database = hardware.database,
    openPacks = new Map(),
  }: {
    readonly database?: SqliteMemory | undefined
    /** By id, in hex. */
    readonly openPacks?: ReadonlyMap<string, unknown> | undefined
  } = {},
): Promise<Survey> {
  return await database.inspect((view) => surveyOf(view, hardware, openPacks))
}

async function surveyOf(
  view: Queryable,
  hardware: Hardware,
  openPacks: ReadonlyMap<string, unknown>,
): Promise<Survey> {
  if ((await readState(view)) === undefined) return { chunks: [], staged: [] }
  const held = hardware.nodes.map((node) => ({ node, names: stagedOn(node.disk) }))
  const wanted = new Set(
    (await findStaged(view)).map(({ chunkId, offset }) => stagedName(chunkId, offset)),
  )
  for (const { names } of held)
    for (const name of names) if (openPacks.has(packOf(name))) wanted.add(name)
  const staged = [...wanted].map((name) => {
    return { name, holders: held.flatMap(({ node, names }) => (names.has(name) ? [node] : [])) }
  })
  return { chunks: await surveyChunks(hardware, view), staged }
}

async function surveyChunks(hardware: Hardware, view: Queryable): Promise<readonly ChunkHealth[]> {
  const rows = await view.query<{ number: number; id: string }>`select number, id from node`
  const machines = new Map(
    rows.map(({ number, id }) => [number, hardware.nodes.find((node) => node.id === id)]),
  )
  const found: ChunkHealth[] = []
  for await (const chunk of scanChunks(view)) {
    const whole = chunk.shards.flatMap(({ id, node: number }, column) => {
      const node = number === undefined ? undefined : machines.get(number)
      return node !== undefined && holdsShard(node.disk, id) ? [{ column, node, id }] : []
    })
    found.push({ chunk, whole })
  }
  return found
}

/** The same for one chunk of a store that runs. */
export function wholeColumns(
  { nodes }: Hardware,
  cluster: Cluster,
  { shards }: ChunkRecord,
): readonly { readonly node: NodeMachine; readonly id: ShardId }[] {
  return shards.flatMap(({ id, node: number }) => {
    const name = number === undefined ? undefined : cluster.node(number)?.id
    const node = nodes.find((one) => one.id === name)
    return node !== undefined && holdsShard(node.disk, id) ? [{ node, id }] : []
  })
}

/** Whether the shard is on this disk, byte for byte, whatever happens to its power. */
export function holdsShard(disk: NodeMachine['disk'], id: ShardId): boolean {
  const bytes = disk.peekStored(shardPath(id))
  return bytes !== undefined && toHex(blake3(bytes)) === id
}

export function shardPath(id: ShardId): string {
  return `shards/${id.slice(0, 2)}/${id}`
}

/** Whether the node's copy of the keyring is whole: the content, and its digest. */
export function holdsKeyring({ storeId }: Hardware, { disk }: NodeMachine): boolean {
  const file = disk.peekStored('files/keyring') ?? new Uint8Array()
  const content = file.subarray(0, -32)
  const isWhole = Buffer.compare(blake3(content), file.subarray(-32)) === 0
  return isWhole && Buffer.compare(parseKeyringFile(content).storeId, storeId) === 0
}

/** The shards on a node's disk. */
export function shardsOn({ disk }: NodeMachine): readonly string[] {
  return disk.peekNames('shards').flatMap((directory) => disk.peekNames(`shards/${directory}`))
}

/** What somebody means to destroy. */
export interface Loss {
  readonly hasShard?: (node: NodeMachine, id: ShardId) => boolean
  /** Of the staged object of this name. */
  readonly hasFrame?: (node: NodeMachine, name: string) => boolean
}

/** Whether every chunk would still have k good shards if these were lost, and every staged object a frame. */
export function survives(
  { chunks, staged }: Survey,
  { hasShard = () => false, hasFrame = () => false }: Loss,
): boolean {
  return (
    chunks.every(({ chunk, whole }) => {
      const left = whole.filter(({ node, id }) => !hasShard(node, id))
      return left.length >= chunk.shape.profile.data
    }) && staged.every(({ name, holders }) => holders.some((node) => !hasFrame(node, name)))
  )
}

/** Names of the staged objects that are in whole frames on this disk, synced. */
export function stagedOn(disk: NodeMachine['disk']): ReadonlySet<string> {
  const names = new Set<string>()
  for (const segment of disk.peekNames('stage'))
    for (const { payload } of framesOf(disk.peekStored(`stage/${segment}`) ?? new Uint8Array())) {
      const frame = decodeStageFrame(payload)
      for (const { offset } of frame?.objects ?? [])
        names.add(stagedName(frame?.packId ?? new Uint8Array(), offset))
    }
  return names
}

export function stagedName(packId: Uint8Array, offset: number): string {
  return `${toHex(packId)} ${offset}`
}

function packOf(name: string): string {
  return name.slice(0, name.indexOf(' '))
}

/** The highest sequence number of any whole log frame on these nodes. */
export function newestLogged(nodes: readonly NodeMachine[]): bigint {
  let newest = 0n
  for (const { disk } of nodes)
    for (const name of disk.peekNames('log'))
      for (const { last } of framesOf(disk.peek(`log/${name}`) ?? new Uint8Array()))
        if (last > newest) newest = last
  return newest
}

/** The whole frames of a segment. */
function* framesOf(
  segment: Uint8Array,
): Generator<{ readonly last: bigint; readonly payload: Uint8Array }> {
  for (let at = 0; at + framePageBytes <= segment.length; at += framePageBytes) {
    const header = peekFrame(segment.subarray(at, at + framePageBytes))
    if (header === undefined) continue
    const filled = segment.subarray(at, at + filledBytes(header))
    if (filled.length === filledBytes(header) && isWholeFrame(filled))
      yield { last: header.last, payload: payloadOf(filled) }
  }
}
