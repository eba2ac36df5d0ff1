import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk, DiskFile } from '#disk/disk'
import { SimulatedDisk } from '#disk/simulated'
import { SimulatedWorld } from '#world/simulated'
import { sameBytes } from '../../test/contract/same-bytes.ts'
import { fault } from '../../test/fault.ts'

const old = new Uint8Array(8192).fill(1)
const fresh = new Uint8Array(8192).fill(2)

/** Runs `body` in 200 worlds and gives what each returned. */
async function inEveryWorld<T>(body: (disk: SimulatedDisk) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let seed = 0; seed < 200; seed += 1) {
    const world = new SimulatedWorld(seed)
    results.push(await world.run(() => body(new SimulatedDisk({ world: world.fork('disk') }))))
  }
  return results
}

async function write(disk: Disk, path: string, bytes: Uint8Array): Promise<DiskFile> {
  const file = await disk.create(path)
  await file.write(bytes, 0)
  return file
}

test('what was synced, with its name, survives every power cut', async () => {
  await inEveryWorld(async (disk) => {
    await disk.makeDirectory('a/b')
    const file = await write(disk, 'a/b/file', old)
    await file.sync()
    await disk.syncDirectory('a/b')
    disk.powerCut()
    sameBytes(await disk.restart().read('a/b/file'), old)
  })
})

test('one can see from outside what no power cut takes, and what one may', async () => {
  await inEveryWorld(async (disk) => {
    const file = await write(disk, 'file', old)
    await file.sync()
    equal(disk.peekStored('file'), undefined, 'its name is not synced')
    deepEqual(disk.peek('file'), old)
    await disk.syncDirectory('')
    await file.write(fresh, old.length)
    deepEqual(disk.peekStored('file'), old)
    equal(disk.peek('file')?.length, old.length + fresh.length)
    disk.powerCut()
    deepEqual((await disk.restart().read('file'))?.subarray(0, old.length), old)
  })
})

test('directories are made durably, with their parents', async () => {
  await inEveryWorld(async (disk) => {
    await Promise.all([disk.makeDirectory('a/b/c'), disk.makeDirectory('a/b/d')])
    disk.powerCut()
    deepEqual(await disk.restart().list('a/b'), ['c', 'd'])
  })
})

test('a name whose directory was not synced is sometimes there and sometimes not', async () => {
  const found = await inEveryWorld(async (disk) => {
    const file = await write(disk, 'file', old)
    await file.sync()
    disk.powerCut()
    return (await disk.restart().stat('file')) !== undefined
  })
  deepEqual(new Set(found), new Set([true, false]))
})

test('unsynced bytes are kept, lost or torn, sector by sector', async () => {
  const sectors = await inEveryWorld(async (disk) => {
    const file = await write(disk, 'file', old)
    await file.sync()
    await disk.syncDirectory('')
    await file.write(fresh, 0)
    disk.powerCut()
    const left = await disk.restart().read('file')
    equal(left?.length, 8192)
    return Array.from({ length: 16 }, (_, sector) =>
      kindOf(left?.subarray(sector * 512, sector * 512 + 512)),
    )
  })
  deepEqual(new Set(sectors.flat()), new Set(['old', 'fresh', 'torn']))
  equal(
    sectors.some((kinds) => new Set(kinds).size > 1),
    true,
  )
})

function kindOf(sector: Uint8Array | undefined): string {
  const bytes = new Set(sector)
  if (bytes.size > 1) return 'torn'
  return bytes.has(1) ? 'old' : bytes.has(2) ? 'fresh' : 'torn'
}

test('a sync covers only writes that had returned when it began', async () => {
  const kept = await inEveryWorld(async (disk) => {
    const file = await write(disk, 'file', old)
    await file.sync()
    await disk.syncDirectory('')
    await Promise.all([file.write(fresh, 0), file.sync()])
    disk.powerCut()
    return kindOf(await disk.restart().read('file'))
  })
  equal(new Set(kept).size > 1, true)
})

test('writeDurably leaves the former bytes or the new ones, wherever the power fails', async () => {
  const total = await inEveryWorld(async (disk) => {
    await disk.writeDurably('file', old)
    const before = disk.operations
    await disk.writeDurably('file', fresh)
    return disk.operations - before
  })
  const left = new Set<string>()
  for (let point = 1; point <= (total[0] ?? 0); point += 1)
    await inEveryWorld(async (disk) => {
      await disk.writeDurably('file', old)
      disk.cutPowerAt(point)
      await rejects(disk.writeDurably('file', fresh), fault('disk/power-off'))
      const kind = kindOf(await disk.restart().read('file'))
      equal(kind === 'old' || kind === 'fresh', true)
      left.add(kind)
    })
  deepEqual(left, new Set(['old', 'fresh']))
})

/** A file that was synced, and its name, has another name since, in another directory. */
async function renameSynced(disk: Disk): Promise<void> {
  await disk.makeDirectory('from')
  await disk.makeDirectory('to')
  const file = await write(disk, 'from/file', old)
  await file.sync()
  await disk.syncDirectory('from')
  await disk.rename('from/file', 'to/file')
}

test('a rename never loses the bytes, synced or not', async () => {
  const outcomes = await inEveryWorld(async (disk) => {
    await renameSynced(disk)
    disk.powerCut()
    const left = disk.restart()
    const places = [await left.read('from/file'), await left.read('to/file')]
    for (const bytes of places) if (bytes !== undefined) sameBytes(bytes, old)
    return places.map((bytes) => (bytes === undefined ? '-' : 'x')).join('')
  })
  deepEqual(new Set(outcomes), new Set(['x-', '-x', 'xx']))
})

test('after a sync of the target directory the renamed file is there', async () => {
  const oldNames = await inEveryWorld(async (disk) => {
    await renameSynced(disk)
    await disk.syncDirectory('to')
    disk.powerCut()
    const left = disk.restart()
    sameBytes(await left.read('to/file'), old)
    return (await left.list('from')).length
  })
  deepEqual(new Set(oldNames), new Set([0, 1]))
})

test('a removal is final once its directory is synced, and not before', async () => {
  for (const isSynced of [true, false]) {
    const left = await inEveryWorld(async (disk) => {
      await disk.writeDurably('file', old)
      await disk.remove('file')
      if (isSynced) await disk.syncDirectory('')
      disk.powerCut()
      return (await disk.restart().stat('file')) !== undefined
    })
    deepEqual(new Set(left), new Set(isSynced ? [false] : [true, false]))
  }
})

test('a failed sync may lose what it should have covered, and the file is done for', async () => {
  const kinds = await inEveryWorld(async (disk) => {
    const file = await write(disk, 'file', old)
    await file.sync()
    await disk.syncDirectory('')
    await file.write(fresh, 0)
    disk.failNextSync()
    await rejects(file.sync(), fault('disk/io'))
    await rejects(file.sync(), fault('disk/io'))
    disk.powerCut()
    return kindOf(await disk.restart().read('file'))
  })
  equal(
    kinds.some((kind) => kind !== 'fresh'),
    true,
  )
})

test('every handle of a disk without power is dead; a killed program loses nothing', async () => {
  await inEveryWorld(async (disk) => {
    const file = await write(disk, 'file', old)
    const next = disk.restart()
    await rejects(file.write(old, 0), fault('disk/power-off'))
    await rejects(disk.list(''), fault('disk/power-off'))
    sameBytes(await next.read('file'), old)
  })
})

test('a call in flight at the power cut fails', async () => {
  await inEveryWorld(async (disk) => {
    const file = await write(disk, 'file', old)
    const syncing = file.sync()
    disk.powerCut()
    await rejects(syncing, fault('disk/power-off'))
  })
})

test('a full disk takes what fits and gives space back with the last name', async () => {
  await inEveryWorld(async (disk) => {
    await disk.writeDurably('other', old)
    disk.full(4096)
    const file = await disk.create('file')
    await rejects(file.write(fresh, 0), fault('disk/full'))
    equal((await disk.capacity()).freeBytes, 0)
    await disk.remove('other')
    equal((await disk.capacity()).freeBytes, 8192)
    await file.write(fresh, 0)
    disk.powerCut()
  })
})

test('rot changes the bits asked for and nothing else', async () => {
  await inEveryWorld(async (disk) => {
    await disk.writeDurably('file', old)
    await disk.writeDurably('other', old)
    equal(disk.rot('file', 1), true)
    const left = await disk.read('file')
    equal(left?.filter((byte) => byte !== 1).length, 1)
    sameBytes(await disk.read('other'), old)
    disk.rot()
  })
})

test('a dead disk fails until it is revived, a wiped one is empty', async () => {
  await inEveryWorld(async (disk) => {
    await disk.writeDurably('file', old)
    disk.die()
    await rejects(disk.read('file'), fault('disk/io'))
    disk.revive()
    sameBytes(await disk.read('file'), old)
    disk.wipe()
    equal(await disk.read('file'), undefined)
    deepEqual(await disk.list(''), [])
  })
})

test('one seed gives one history, to the last bit', async () => {
  const play = async (): Promise<unknown> => {
    const world = new SimulatedWorld('replay')
    const disk = new SimulatedDisk({ world: world.fork('disk') })
    return await world.run(async () => {
      const names = Array.from({ length: 20 }, (_, index) => `file-${index}`)
      await Promise.all(names.map((name) => write(disk, name, fresh)))
      disk.powerCut()
      const left = disk.restart()
      return [await Promise.all(names.map((name) => left.read(name))), world.monotonic()]
    })
  }
  deepEqual(await play(), await play())
})
