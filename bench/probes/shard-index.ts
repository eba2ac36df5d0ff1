/**
 * What docs/decisions/0003-shard-index.md rests on: a node's shard index as its directories, and as an index in RocksDB.
 * `UV_THREADPOOL_SIZE=16 node --expose-gc bench/probes/shard-index.ts [--rocksdb DIR] [--shards N]`, where DIR holds a
 * node_modules with rocksdb-native; it is no dependency of the project.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openRealDisk } from '#disk/real'
import { openDiskNode } from '#shard/disk-node'
import { parseShardId, type ShardId } from '#shard/shard-id'
import type { NodeStores } from '#shard/store'
import { silentTelemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'

const { values: options } = parseArgs({
  options: { rocksdb: { type: 'string' }, shards: { type: 'string', default: '100000' } },
})
const shards = Number(options.shards)
const world = systemWorld()
const page = new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, 4096)
const writersAtOnce = 16
const timedPuts = 4000

const root = mkdtempSync(join(tmpdir(), 'shard-index-'))
try {
  await measureDirectories()
  if (options.rocksdb !== undefined) await measureRocks(options.rocksdb)
} finally {
  rmSync(root, { recursive: true, force: true })
}

async function measureDirectories(): Promise<void> {
  const node = await openNode()
  await timed('directories: durable puts of 4 KiB, 16 at once', timedPuts, () =>
    atOnce(timedPuts, () => storeShard(node)),
  )
  await node.close()
  fillDirectories(shards - timedPuts)
  await warmUp()
  for (const state of ['cold', 'warm']) {
    if (state === 'cold') dropCaches()
    await timed(`directories: open ${shards} shards, ${state}`, 1, async () => {
      await (await openNode()).close()
    })
  }
  const before = heapBytes()
  const opened = await openNode()
  print('directories: memory per shard', `${((heapBytes() - before) / shards).toFixed(0)} B`)
  await opened.close()
}

/** So that the first timing is not the compiler's. */
async function warmUp(): Promise<void> {
  await (await openNode()).close()
}

async function measureRocks(installed: string): Promise<void> {
  const Rocks = createRequire(join(installed, 'package.json'))('rocksdb-native')
  const value = new Uint8Array(16)
  const key = (): Uint8Array => world.randomBytes(32)
  const path = join(root, 'rocks')
  const rocks = new Rocks(path)
  await rocks.ready()
  await timed('rocksdb: names of puts, nothing synced, 16 at once', timedPuts, () =>
    atOnce(timedPuts, () => rocks.put(key(), value)),
  )
  const durable = 400
  await timed('rocksdb: names of puts, memtable flushed for each 16', durable, async () => {
    for (let done = 0; done < durable; done += writersAtOnce) {
      await atOnce(writersAtOnce, () => rocks.put(key(), value))
      await rocks.flush()
    }
  })
  await atOnce(shards, () => rocks.put(key(), value))
  await rocks.close()
  dropCaches()
  const before = process.memoryUsage.rss()
  const again = new Rocks(path)
  let found = 0
  await timed('rocksdb: open and read all names, cold', 1, async () => {
    await again.ready()
    for await (const _ of again.iterator()) found += 1
  })
  print('rocksdb: names read', String(found))
  print('rocksdb: resident memory', `${((process.memoryUsage.rss() - before) / 1e6).toFixed(0)} MB`)
  await again.close()
}

function openNode(): Promise<NodeStores> {
  const disk = openRealDisk(join(root, 'node'))
  const storeId = new Uint8Array(16)
  return openDiskNode(disk, { world, telemetry: silentTelemetry, storeId, nodeId: 'node' })
}

async function storeShard({ shards: store }: NodeStores): Promise<void> {
  const writer = await store.create()
  await writer.write(page, 0)
  await writer.commit(randomId())
}

/** Unsynced: only how long it takes to read them is measured. */
function fillDirectories(count: number): void {
  const directories = join(root, 'node', 'shards')
  for (let made = 0; made < count; made += 1) {
    const id = randomId()
    if (made < 4096) mkdirSync(join(directories, id.slice(0, 2)), { recursive: true })
    writeFileSync(join(directories, id.slice(0, 2), id), page)
  }
}

function randomId(): ShardId {
  return parseShardId(world.randomBytes(32).toHex())
}

async function atOnce(count: number, act: () => Promise<void>): Promise<void> {
  let left = count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await act()
    }
  }
  await Promise.all(Array.from({ length: writersAtOnce }, worker))
}

async function timed(title: string, count: number, act: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  await act()
  const ms = performance.now() - startedAt
  print(title, count === 1 ? `${ms.toFixed(0)} ms` : `${((count / ms) * 1000).toFixed(0)}/s`)
}

function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** Needs root; without it, cold is warm. */
function dropCaches(): void {
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '2')
  } catch {
    print('caches', 'not dropped: not root')
  }
}

function print(title: string, figure: string): void {
  console.log(`${title.padEnd(60)} ${figure.padStart(12)}`)
}
