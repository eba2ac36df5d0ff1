import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { Disk } from '#disk/disk'
import { errnoOf, faultOf } from '#disk/faults'
import { openRealDisk } from '#disk/real'
import { isFault } from '#fault/fault'

const run = promisify(execFile)
const page = new Uint8Array(4096).fill(7)
const whyNotLinux = process.platform === 'linux' ? false : 'descriptors are listed by /proc'

test('what the operating system says becomes a fault, what the program did wrong stays an error', () => {
  const said = (code: string): Error => Object.assign(new Error(code), { code, syscall: 'write' })
  const codes = {
    ENOSPC: 'disk/full',
    EDQUOT: 'disk/full',
    EIO: 'disk/io',
    EROFS: 'disk/read-only',
  }
  for (const [errno, code] of Object.entries(codes))
    equal(isFault(faultOf(said(errno), 'path'), code), true, errno)
  const mistake = new TypeError('not a string')
  equal(faultOf(mistake, 'path'), mistake)
  equal(errnoOf(mistake), undefined)
})

test('every file opened is closed again', { skip: whyNotLinux }, async (t) => {
  const root = await realpath(await directory(t))
  const disk = openRealDisk(root)
  for (const direct of [true, false]) {
    const file = await disk.create(`file-${direct}`, { direct })
    const writes = Array.from({ length: 8 }, (_, index) => file.write(page, index * 4096))
    await file.write(page.subarray(0, 10), 100_000)
    notEqual((await openFilesIn(root)).length, 0)
    const closing = file.close() // waits for the writes
    await Promise.all([...writes, closing])
    equal((await disk.stat(`file-${direct}`))?.bytes, 100_010)
  }
  await disk.writeDurably('small', page)
  await disk.syncDirectory('')
  await rejects(disk.create('small'))
  deepEqual(await openFilesIn(root), [])
})

/** The paths of this process's descriptors that lead there: others come and go as Node pleases. */
async function openFilesIn(root: string): Promise<readonly string[]> {
  const gone = '' // between the listing and the look
  const paths = await Promise.all(
    (await readdir('/proc/self/fd')).map((name) =>
      readlink(`/proc/self/fd/${name}`).catch(() => gone),
    ),
  )
  return paths.filter((path) => path.startsWith(root))
}

test('a root that is not there yet is made with its parents', async (t) => {
  const root = join(await directory(t), 'nodes', 'node-01')
  const disk = openRealDisk(root)
  equal(await disk.read('file'), undefined)
  await rejects(disk.create('file'), (error) => isFault(error, 'disk/not-found'))
  await disk.makeDirectory('')
  await disk.writeDurably('file', page)
  deepEqual(await disk.list(''), ['file'])
})

test('a full file system is disk/full, and works again after a removal', async (t) => {
  const disk = await mounted(t, 'tmpfs', ['-o', 'size=256k'])
  if (disk === undefined) return
  await disk.writeDurably('ballast', new Uint8Array(100 * 1024))
  const file = await disk.create('file', { direct: true })
  const large = new Uint8Array(256 * 1024)
  await rejects(file.write(large, 0), (error) => isFault(error, 'disk/full'))
  await file.close()
  await disk.remove('file')
  await disk.remove('ballast')
  await disk.writeDurably('other', large.subarray(0, 128 * 1024))
})

test('a file system without direct I/O is written through the cache', async (t) => {
  const disk = await mounted(t, 'ramfs', [])
  if (disk === undefined) return
  for (const path of ['first', 'second']) {
    const file = await disk.create(path, { direct: true })
    await file.write(page, 0)
    await file.sync()
    await file.close()
    deepEqual(await disk.read(path), page)
  }
  await (await disk.open('first', { direct: true })).close()
})

test('a read-only file system is disk/read-only', async (t) => {
  const disk = await mounted(t, 'tmpfs', ['-o', 'ro'])
  if (disk === undefined) return
  await rejects(disk.create('file'), (error) => isFault(error, 'disk/read-only'))
})

/** A disk on a file system of its own; skips the test, visibly, where mounting is not allowed. */
async function mounted(
  t: TestContext,
  kind: string,
  options: readonly string[],
): Promise<Disk | undefined> {
  const root = await directory(t, () => run('umount', [root]).catch(() => {}))
  try {
    await run('mount', ['-t', kind, ...options, 'none', root])
  } catch {
    t.skip(`cannot mount ${kind}: not root`)
    return undefined
  }
  return openRealDisk(root)
}

async function directory(
  t: TestContext,
  cleanUp: () => Promise<unknown> = () => Promise.resolve(),
): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'disk-'))
  t.after(async () => {
    await cleanUp()
    await rm(path, { recursive: true, force: true })
  })
  return path
}
