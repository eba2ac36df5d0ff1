/**
 * What a node may lose when the power fails or the process is killed: nothing it has acknowledged. Each seed is one history
 * of several lives: a busy node, a cut in the middle of some disk call, a look at what is left, and on.
 */
import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDisk } from '#disk/simulated'
import { isFault } from '#fault/fault'
import { openDiskNode } from '#shard/disk-node'
import type { NodeStores } from '#shard/store'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import type { World } from '#world/world'
import { append, frameOf, sameFrames } from '../../test/contract/node-log.contract.ts'
import { sameBytes } from '../../test/contract/same-bytes.ts'
import { put, readWhole, shardOf } from '../../test/contract/shard-store.contract.ts'

const seeds = 200
const livesPerSeed = 3
const storeId = new Uint8Array(16)

/** What the world outside was told, and what it only asked for. */
interface Ledger {
  /** Seeds of shards: told durable, or asked for (and perhaps there). */
  readonly kept: Set<number>
  readonly asked: Set<number>
  /** Last sequence of the log: told, and the highest asked for. */
  toldSequence: number
  askedSequence: number
  /** Version of the small file. */
  toldVersion: number
  askedVersion: number
}

test(`over ${seeds} seeds nothing acknowledged is lost and nothing else is made up`, async () => {
  let interruptions = 0
  for (let seed = 0; seed < seeds; seed += 1) interruptions += await live(seed)
  ok(interruptions > seeds, `only ${interruptions} lives ended in the middle of work`)
})

test('a node killed at any point stores the next shard as safely as any', async () => {
  for (let point = 1; point <= 30; point += 1) {
    const world = new SimulatedWorld(`kill at ${point}`)
    await world.run(async () => {
      const first = new SimulatedDisk({ world: world.fork('disk') })
      const open = (disk: SimulatedDisk): Promise<NodeStores> =>
        openDiskNode(disk, { world, telemetry, storeId, nodeId: 'node-01' })
      let second = first
      first.interruptAt(point, () => {
        second = first.restart()
      })
      await open(first)
        .then((node) => put(node.shards, 1))
        .catch((error: unknown) => ok(isFault(error), String(error)))
      ok(second !== first, 'the kill came too late')
      const node = await open(second)
      await put(node.shards, 1)
      await append(node.log, frameOf(1))
      second.powerCut()
      const left = await open(second.restart())
      await readWhole(left.shards, 1)
      equal(await left.log.lastSequence(), 1n)
    })
  }
})

async function live(seed: number): Promise<number> {
  const world = new SimulatedWorld(seed)
  const chance = world.fork('workload')
  let disk = new SimulatedDisk({
    world: world.fork('disk'),
    sectorBytes: chance.random() < 0.5 ? 512 : 4096,
  })
  const open = (): Promise<NodeStores> =>
    openDiskNode(disk, { world, telemetry, storeId, nodeId: 'node-01' })
  const ledger: Ledger = {
    kept: new Set(),
    asked: new Set(),
    toldSequence: 0,
    askedSequence: 0,
    toldVersion: 0,
    askedVersion: 0,
  }
  let interruptions = 0
  await world.run(async () => {
    for (let life = 0; life < livesPerSeed; life += 1) {
      const work = async (): Promise<void> => {
        const node = await open()
        await Promise.all([
          storeShards(node, { ledger, chance, life }),
          appendFrames(node, ledger),
          writeFile(node, ledger),
        ])
      }
      const isInterrupted = await interrupt(disk, { chance, work })
      if (isInterrupted) interruptions += 1
      // What is seen after a kill has to be there after a power cut, too: somebody may have relied on it.
      for (let look = 0; look < 2; look += 1) {
        disk = disk.restart()
        await check(await open(), ledger, seed)
        disk.powerCut()
      }
      disk = disk.restart()
    }
  })
  return interruptions
}

/** Lets `work` run into a power cut or a kill of the process, or to its end. Says whether it was interrupted. */
async function interrupt(
  disk: SimulatedDisk,
  { chance, work }: { chance: World; work: () => Promise<void> },
): Promise<boolean> {
  const operation = 1 + Math.floor(chance.random() * 250)
  const isKill = chance.random() < 0.3
  if (isKill) disk.interruptAt(operation, () => disk.restart())
  else disk.cutPowerAt(operation)
  try {
    await work()
    return false
  } catch (error) {
    ok(isFault(error), String(error))
    return true
  }
}

async function storeShards(
  node: NodeStores,
  { ledger, chance, life }: { ledger: Ledger; chance: World; life: number },
): Promise<void> {
  await Promise.all(
    [0, 1, 2].map(async (writer) => {
      for (let round = 0; round < 6; round += 1) {
        const seed = life * 100 + writer * 10 + round
        if (chance.random() < 0.2) {
          const dropped = await node.shards.create()
          await dropped.write(shardOf(seed + 50).bytes, 0)
          continue // never committed: must never be seen
        }
        ledger.asked.add(seed)
        await put(node.shards, seed)
        ledger.kept.add(seed)
        if (chance.random() < 0.2) {
          ledger.kept.delete(seed)
          await node.shards.remove(shardOf(seed).id)
          ledger.asked.delete(seed)
        }
      }
    }),
  )
}

async function appendFrames(node: NodeStores, ledger: Ledger): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    const sequence = ledger.askedSequence + 1
    ledger.askedSequence = sequence
    await append(node.log, frameOf(sequence, sequence, 500 * (sequence % 20)))
    ledger.toldSequence = sequence
  }
}

async function writeFile(node: NodeStores, ledger: Ledger): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    ledger.askedVersion += 1
    await node.files.write('keyring', new Uint8Array(700).fill(ledger.askedVersion))
    ledger.toldVersion = ledger.askedVersion
  }
}

async function check(node: NodeStores, ledger: Ledger, seed: number): Promise<void> {
  const context = `seed ${seed}`
  const listed = new Set<string>()
  for await (const { id } of node.shards.list()) listed.add(id)
  for (const shard of ledger.kept) ok(listed.has(shardOf(shard).id), `${context}: shard ${shard}`)
  for (const shard of ledger.asked)
    if (listed.delete(shardOf(shard).id)) {
      await readWhole(node.shards, shard)
      ledger.kept.add(shard) // it has been seen now, so it has to stay
    }
  equal(listed.size, 0, `${context}: a shard that nobody committed, or one that was removed`)
  await checkLog(node, ledger, context)
  const file = await node.files.read('keyring')
  const version = file?.[0] ?? 0
  if (file !== undefined) sameBytes(file, new Uint8Array(700).fill(version), context)
  ok(version >= ledger.toldVersion && version <= ledger.askedVersion, `${context}: file`)
  ledger.toldVersion = version
}

/** Frames were appended one after another, and after a crash again from the first one lost: none may be missing between. */
async function checkLog(node: NodeStores, ledger: Ledger, context: string): Promise<void> {
  const found = new Set<number>()
  for await (const frame of node.log.read()) {
    const sequence = Number(frame.last)
    sameFrames([frame], [frameOf(sequence, sequence, 500 * (sequence % 20))])
    found.add(sequence)
  }
  const last = Number(await node.log.lastSequence())
  equal(last, Math.max(0, ...found), context)
  ok(last >= ledger.toldSequence && last <= ledger.askedSequence, `${context}: log end ${last}`)
  equal(found.size, last, `${context}: a frame is missing`)
  ledger.toldSequence = last
  ledger.askedSequence = last
}
