import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict'
import { mkdtemp, readdir, readlink, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Disk } from '#disk/disk'
import { openRealDisk } from '#disk/real'
import { SimulatedDisk } from '#disk/simulated'
import { openDiskNode, readNodeMetadata } from '#shard/disk-node'
import { OpenHandles } from '#shard/open-handles'
import type { NodeStores } from '#shard/store'
import { silentTelemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import { systemWorld } from '#world/system'
import { answersAsLost } from '../../test/contract/lost-node.ts'
import { append, frameOf, sameFrames } from '../../test/contract/node-log.contract.ts'
import { put, readWhole, shardOf } from '../../test/contract/shard-store.contract.ts'
import { fault } from '../../test/fault.ts'
import { until } from '../../test/until.ts'

const storeId = new Uint8Array(16).fill(0xab)
const page = new Uint8Array(4096).fill(9)

interface Bench {
  readonly world: SimulatedWorld
  readonly disk: SimulatedDisk
  /** What telemetry heard of damage. */
  readonly damage: string[]
  open(disk?: Disk, identity?: { storeId?: Uint8Array; nodeId?: string }): Promise<NodeStores>
}

function onSimulatedDisk(title: string, body: (bench: Bench) => Promise<void>): void {
  test(title, () => {
    const world = new SimulatedWorld(title)
    const disk = new SimulatedDisk({ world: world.fork('disk') })
    const damage: string[] = []
    const telemetry = {
      ...silentTelemetry,
      damageFound: ({ what, reason }: { what: string; reason: string }) => {
        damage.push(`${what}: ${reason}`)
      },
    }
    const open: Bench['open'] = (on = disk, identity = {}) =>
      openDiskNode(on, { world, telemetry, storeId, nodeId: 'node-01', ...identity })
    return world.run(() => body({ world, disk, damage, open }))
  })
}

onSimulatedDisk('a node opened again holds what it held', async ({ open }) => {
  const node = await open()
  for (const seed of [1, 2, 3]) await put(node.shards, seed)
  await node.shards.remove(shardOf(2).id)
  await append(node.log, frameOf(1, 5))
  await node.files.write('keyring', page)
  await node.close()
  const again = await open()
  await readWhole(again.shards, 1)
  await readWhole(again.shards, 3)
  const { shards, usedBytes } = await again.shards.usage()
  deepEqual({ shards, usedBytes }, { shards: 2, usedBytes: 16_384 })
  await append(again.log, frameOf(6))
  deepEqual(await Array.fromAsync(again.log.read()), [frameOf(1, 5), frameOf(6)])
  equal(await again.log.lastSequence(), 6n)
  deepEqual(await again.files.read('keyring'), page)
  await again.probe()
})

onSimulatedDisk('a directory knows whose it is', async ({ disk, open }) => {
  equal(await readNodeMetadata(disk), undefined)
  await (await open()).close()
  const metadata = await readNodeMetadata(disk)
  equal(metadata?.storeId, 'ab'.repeat(16))
  equal(metadata?.nodeId, 'node-01')
  await rejects(open(disk, { nodeId: 'node-02' }), fault('shard/foreign-node'))
  await rejects(open(disk, { storeId: new Uint8Array(16) }), fault('shard/foreign-node'))
  deepEqual(await readNodeMetadata(disk), metadata)
})

onSimulatedDisk('metadata that is torn or lost is not made anew over shards', async (bench) => {
  const { disk, open } = bench
  const node = await open()
  await put(node.shards, 1)
  const metadata = (await disk.read('metadata.json')) ?? page
  for (const wrong of ['', '{', '[]', '{"format":2}', '{"format":1,"storeId":"ab"}']) {
    await disk.writeDurably('metadata.json', new TextEncoder().encode(wrong))
    await rejects(open(), fault('shard/malformed-metadata'))
  }
  await disk.remove('metadata.json')
  await rejects(open(), fault('shard/foreign-node'))
  await disk.writeDurably('metadata.json', metadata)
  await readWhole((await open()).shards, 1)
})

onSimulatedDisk(
  'a shard begun before the node was opened afresh never gets the bytes of another',
  async ({ open }) => {
    const former = await open()
    const [one, other] = [shardOf(1), shardOf(2)]
    const late = await former.shards.create()
    await late.write(one.bytes, 0)
    const node = await open() // the directory was away for a moment
    const writer = await node.shards.create()
    await writer.write(other.bytes, 0)
    await rejects(late.commit(one.id), fault('shard/io'))
    await writer.commit(other.id)
    await readWhole(node.shards, 2)
    const again = await open()
    equal(await again.shards.stat(one.id), undefined)
    await readWhole(again.shards, 2)
  },
)

onSimulatedDisk('what was never committed is swept at the next open', async ({ disk, open }) => {
  const node = await open()
  const writer = await node.shards.create()
  await writer.write(page, 0)
  equal((await disk.list('incoming')).length, 1)
  const next = disk.restart()
  const again = await open(next)
  deepEqual(await next.list('incoming'), [])
  equal((await again.shards.usage()).shards, 0)
})

onSimulatedDisk('files that are not ours are left alone', async ({ disk, open }) => {
  const node = await open()
  await put(node.shards, 1)
  const ours = shardOf(1).id.slice(0, 2)
  const misplaced = `shards/${ours}/${(ours === 'ff' ? '00' : 'ff').repeat(32)}`
  for (const path of [misplaced, `shards/${ours}/notes.txt`, 'log/readme', 'shards/stray'])
    await disk.writeDurably(path, page)
  const again = await open()
  equal((await again.shards.usage()).shards, 1)
  equal(await again.log.lastSequence(), 0n)
  deepEqual(await disk.read(misplaced), page)
})

onSimulatedDisk('a node whose directory is gone says so in every way', async ({ disk, open }) => {
  const node = await open()
  await put(node.shards, 1)
  await append(node.log, frameOf(1))
  const writer = await node.shards.create()
  await writer.write(page, 0)
  disk.wipe()
  await rejects(node.probe(), fault('shard/node-lost'))
  await answersAsLost(node, writer)
  await node.close()
  const fresh = await open()
  equal((await fresh.shards.usage()).shards, 0)
})

onSimulatedDisk(
  'readers see the new bytes of a shard even when the sync of its new name fails',
  async ({ world, disk, open }) => {
    const { shards } = await open()
    const id = await put(shards, 1)
    disk.rot(`shards/${id.slice(0, 2)}/${id}`)
    await rejects(readWhole(shards, 1))
    world.onPassing((point) => {
      if (point === 'shard/named') disk.failNextSync()
    })
    await rejects(put(shards, 1), fault('shard/io'))
    await readWhole(shards, 1)
  },
)

onSimulatedDisk('another directory in its place is not the node', async ({ disk, open }) => {
  const node = await open()
  disk.wipe()
  const usurper = await open()
  await rejects(node.probe(), fault('shard/node-lost'))
  await usurper.probe()
})

onSimulatedDisk('a dead disk is a lost node', async ({ disk, open }) => {
  const node = await open()
  disk.die()
  await rejects(node.probe(), fault('shard/node-lost'))
  await rejects(node.shards.create(), fault('shard/io'))
  await rejects(append(node.log, frameOf(1)), fault('shard/io'))
  disk.revive()
  await node.probe()
  await put(node.shards, 1)
  await append(node.log, frameOf(1))
})

onSimulatedDisk('one missing file is one missing shard, told once', async (bench) => {
  const { disk, damage, open } = bench
  const node = await open()
  const id = await put(node.shards, 1)
  await put(node.shards, 2)
  await disk.remove(`shards/${id.slice(0, 2)}/${id}`)
  await rejects(node.shards.read(id, page, { offset: 0 }), fault('shard/not-found'))
  equal(await node.shards.stat(id), undefined)
  await rejects(node.shards.read(id, page, { offset: 0 }), fault('shard/not-found'))
  deepEqual(damage, [`shard ${id}: missing`])
  await readWhole(node.shards, 2)
  await put(node.shards, 1)
  await readWhole(node.shards, 1)
})

onSimulatedDisk('a commit over a rotten shard heals it, for open readers too', async (bench) => {
  const { disk, open } = bench
  const node = await open()
  const id = await put(node.shards, 1)
  await readWhole(node.shards, 1)
  disk.rot(`shards/${id.slice(0, 2)}/${id}`, 50)
  await rejects(readWhole(node.shards, 1))
  await put(node.shards, 1)
  await readWhole(node.shards, 1)
})

onSimulatedDisk(
  'a rotten small file reads as missing, until it is written again',
  async (bench) => {
    const { disk, damage, open } = bench
    const node = await open()
    for (const content of [page, new Uint8Array(0)]) {
      await node.files.write('change-era', content)
      deepEqual(await node.files.read('change-era'), content)
      disk.rot('files/change-era')
      equal(await node.files.read('change-era'), undefined)
    }
    deepEqual(damage, Array(2).fill('file change-era: damaged'))
  },
)

onSimulatedDisk('a full node refuses cleanly and keeps its log going', async (bench) => {
  const { world, disk, open } = bench
  const node = await open()
  await put(node.shards, 1)
  await append(node.log, frameOf(1))
  disk.full(20_000)
  await world.sleep(1000) // the node looks at its free space now and then
  const full = fault('shard/node-full')
  const writer = await node.shards.create()
  await rejects(writer.write(new Uint8Array(24_576), 0), full)
  await writer.abort()
  await append(node.log, frameOf(2))
  await node.shards.remove(shardOf(1).id)
  await append(node.log, frameOf(3))
  disk.full(0)
  await rejects(append(node.log, frameOf(4)), full)
  disk.full(1e9)
  await append(node.log, frameOf(4))
  const frames = await Array.fromAsync((await open(disk.restart())).log.read())
  deepEqual(
    frames.map(({ first }) => first),
    [1n, 2n, 3n, 4n],
  )
})

onSimulatedDisk('data leave room to the log, however many are written at once', async (bench) => {
  const { disk, open } = bench
  const bytesLeft = 4_000_000
  disk.full(bytesLeft)
  const node = await open()
  const piece = new Uint8Array(4096)
  const write = async (): Promise<number> => {
    const writer = await node.shards.create()
    let pages = 0
    for (; pages < 300; pages += 1)
      try {
        await writer.write(piece, pages * piece.length)
      } catch (error) {
        ok(fault('shard/node-full')(error))
        break
      }
    return pages * piece.length
  }
  const written = await Promise.all(Array.from({ length: 10 }, write))
  const total = written.reduce((sum, bytes) => sum + bytes, 0)
  ok(total > 0.9 * bytesLeft && total < 0.96 * bytesLeft, `${total} bytes were written`)
  await rejects(append(node.stage, frameOf(1)), fault('shard/node-full'))
  const { freeBytes } = await node.shards.usage()
  ok(freeBytes <= (await disk.capacity()).freeBytes - 0.04 * bytesLeft, 'placement is told')
  for (let first = 1; first < 40; first += 1) await append(node.log, frameOf(first))
})

onSimulatedDisk('a failed sync fails the commit for good', async ({ disk, open }) => {
  const node = await open()
  const { id, bytes } = shardOf(1)
  const writer = await node.shards.create()
  await writer.write(bytes, 0)
  disk.failNextSync()
  await rejects(writer.commit(id), fault('shard/io'))
  equal(await node.shards.stat(id), undefined)
  deepEqual(await disk.list('incoming'), [])
  await rejects(writer.commit(id), { name: 'AssertionError' })
  await put(node.shards, 1)
  disk.powerCut()
  await readWhole((await open(disk.restart())).shards, 1)
})

onSimulatedDisk('after a failed sync the log goes on in another file', async ({ disk, open }) => {
  const node = await open()
  await append(node.log, frameOf(1))
  disk.failNextSync()
  await rejects(append(node.log, frameOf(2)), fault('shard/io'))
  await append(node.log, frameOf(2))
  equal((await disk.list('log')).length, 2)
  deepEqual(await Array.fromAsync(node.log.read()), [frameOf(1), frameOf(2)])
  disk.powerCut()
  const frames = await Array.fromAsync((await open(disk.restart())).log.read())
  deepEqual(frames.slice(0, 1), [frameOf(1)])
  deepEqual(frames.at(-1), frameOf(2))
})

onSimulatedDisk('a rotten frame is skipped and told, its neighbours are not', async (bench) => {
  const { disk, damage, open } = bench
  const node = await open()
  for (const first of [1, 2, 3]) await append(node.log, frameOf(first, first, 10_000))
  const [name] = await disk.list('log')
  const file = await disk.open(`log/${name}`)
  await file.write(new Uint8Array([0xff]), 12_288 + 6000) // each frame fills 3 pages
  await file.sync()
  sameFrames(await Array.fromAsync(node.log.read()), [frameOf(1, 1, 10_000), frameOf(3, 3, 10_000)])
  deepEqual(damage, [`log/${name} page 3: damage`])
  await file.write(new Uint8Array([0xff]), 24_576 + 6000)
  const again = await open()
  sameFrames(await Array.fromAsync(again.log.read()), [frameOf(1, 1, 10_000)])
  equal(await again.log.lastSequence(), 1n)
})

onSimulatedDisk('a frame copied to another place is not a frame', async ({ disk, open }) => {
  const node = await open()
  await append(node.log, frameOf(1))
  await append(node.log, frameOf(2))
  const [name] = await disk.list('log')
  const file = await disk.open(`log/${name}`)
  const frame = new Uint8Array(4096)
  await file.read(frame, 0)
  await file.write(frame, 4096)
  deepEqual(await Array.fromAsync(node.log.read()), [frameOf(1)])
})

onSimulatedDisk('cut gives the space of whole segments back', async ({ disk, open }) => {
  const node = await open()
  const large = 16 * 1024 * 1024
  for (let first = 1; first <= 9; first += 1) await append(node.log, frameOf(first, first, large))
  const before = await disk.list('log')
  equal(before.length >= 3, true)
  await node.log.cut(8n)
  equal((await disk.list('log')).length, before.length - 2)
  deepEqual(
    (await Array.fromAsync(node.log.read())).map(({ first }) => first),
    [9n],
  )
  disk.powerCut()
  const again = await open(disk.restart())
  equal(await again.log.lastSequence(), 9n)
})

onSimulatedDisk(
  'zeros lie ahead of the frames of a log, which a reader does not mind, and go when the node is closed',
  async ({ disk, open, damage }) => {
    const frames = Array.from({ length: 40 }, (_, index) => frameOf(index + 1, index + 1, 8000))
    const framesBytes = 40 * 8192
    const node = await open()
    for (const frame of frames) await append(node.log, frame)
    const [name] = await disk.list('log')
    const bytesOf = async (on: SimulatedDisk): Promise<number | undefined> =>
      (await on.stat(`log/${name}`))?.bytes
    ok(((await bytesOf(disk)) ?? 0) > framesBytes)
    const killed = disk.copy().restart()
    sameFrames(await Array.fromAsync((await open(killed)).log.read()), frames)
    deepEqual(damage, [])
    await node.close()
    equal(await bytesOf(disk), framesBytes)
  },
)

onSimulatedDisk(
  'a log that has no room for zeros has room for frames',
  async ({ world, open, damage }) => {
    const disk = new SimulatedDisk({ world: world.fork('small disk'), totalBytes: 128 * 1024 })
    const node = await open(disk)
    const frames = Array.from({ length: 13 }, (_, index) => frameOf(index + 1, index + 1, 8000))
    for (const frame of frames) {
      await append(node.log, frame)
      await world.sleep(1_000)
    }
    equal((await disk.list('log')).length, 2)
    sameFrames(await Array.fromAsync(node.log.read()), frames)
    deepEqual(damage, [])
  },
)

test('on a real disk: a directory that was moved away is missed before long', async () => {
  const root = await mkdtemp(join(tmpdir(), 'node-'))
  try {
    const disk = openRealDisk(join(root, 'node-01'))
    let now = 0
    const world = { ...systemWorld(), monotonic: () => now }
    const identity = { storeId, nodeId: 'node-01' }
    const node = await openDiskNode(disk, { world, telemetry: silentTelemetry, ...identity })
    await append(node.log, frameOf(1))
    await rename(join(root, 'node-01'), join(root, 'moved'))
    now += 100
    await rejects(append(node.log, frameOf(2)), fault('shard/node-lost'))
    await node.close()
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

/** Descriptors of shards below a directory. */
async function openShards(root: string): Promise<number> {
  const names = await readdir('/proc/self/fd')
  const paths = names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => ''))
  return (await Promise.all(paths)).filter((path) => path.startsWith(`${root}/`)).length
}

test('on a real disk: nodes of one process keep so many files open together', async () => {
  const root = await mkdtemp(join(tmpdir(), 'node-'))
  try {
    const handles = new OpenHandles(10)
    const identity = { world: systemWorld(), telemetry: silentTelemetry, storeId, handles }
    const openNode = (nodeId: string) =>
      openDiskNode(openRealDisk(join(root, nodeId)), { ...identity, nodeId })
    const [first, second] = [await openNode('node-01'), await openNode('node-02')]
    const before = await openShards(root)
    const seeds = Array.from({ length: 15 }, (_, seed) => seed)
    for (const { shards } of [first, second]) {
      await Promise.all(seeds.map((seed) => put(shards, seed, 1))) // the same on both: as after a move
      await Promise.all(seeds.map((seed) => readWhole(shards, seed, 1)))
    }
    await until(
      () => openShards(root),
      (count) => count === before + 10,
    )
    await readWhole(first.shards, 0, 1)
    await second.close()
    for (const seed of seeds) await readWhole(first.shards, seed, 1)
    await first.close()
    equal(await openShards(root), 0)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

test('on a real disk: open files stay bounded, and a deleted directory is noticed', async () => {
  const root = await mkdtemp(join(tmpdir(), 'node-'))
  try {
    const disk = openRealDisk(join(root, 'node-01'))
    const world = systemWorld()
    const telemetry = silentTelemetry
    const node = await openDiskNode(disk, { world, telemetry, storeId, nodeId: 'node-01' })
    const seeds = Array.from({ length: 600 }, (_, seed) => seed)
    await Promise.all(seeds.map((seed) => put(node.shards, seed, 1)))
    const before = (await readdir('/dev/fd')).length
    await Promise.all(seeds.map((seed) => readWhole(node.shards, seed, 1)))
    ok((await readdir('/dev/fd')).length - before <= 520)
    await append(node.log, frameOf(1))
    const writer = await node.shards.create()
    await writer.write(page, 0)
    await rm(join(root, 'node-01'), { recursive: true })
    await rejects(append(node.log, frameOf(2)), fault('shard/node-lost'))
    await rejects(writer.commit(shardOf(200).id), fault('shard/node-lost'))
    await rejects(node.probe(), fault('shard/node-lost'))
    deepEqual(await readdir(root), [])
    await node.close()
    const open = (await readdir('/dev/fd')).length
    equal(open <= before, true)
    notEqual(open, 0)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
