/** Generations of keys: old data stays readable, and moves to the newest generation on demand. */
import { equal, match } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runMycelium, startStore } from '../harness.ts'

test('data keys move to a new generation, data stays where it is and readable', async () => {
  const data = await mkdtemp(join(tmpdir(), 'mycelium-generations-'))
  const flags = ['--nodes', '4', '--profile', '2+1']
  try {
    const write = async (names: readonly string[]): Promise<void> => {
      await using store = await startStore({ data, flags })
      for (const name of names) {
        const put = await fetch(`${store.httpUrl}/s3/photos/${name}`, {
          method: 'PUT',
          body: name.repeat(500),
        })
        equal(put.status, 200)
      }
    }
    await write(['former', 'other'])
    equal((await runMycelium(['keys', 'rotate', '--data', data, '--generation'])).code, 0)
    await write(['latter'])
    // Those of two objects, and of the root key's secret.
    const moved = await runMycelium(['keys', 'rewrap', '--data', data])
    match(moved.stdout, /^3 data keys are wrapped under generation 2 now/m)
    const again = await runMycelium(['keys', 'rewrap', '--data', data])
    match(again.stdout, /^[01] data keys/m)
    await using store = await startStore({ data, flags })
    for (const name of ['former', 'other', 'latter']) {
      equal(await (await fetch(`${store.httpUrl}/s3/photos/${name}`)).text(), name.repeat(500))
    }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
})
