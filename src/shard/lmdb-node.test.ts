import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openRealDisk } from '#disk/real'
import { openTables, type Tables } from '#shard/_lmdb-environment'
import { environmentPath } from '#shard/_lmdb-path'
import { openDiskNode, readNodeMetadata } from '#shard/disk-node'
import { openLmdbNode } from '#shard/lmdb-node'
import { openNode } from '#shard/open-node'
import type { NodeStores } from '#shard/store'
import { silentTelemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { answersAsLost } from '../../test/contract/lost-node.ts'
import { append, frameOf, sameFrames } from '../../test/contract/node-log.contract.ts'
import { sameBytes } from '../../test/contract/same-bytes.ts'
import { put, readWhole, shardOf } from '../../test/contract/shard-store.contract.ts'
import { fault } from '../../test/fault.ts'

const storeId = new Uint8Array(16).fill(0xab)
const page = new Uint8Array(4096).fill(9)
const mebibyte = 1024 * 1024

interface Bench {
  /** The node's directory. */
  readonly root: string
  /** What telemetry heard of damage. */
  readonly damage: string[]
  /** Lets the node's clock go on; it stands still otherwise. */
  readonly pass: (ms: number) => void
  /** Closed after the test if it was not before. */
  open(identity?: { storeId?: Uint8Array; nodeId?: string }): Promise<NodeStores>
}

async function benchAt(context: TestContext, root: string): Promise<Bench> {
  const opened: NodeStores[] = []
  context.after(async () => {
    for (const node of opened) await node.close()
    await rm(root, { recursive: true, force: true })
  })
  let now = 1000
  const world = { ...systemWorld(), monotonic: () => now }
  const damage: string[] = []
  const telemetry = {
    ...silentTelemetry,
    damageFound: ({ what, reason }: { what: string; reason: string }) => {
      damage.push(`${what}: ${reason}`)
    },
  }
  return {
    root,
    damage,
    pass: (ms) => {
      now += ms
    },
    open: async (identity = {}) => {
      const disk = openRealDisk(root)
      const options = { root, world, telemetry, storeId, nodeId: 'node-01', ...identity }
      const node = await openLmdbNode(disk, options)
      opened.push(node)
      return node
    },
  }
}

function onLmdb(title: string, body: (bench: Bench) => Promise<void>): void {
  test(title, async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'lmdb-node-'))
    context.after(() => rm(directory, { recursive: true, force: true }))
    await body(await benchAt(context, join(directory, 'node-01')))
  })
}

/** Changes the tables behind the node's back, while it is closed. */
async function tamper(root: string, change: (tables: Tables) => Promise<unknown>): Promise<void> {
  const { root: environment, tables } = openTables(join(root, environmentPath))
  await change(tables)
  await environment.close()
}

onLmdb('a node opened again holds what it held', async ({ open }) => {
  const node = await open()
  for (const seed of [1, 2, 3]) await put(node.shards, seed)
  await put(node.shards, 4, 1300)
  await node.shards.remove(shardOf(2).id)
  await append(node.log, frameOf(1, 5))
  await append(node.stage, frameOf(1))
  await node.files.write('keyring', page)
  await node.close()
  const again = await open()
  await readWhole(again.shards, 1)
  await readWhole(again.shards, 3)
  await readWhole(again.shards, 4, 1300)
  const { shards, usedBytes } = await again.shards.usage()
  deepEqual({ shards, usedBytes }, { shards: 3, usedBytes: 16_384 + 1300 * 4096 })
  await append(again.log, frameOf(6))
  sameFrames(await Array.fromAsync(again.log.read()), [frameOf(1, 5), frameOf(6)])
  sameFrames(await Array.fromAsync(again.stage.read()), [frameOf(1)])
  equal(await again.log.lastSequence(), 6n)
  deepEqual(await again.files.read('keyring'), page)
  await again.probe()
})

onLmdb(
  'a shard of many pieces may come in any order, and any range of it be read',
  async (bench) => {
    const { shards } = await bench.open()
    const { id, bytes } = shardOf(1, 1300)
    const part = 20 * 4096
    const offsets = Array.from({ length: bytes.length / part }, (_, index) => index * part)
    const writer = await shards.create()
    // back and forth, so that pieces are stored before their neighbours' bytes come, and taken back
    const order = offsets.map((_, at) => offsets.at(at % 2 === 0 ? at / 2 : -(at + 1) / 2) ?? 0)
    await Promise.all(order.map((at) => writer.write(bytes.subarray(at, at + part), at)))
    equal((await shards.usage()).shards, 0)
    await writer.commit(id)
    await readWhole(shards, 1, 1300)
    for (const [offset, length] of [
      [65_511, 2],
      [65_512, 65_512],
      [1, 3 * mebibyte],
      [bytes.length - 1, 1],
    ] as const) {
      const into = new Uint8Array(length + 2)
      await shards.read(id, into.subarray(1, length + 1), { offset })
      sameBytes(into.subarray(1, length + 1), bytes.subarray(offset, offset + length))
      deepEqual([into[0], into.at(-1)], [0, 0])
    }
  },
)

onLmdb('a directory knows whose it is, and with which engine', async ({ root, open }) => {
  const disk = openRealDisk(root)
  await (await open()).close()
  const metadata = await readNodeMetadata(disk)
  equal(metadata?.storeId, 'ab'.repeat(16))
  equal(metadata?.engine, 'lmdb')
  await rejects(open({ nodeId: 'node-02' }), fault('shard/foreign-node'))
  await rejects(open({ storeId: new Uint8Array(16) }), fault('shard/foreign-node'))
  const options = { world: systemWorld(), telemetry: silentTelemetry, storeId, nodeId: 'node-01' }
  await rejects(openDiskNode(disk, options), fault('shard/foreign-node'))
  const node = await openNode(root, { ...options, makeWith: 'files' })
  await put(node.shards, 1)
  await node.close()
  deepEqual((await readdir(root)).sort(), ['lmdb', 'metadata.json'])
  await readWhole((await open()).shards, 1)
})

onLmdb('metadata that are torn or lost are not made anew over shards', async ({ root, open }) => {
  const disk = openRealDisk(root)
  const node = await open()
  await put(node.shards, 1)
  await node.close()
  const metadata = (await disk.read('metadata.json')) ?? page
  for (const wrong of ['', '{', '{"format":3}', '{"format":2,"engine":"sled"}']) {
    await disk.writeDurably('metadata.json', new TextEncoder().encode(wrong))
    await rejects(open(), fault('shard/malformed-metadata'))
  }
  await disk.remove('metadata.json')
  await rejects(open(), fault('shard/foreign-node'))
  const options = { world: systemWorld(), telemetry: silentTelemetry, storeId, nodeId: 'node-01' }
  await rejects(openDiskNode(disk, options), fault('shard/foreign-node'))
  await disk.writeDurably('metadata.json', metadata)
  await readWhole((await open()).shards, 1)
})

onLmdb('a node that was half made is made again', async ({ root, open }) => {
  const disk = openRealDisk(root)
  await (await open()).close()
  await disk.remove('metadata.json')
  await disk.makeDirectory('lmdb.new')
  await disk.writeDurably('lmdb.new/data.mdb', page)
  const node = await open()
  await put(node.shards, 1)
  deepEqual((await readdir(root)).sort(), ['lmdb', 'metadata.json'])
})

onLmdb(
  'a shard begun before the node was opened afresh is not made of nothing',
  async ({ open }) => {
    const former = await open()
    const [begun, small, other] = [shardOf(1, 600), shardOf(2), shardOf(3)]
    const late = await former.shards.create()
    await late.write(begun.bytes, 0) // more than a writer holds
    const lateToo = await former.shards.create()
    await lateToo.write(small.bytes, 0)
    const node = await open()
    await put(node.shards, 3)
    await rejects(late.commit(begun.id), fault('shard/io'))
    equal(await node.shards.stat(begun.id), undefined)
    await lateToo.commit(small.id) // all of it is in the one transaction of its commit
    await former.close()
    await readWhole(node.shards, 3)
    await rejects(former.shards.read(other.id, page, { offset: 0 }), fault('shard/io'))
    await node.close()
    await readWhole((await open()).shards, 2)
  },
)

onLmdb('what was never committed is swept at the next open', async ({ root, open }) => {
  const node = await open()
  const writer = await node.shards.create()
  await writer.write(shardOf(1, 600).bytes, 0)
  await node.close()
  await (await open()).close()
  await tamper(root, async ({ pieces, incoming }) => {
    equal(pieces.getKeysCount(), 0)
    equal(incoming.getKeysCount(), 0)
  })
})

onLmdb('a writer that gives up leaves nothing', async ({ root, open }) => {
  const node = await open()
  const writer = await node.shards.create()
  await writer.write(shardOf(1, 600).bytes, 0)
  await writer.abort()
  await node.close()
  await tamper(root, async ({ pieces }) => equal(pieces.getKeysCount(), 0))
})

onLmdb('space that was freed is used again', async ({ root, open }) => {
  const node = await open()
  const fileBytes = async (): Promise<number> => (await stat(join(root, environmentPath))).size
  const round = async (): Promise<void> => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed)
    await Promise.all(seeds.map((seed) => put(node.shards, seed, 160)))
    await Promise.all(seeds.map((seed) => node.shards.remove(shardOf(seed, 160).id)))
  }
  await round()
  const once = await fileBytes()
  const { freeBytes, totalBytes } = await node.shards.usage()
  for (let more = 0; more < 12; more += 1) await round()
  ok((await fileBytes()) < 3 * once, `${once} bytes grew to ${await fileBytes()}`)
  const after = await node.shards.usage()
  equal(after.usedBytes, 0)
  ok(freeBytes <= totalBytes && after.freeBytes > 0)
})

onLmdb('a node whose directory is gone says so in every way', async ({ root, pass, open }) => {
  const node = await open()
  await put(node.shards, 1)
  await append(node.log, frameOf(1))
  const writer = await node.shards.create()
  await writer.write(page, 0)
  await rm(root, { recursive: true })
  await rejects(node.probe(), fault('shard/node-lost'))
  pass(100) // it does not look each time
  await answersAsLost(node, writer)
  await node.close()
  const fresh = await open()
  equal((await fresh.shards.usage()).shards, 0)
})

onLmdb('another directory in its place is not the node', async ({ root, pass, open }) => {
  const node = await open()
  await put(node.shards, 1)
  await rename(root, `${root}.away`)
  const usurper = await open()
  pass(100)
  await rejects(node.shards.read(shardOf(1).id, page, { offset: 0 }), fault('shard/node-lost'))
  await put(usurper.shards, 2)
  await usurper.close()
  await rm(root, { recursive: true })
  await rename(`${root}.away`, root)
  await readWhole(node.shards, 1)
  equal(await node.shards.stat(shardOf(2).id), undefined)
})

onLmdb('a file that is shorter than what it tells is refused', async ({ root, open }) => {
  const node = await open()
  for (const seed of [1, 2, 3]) await put(node.shards, seed, 100)
  await node.close()
  const file = join(root, environmentPath)
  const { size } = await stat(file)
  await cp(root, `${root}.copy`, { recursive: true })
  for (const bytes of [size - 4096, size / 2, 12_288, 8192, 4096, 100, 0]) {
    await truncate(file, bytes)
    await rejects(open(), fault('shard/truncated'))
  }
  await writeFile(file, systemWorld().randomBytes(size))
  await rejects(open(), fault('shard/truncated'))
  await rm(file)
  await rejects(open(), fault('shard/truncated'))
  await rm(root, { recursive: true })
  await rename(`${root}.copy`, root)
  await readWhole((await open()).shards, 3, 100)
})

onLmdb('the tables are as docs/formats/node-lmdb.md says', async ({ root, open }) => {
  const node = await open()
  const { id, bytes } = shardOf(1, 20)
  await put(node.shards, 1, 20)
  const { committedAt = 0 } = (await node.shards.stat(id)) ?? {}
  await append(node.log, frameOf(7, 9, 10))
  await node.files.write('keyring', page)
  await node.close()
  await tamper(root, async ({ shards, pieces, incoming, log, files }) => {
    const [record] = [...shards.getRange()]
    deepEqual(new Uint8Array(record?.key ?? page), Uint8Array.fromHex(id))
    const hex = new Uint8Array(record?.value ?? page).toHex()
    const number = hex.slice(0, 24)
    equal(number.slice(16), '00000001')
    equal(
      hex.slice(24),
      [bytes.length, committedAt].map((n) => n.toString(16).padStart(16, '0')).join(''),
    )
    deepEqual(
      [...pieces.getRange()].map(({ key, value }) => [new Uint8Array(key).toHex(), value.length]),
      [
        [`${number}00000000`, 65_512],
        [`${number}00000001`, bytes.length - 65_512],
      ],
    )
    equal(incoming.getKeysCount(), 0)
    const [frame] = [...log.getRange()]
    equal(
      new Uint8Array(frame?.key ?? page).toHex(),
      [1, 7, 9].map((n) => n.toString(16).padStart(16, '0')).join(''),
    )
    equal(frame?.value.length, 48 + 10)
    deepEqual(
      [...files.getRange()].map(({ key, value }) => [String(key), value.length]),
      [['keyring', 4096 + 32]],
    )
  })
})

onLmdb('a rotten frame or file reads as missing, its neighbours do not', async (bench) => {
  const { root, damage, open } = bench
  const node = await open()
  for (const first of [1, 2, 3]) await append(node.log, frameOf(first, first, 10_000))
  await node.files.write('change-era', page)
  await node.files.write('keyring', page)
  await node.close()
  await tamper(root, async ({ log, files }) => {
    for (const [table, at] of [
      [log, 1],
      [files, 0],
    ] as const) {
      const { key, value } = [...table.getRange()][at] ?? { key: page, value: page }
      await table.batch(
        () =>
          void table.put(
            key,
            value.map((byte, index) => (index === 70 ? byte ^ 1 : byte)),
          ),
      )
    }
  })
  const again = await open()
  sameFrames(await Array.fromAsync(again.log.read()), [
    frameOf(1, 1, 10_000),
    frameOf(3, 3, 10_000),
  ])
  equal(await again.files.read('change-era'), undefined)
  deepEqual(await again.files.read('keyring'), page)
  deepEqual(damage, ['log frame 2: damage', 'file change-era: damaged'])
})

onLmdb('a frame larger than what LMDB copies at once comes back whole', async ({ open }) => {
  const node = await open()
  const large = frameOf(2, 9, 20 * mebibyte)
  for (const frame of [frameOf(1), large, frameOf(10)]) await append(node.log, frame)
  sameFrames(await Array.fromAsync(node.log.read()), [frameOf(1), large, frameOf(10)])
})

onLmdb('closing waits for what is under way, and what comes later is refused', async ({ open }) => {
  const node = await open()
  const puts = [1, 2, 3].map((seed) => put(node.shards, seed))
  await Promise.all(puts)
  const late = node.files.write('keyring', page)
  await node.close()
  await late
  await node.close()
  await rejects(node.files.read('keyring'), fault('shard/io'))
  await rejects(append(node.log, frameOf(1)), fault('shard/io'))
  deepEqual(await (await open()).files.read('keyring'), page)
})

/** A file system of 24 MiB; `undefined`, and the test is reported as not run, where none may be mounted. */
async function smallDisk(context: TestContext): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'lmdb-full-'))
  const mount = ['-t', 'tmpfs', '-o', 'size=24m,mode=700', 'tmpfs', directory]
  const { status, stderr } = spawnSync('mount', mount, { encoding: 'utf8' })
  context.after(async () => {
    if (status === 0) spawnSync('umount', ['--lazy', directory])
    await rm(directory, { recursive: true, force: true })
  })
  if (status === 0) return directory
  context.skip(`a small tmpfs cannot be mounted here: ${stderr || 'not root'}`.trim())
  return undefined
}

test('a full disk refuses cleanly, keeps what it has, and takes more once there is room', async (context) => {
  const directory = await smallDisk(context)
  if (directory === undefined) return
  const { open } = await benchAt(context, join(directory, 'node-01'))
  const node = await open()
  await append(node.log, frameOf(1))
  const full = fault('shard/node-full')
  const kept: number[] = []
  const fill = async (seed: number): Promise<void> => {
    await put(node.shards, seed, 300)
    kept.push(seed)
  }
  const refused: unknown[] = []
  for (let seed = 0; seed < 30; seed += 1)
    await fill(seed).catch((error: unknown) => refused.push(error))
  ok(kept.length > 3 && refused.length > 3)
  for (const error of refused) ok(full(error), String(error))
  for (const seed of kept) await readWhole(node.shards, seed, 300)
  for (const seed of kept.splice(0, 3)) await node.shards.remove(shardOf(seed, 300).id)
  await append(node.log, frameOf(2))
  await fill(100)
  await node.close()
  const again = await open()
  for (const seed of kept) await readWhole(again.shards, seed, 300)
  sameFrames(await Array.fromAsync(again.log.read()), [frameOf(1), frameOf(2)])
})

test('after a write that failed for another reason the node is lost, and can be closed', async (context) => {
  const directory = await smallDisk(context)
  if (directory === undefined) return
  const root = join(directory, 'node-01')
  const real = openRealDisk(root)
  // A disk that seems to have room: what LMDB tells of it is taken for the I/O error it says it is.
  const disk = new Proxy(real, {
    get: (_, name: keyof typeof real) =>
      name === 'capacity'
        ? async () => ({ totalBytes: 1e12, freeBytes: 1e12 })
        : real[name].bind(real),
  })
  const options = { root, world: systemWorld(), telemetry: silentTelemetry, storeId }
  const node = await openLmdbNode(disk, { ...options, nodeId: 'node-01' })
  await put(node.shards, 1)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, seed) => put(node.shards, 100 + seed, 300)),
  )
  const failed = outcomes.filter(({ status }) => status === 'rejected')
  ok(failed.length > 10)
  for (const { reason } of failed as PromiseRejectedResult[]) ok(fault('shard/io')(reason))
  await rejects(node.probe(), fault('shard/node-lost'))
  await rejects(append(node.log, frameOf(1)), fault('shard/io'))
  await node.close()
})
