/**
 * The way between the store and its nodes: late, lossy, cut in one direction or in both. A lost request never reaches the node; a lost answer
 * means that the node has done what it was asked and nobody knows. Faults 6 and 7 of the fault list.
 */
import { shardFault } from '#shard/faults'
import type { NodeFiles, NodeLog, NodeStores, ShardStore, ShardWriter } from '#shard/store'
import type { World } from '#world/world'

/** How one node's line is. */
export interface Line {
  /** `deaf`: requests are lost. `mute`: answers are. */
  state: 'well' | 'deaf' | 'mute'
  /** Share of calls that lose their request or their answer. */
  lossShare: number
  /** Share of calls that are late, by up to `delayMs`. */
  delayShare: number
  delayMs: number
}

export function wellLine(): Line {
  return { state: 'well', lossShare: 0, delayShare: 0, delayMs: 0 }
}

/** After this a caller takes a call for lost. */
const callTimeoutMs = 1_500

/** The node as the store sees it over this line. `world` is the process's: what a dead process has asked for gets no answer. */
export function overLine(
  stores: NodeStores,
  { line, node, world }: { readonly line: Line; readonly node: string; readonly world: World },
): NodeStores {
  const carry: Carry = async (act) => {
    if (line.state === 'well' && line.lossShare === 0 && line.delayShare === 0) return await act()
    if (world.random() < line.delayShare) await world.sleep(world.random() * line.delayMs)
    const isRequestLost = line.state === 'deaf' || world.random() < line.lossShare / 2
    const result = isRequestLost ? undefined : { value: await act() }
    const isAnswerLost = line.state === 'mute' || world.random() < line.lossShare / 2
    if (result !== undefined && !isAnswerLost) return result.value
    await world.sleep(callTimeoutMs)
    throw shardFault('shard/io', { node, reason: 'no answer' })
  }
  return {
    shards: shardsOver(stores.shards, carry),
    log: logOver(stores.log, carry),
    stage: logOver(stores.stage, carry),
    files: filesOver(stores.files, carry),
    probe: () => carry(() => stores.probe()),
    close: () => stores.close(),
  }
}

type Carry = <T>(act: () => Promise<T>) => Promise<T>

function shardsOver(inner: ShardStore, carry: Carry): ShardStore {
  return {
    create: () => carry(async () => writerOver(await inner.create(), carry)),
    read: (id, into, options) => carry(() => inner.read(id, into, options)),
    stat: (id) => carry(() => inner.stat(id)),
    remove: (id, options) => carry(() => inner.remove(id, options)),
    list: () => over(() => inner.list(), carry),
    usage: () => carry(() => inner.usage()),
    close: () => inner.close(),
  }
}

function writerOver(inner: ShardWriter, carry: Carry): ShardWriter {
  return {
    write: (bytes, offset) => carry(() => inner.write(bytes, offset)),
    commit: (id) => carry(() => inner.commit(id)),
    abort: () => carry(() => inner.abort()),
  }
}

function logOver(inner: NodeLog, carry: Carry): NodeLog {
  return {
    append: (frame, range) => carry(() => inner.append(frame, range)),
    read: (options) => over(() => inner.read(options), carry),
    lastSequence: () => carry(() => inner.lastSequence()),
    cut: (sequence) => carry(() => inner.cut(sequence)),
    close: () => inner.close(),
  }
}

function filesOver(inner: NodeFiles, carry: Carry): NodeFiles {
  return {
    read: (name) => carry(() => inner.read(name)),
    write: (name, bytes) => carry(() => inner.write(name, bytes)),
    remove: (name) => carry(() => inner.remove(name)),
  }
}

/** A series may break off where the line does: at its start. */
async function* over<T>(open: () => AsyncIterable<T>, carry: Carry): AsyncGenerator<T> {
  yield* await carry(async () => open())
}
