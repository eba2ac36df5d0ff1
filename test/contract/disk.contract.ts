/** What every disk promises while the power is on. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Disk, DiskFile } from '#disk/disk'
import { fault } from '../fault.ts'
import { sameBytes } from './same-bytes.ts'

/** Gives the test an empty disk and takes it away afterwards. */
export type WithDisk = (body: (disk: Disk) => Promise<void>) => Promise<void>

const text = new TextEncoder()

export function diskContract(name: string, withDisk: WithDisk): void {
  const on = (title: string, body: (disk: Disk) => Promise<void>): void => {
    test(`${name}: ${title}`, () => withDisk(body))
  }

  for (const direct of [false, true])
    on(`a file holds what was written where, direct=${direct}`, async (disk) => {
      let round = 0
      await fc.assert(
        fc.asyncProperty(fc.array(anyWrite, { maxLength: 8 }), async (writes) => {
          round += 1
          await checkWrites(await disk.create(`file-${round}`, { direct }), writes)
        }),
        { numRuns: 60 },
      )
    })

  on('writes at the same time all land', async (disk) => {
    const file = await disk.create('file', { direct: true })
    const pages = Array.from({ length: 64 }, (_, page) => new Uint8Array(4096).fill(page + 1))
    await Promise.all(pages.map((page, index) => file.write(page, index * 4096)))
    await file.sync()
    await file.close()
    sameBytes(await disk.read('file'), Buffer.concat(pages))
  })

  for (const direct of [false, true])
    on(
      `many frames at once, put together where they are written from, direct=${direct}`,
      async (disk) => {
        const file = await disk.create('file', { direct, synced: true })
        const lengths = Array.from(
          { length: 40 },
          (_, index) => [4096, 12_288, 262_144, 266_240][index % 4] ?? 0,
        )
        const frames = lengths.map((length, index) => new Uint8Array(length).fill(index + 1))
        let at = 0
        await Promise.all(
          frames.map((frame) => {
            const offset = at
            at += frame.length
            return file.writeFilled(frame.length, offset, (memory) => {
              equal(memory.length, frame.length)
              memory.set(frame)
            })
          }),
        )
        await file.writeFilled(3, at, (memory) => memory.set([7, 8, 9]))
        await file.writeFilled(0, at + 5_000, () => {})
        await file.close()
        sameBytes(await disk.read('file'), Buffer.concat([...frames, Buffer.of(7, 8, 9)]))
      },
    )

  on('what puts a frame together fails: nothing is written, and others can be', async (disk) => {
    const file = await disk.create('file', { direct: true })
    const wrong = (): never => {
      throw new RangeError('no such frame')
    }
    for (let round = 0; round < 40; round += 1)
      await rejects(file.writeFilled(4096, 0, wrong), RangeError)
    equal(await file.bytes(), 0)
    await file.writeFilled(4096, 0, (memory) => memory.fill(1))
    equal(await file.bytes(), 4096)
    await file.close()
  })

  on('truncate cuts and stretches with zeros', async (disk) => {
    const file = await disk.create('file')
    await file.write(text.encode('abcdef'), 0)
    await file.truncate(3)
    await file.truncate(5)
    equal(await file.bytes(), 5)
    await file.close()
    deepEqual(await disk.read('file'), new Uint8Array([97, 98, 99, 0, 0]))
  })

  on('an empty write changes nothing, wherever it is', async (disk) => {
    const file = await disk.create('file')
    await file.write(new Uint8Array(0), 5000)
    equal(await file.bytes(), 0)
    await file.close()
  })

  on('a read past the end says how much there was', async (disk) => {
    await disk.writeDurably('file', text.encode('abc'))
    const file = await disk.open('file')
    equal(await file.read(new Uint8Array(10), 1), 2)
    equal(await file.read(new Uint8Array(10), 100), 0)
    await file.close()
  })

  on('create refuses a taken name, open a missing one', async (disk) => {
    await (await disk.create('file')).close()
    await rejects(disk.create('file'), fault('disk/exists'))
    await rejects(disk.create('file', { direct: true }), fault('disk/exists'))
    await rejects(disk.open('none'), fault('disk/not-found'))
    await rejects(disk.create('none/file'), fault('disk/not-found'))
    await rejects(disk.syncDirectory('none'), fault('disk/not-found'))
  })

  on('what is absent is absent', async (disk) => {
    equal(await disk.read('none'), undefined)
    equal(await disk.stat('none'), undefined)
    equal(await disk.stat('none/deeper'), undefined)
    equal(await disk.remove('none'), false)
    deepEqual(await disk.list('none'), [])
    await disk.removeTree('none')
  })

  on('writeDurably replaces a file and leaves nothing else', async (disk) => {
    await disk.makeDirectory('a')
    await disk.writeDurably('a/file', text.encode('a longer first'))
    await disk.writeDurably('a/file', text.encode('second'))
    deepEqual(await disk.read('a/file'), new Uint8Array(text.encode('second')))
    deepEqual(await disk.list('a'), ['file'])
  })

  on('writers of one path at the same time leave the last one’s bytes', async (disk) => {
    const versions = Array.from({ length: 8 }, (_, version) => new Uint8Array(3000).fill(version))
    await Promise.all(versions.map((bytes) => disk.writeDurably('file', bytes)))
    sameBytes(await disk.read('file'), new Uint8Array(3000).fill(7))
    deepEqual(await disk.list(''), ['file'])
  })

  on('rename moves between directories and replaces', async (disk) => {
    await disk.makeDirectory('a')
    await disk.makeDirectory('b')
    await disk.writeDurably('a/one', text.encode('one'))
    await disk.writeDurably('b/two', text.encode('two'))
    await disk.rename('a/one', 'b/two')
    deepEqual(await disk.list('a'), [])
    deepEqual(await disk.read('b/two'), new Uint8Array(text.encode('one')))
    await rejects(disk.rename('a/one', 'b/two'), fault('disk/not-found'))
    await rejects(disk.rename('b/two', 'none/two'), fault('disk/not-found'))
  })

  on('an open file outlives its name', async (disk) => {
    const file = await disk.create('file', { direct: true })
    await file.write(new Uint8Array(4096).fill(7), 0)
    await disk.rename('file', 'other')
    await file.write(text.encode('unaligned'), 5000)
    equal(file.isNamed(), true)
    equal(await disk.remove('other'), true)
    equal(file.isNamed(), false)
    const into = new Uint8Array(9)
    equal(await file.read(into, 5000), 9)
    equal(new TextDecoder().decode(into), 'unaligned')
    await file.close()
    deepEqual(await disk.list(''), [])
  })

  on('makeDirectory makes parents and minds no second time', async (disk) => {
    await disk.makeDirectory('a/b/c')
    await disk.makeDirectory('a/b/c')
    await disk.writeDurably('a/b/c/file', text.encode('x'))
    deepEqual(await disk.list('a/b'), ['c'])
    await Promise.all(['a/b/c', 'a/b/d', 'a/b/e'].map((path) => disk.makeDirectory(path)))
    deepEqual(await disk.list('a/b'), ['c', 'd', 'e'])
    deepEqual(await disk.list('a/b/c'), ['file'])
    await disk.makeDirectory('f')
    await disk.removeTree('f')
    await disk.removeTree('a')
    deepEqual(await disk.list(''), [])
  })

  on('makeDirectory without parents makes one directory, where another is', async (disk) => {
    await rejects(disk.makeDirectory('a/b', { parents: false }), fault('disk/not-found'))
    deepEqual(await disk.list(''), [])
    await disk.makeDirectory('a')
    await Promise.all(
      ['a/b', 'a/c', 'a/b'].map((path) => disk.makeDirectory(path, { parents: false })),
    )
    await disk.makeDirectory('a/b', { parents: false })
    deepEqual(await disk.list('a'), ['b', 'c'])
    await disk.writeDurably('a/file', text.encode('x'))
    await rejects(disk.makeDirectory('a/file', { parents: false }), fault('disk/exists'))
    await disk.removeTree('a')
  })

  on('list is sorted, stat tells size and time', async (disk) => {
    for (const file of ['b', 'a', 'C', 'a1']) await disk.writeDurably(file, new Uint8Array(5))
    deepEqual(await disk.list(''), ['C', 'a', 'a1', 'b'])
    const stat = await disk.stat('a')
    equal(stat?.bytes, 5)
    equal(Number.isSafeInteger(stat?.modifiedAt), true)
  })

  on('capacity is told, and whose it is', async (disk) => {
    equal(await disk.fileSystem(), await disk.fileSystem())
    const { totalBytes, freeBytes } = await disk.capacity()
    equal(totalBytes >= freeBytes && freeBytes > 0, true)
  })

  on('many syncs of one directory at the same time all succeed', async (disk) => {
    await disk.makeDirectory('a')
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await (await disk.create(`a/${index}`)).close()
        await disk.syncDirectory('a')
      }),
    )
    equal((await disk.list('a')).length, 20)
  })

  on('a path that leaves the root is a mistake of ours', async (disk) => {
    for (const path of ['/etc/passwd', '../x', 'a/../../x', 'a/./b'])
      await rejects(async () => disk.read(path), { name: 'AssertionError' })
  })
}

interface Write {
  readonly offset: number
  readonly length: number
  readonly memory: 'wasm' | 'plain' | 'shared'
  /** Where in its memory the piece starts. */
  readonly shift: number
}

const anyWrite: fc.Arbitrary<Write> = fc.record({
  offset: fc.oneof(
    fc.nat(30_000),
    fc.nat(8).map((page) => page * 4096),
  ),
  length: fc.oneof(fc.nat(20_000), fc.constantFrom(4096, 8192, 65_536)),
  memory: fc.constantFrom('wasm', 'plain', 'shared'),
  shift: fc.constantFrom(0, 0, 1, 512, 4096),
})

const memories = {
  wasm: new Uint8Array(new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true }).buffer),
  plain: new Uint8Array(131_072),
  shared: new Uint8Array(new SharedArrayBuffer(131_072)),
}

async function checkWrites(file: DiskFile, writes: readonly Write[]): Promise<void> {
  let model = new Uint8Array(0)
  for (const [index, { offset, length, memory, shift }] of writes.entries()) {
    const piece = memories[memory].subarray(shift, shift + length)
    for (let at = 0; at < piece.length; at += 1) piece[at] = (at * 7 + index * 13 + 1) & 255
    await file.write(piece, offset)
    const next = new Uint8Array(
      length === 0 ? model.length : Math.max(model.length, offset + length),
    )
    next.set(model)
    next.set(piece, length === 0 ? 0 : offset)
    model = next
  }
  equal(await file.bytes(), model.length)
  for (const [memory, offset] of [
    [memories.wasm.subarray(4096, 4096 + 65_536), 0],
    [memories.plain.subarray(3, 3 + 50_001), 17],
  ] as const) {
    const count = await file.read(memory, offset)
    sameBytes(memory.subarray(0, count), model.subarray(offset, offset + memory.length))
  }
  await file.sync()
  await file.close()
}
