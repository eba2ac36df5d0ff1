/** Clients that keep whole file systems in a bucket: restic as backups, s3fs as a mount. With the settings they come with, against the real program. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { plantTree, readTree } from '../file-tree.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'
import { clientTree, openClientSuite } from './client-suite.ts'

const suite = openClientSuite()

test('restic: backup, check of all data, restore of both snapshots, forget and prune', async (context) => {
  const restic = suite.clientFor(context, 'restic')
  if (restic === undefined) return
  const local = await suite.folderOf('restic')
  await plantTree(local, clientTree)
  const before = await readTree(local)
  await restic('init')
  await restic('backup', local)
  await rm(join(local, 'large.bin'))
  await plantTree(local, { 'added.bin': 6_100_000, 'small.bin': 3_001 })
  await restic('backup', local)
  match(await restic('check', '--read-data'), /no errors were found/)
  const snapshots = JSON.parse(await restic('snapshots', '--json')) as readonly { id: string }[]
  const [older, newer] = snapshots.map(({ id }) => id)
  ok(older !== undefined && newer !== undefined)
  await restic('restore', older, '--target', suite.pathOf('restic-then'))
  deepEqual(await readTree(join(suite.pathOf('restic-then'), local)), before)

  using bucket = bucketOf(suite.store, 'from-restic')
  const bytesOfAll = async (): Promise<number> =>
    (await bucket.list()).reduce((sum, { bytes }) => sum + bytes, 0)
  const kept = await bytesOfAll()
  await restic('forget', '--keep-last', '1', '--prune')
  ok((await bytesOfAll()) < kept - clientTree['large.bin'] / 2, 'what was pruned is deleted')
  match(await restic('check', '--read-data'), /no errors were found/)
  await restic('restore', 'latest', '--target', suite.pathOf('restic-now'))
  deepEqual(await readTree(join(suite.pathOf('restic-now'), local)), await readTree(local))
})

test('s3fs: a bucket as a mount: copy in, read back after mounting anew, rename, remove', async (context) => {
  const s3fs = suite.clientFor(context, 's3fs')
  if (s3fs === undefined) return
  if (!existsSync('/dev/fuse')) return context.skip('this machine has no FUSE')
  const local = await suite.folderOf('s3fs')
  const mount = await suite.folderOf('s3fs-mount')
  await plantTree(local, { ...clientTree, 'in parts.bin': 30_000_000 }) // beyond 25 MB it sends parts
  using bucket = bucketOf(suite.store, 'from-s3fs')
  await bucket.create()
  await mounted(s3fs, mount, async () => {
    await cp(local, mount, { recursive: true })
    deepEqual(await readTree(mount), await readTree(local))
  })
  deepEqual(await readdir(mount), [])
  ok((await bucket.get('small.bin')).equals(bytesOf('small.bin', 3_000)))
  await mounted(s3fs, mount, async () => {
    deepEqual(await readTree(mount), await readTree(local))
    await rename(join(mount, 'in parts.bin'), join(mount, 'photos', 'moved ☂'))
    await rm(join(mount, 'large.bin'))
    ok(
      (await readFile(join(mount, 'photos', 'moved ☂'))).equals(
        bytesOf('in parts.bin', 30_000_000),
      ),
    )
  })
  const keys = (await bucket.list()).map(({ key }) => key)
  ok(keys.includes('photos/moved ☂') && !keys.includes('large.bin'))
  await mounted(s3fs, mount, async () => {
    for (const name of await readdir(mount)) await rm(join(mount, name), { recursive: true })
  })
  equal((await bucket.list()).length, 0)
})

async function mounted(
  s3fs: (...args: readonly string[]) => Promise<string>,
  mount: string,
  act: () => Promise<void>,
): Promise<void> {
  await s3fs('from-s3fs', mount) // returns when it is mounted
  try {
    await act()
  } finally {
    execFileSync('fusermount', ['-u', mount]) // ends the process behind it, too
  }
}
