import { equal, ok, rejects } from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeDirectories } from '#disk/make-directories'

test('makes what is missing, tells the highest, and is content with what is there', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mycelium-'))
  try {
    equal(await makeDirectories(join(root, 'a', 'b', 'c'), 0o700), join(root, 'a'))
    equal((await stat(join(root, 'a', 'b', 'c'))).mode & 0o777, 0o700)
    equal(await makeDirectories(join(root, 'a', 'b', 'c'), 0o700), undefined)
    equal(await makeDirectories(join(root, 'a', 'b', 'd'), 0o700), join(root, 'a', 'b', 'd'))
    await writeFile(join(root, 'file'), '')
    await rejects(makeDirectories(join(root, 'file'), 0o700), { code: 'EEXIST' })
    await rejects(makeDirectories(join(root, 'file', 'below'), 0o700), { code: 'ENOTDIR' })
  } finally {
    await rm(root, { recursive: true })
  }
})

test('gives up where a file system has no room for directories', {
  timeout: 10_000,
  skip: process.platform !== 'linux',
}, async () => {
  await rejects(makeDirectories('/proc/mycelium/below', 0o700), { code: 'ENOENT' })
})

test('several that make the same at once do not get in each other’s way', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mycelium-'))
  try {
    for (let round = 0; round < 50; round += 1) {
      const paths = Array.from({ length: 8 }, (_, index) =>
        join(root, `${round}`, 'a', 'b', `${index % 4}`),
      )
      await Promise.all(paths.map((path) => makeDirectories(path, 0o700)))
      for (const path of paths) ok((await stat(path)).isDirectory())
    }
  } finally {
    await rm(root, { recursive: true })
  }
})
