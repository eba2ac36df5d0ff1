/** What every node's small files promise. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeFiles } from '#shard/store'
import type { WithNode } from './shard-store.contract.ts'

export function nodeFilesContract(name: string, withNode: WithNode): void {
  const on = (title: string, body: (files: NodeFiles) => Promise<void>): void => {
    test(`${name}: ${title}`, () => withNode(({ files }) => body(files)))
  }
  const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values)

  on('a file is what was last written under its name', async (files) => {
    equal(await files.read('keyring'), undefined)
    await files.write('keyring', bytes(1, 2, 3))
    await files.write('snapshot-1.json', bytes())
    await files.write('keyring', bytes(4))
    deepEqual(await files.read('keyring'), bytes(4))
    deepEqual(await files.read('snapshot-1.json'), bytes())
  })

  on('what was read or written can be changed without changing the file', async (files) => {
    const mine = bytes(1, 2)
    await files.write('file', mine)
    mine.fill(9)
    const found = await files.read('file')
    deepEqual(found, bytes(1, 2))
    found?.fill(9)
    deepEqual(await files.read('file'), bytes(1, 2))
  })

  on('a removal says whether there was one', async (files) => {
    await files.write('file', bytes(1))
    equal(await files.remove('file'), true)
    equal(await files.remove('file'), false)
    equal(await files.read('file'), undefined)
  })

  on('writers of one name at the same time leave one whole version', async (files) => {
    const versions = Array.from({ length: 10 }, (_, version) => new Uint8Array(5000).fill(version))
    await Promise.all(versions.map((version) => files.write('file', version)))
    const left = await files.read('file')
    ok(left !== undefined && left.length === 5000 && new Set(left).size === 1)
  })

  on('a name that is none, or the node’s own, is a mistake of ours', async (files) => {
    for (const wrong of ['', '..', 'a/b', 'Upper', 'metadata.json', 'a~'])
      await rejects(async () => files.read(wrong), { name: 'AssertionError' })
  })
}
