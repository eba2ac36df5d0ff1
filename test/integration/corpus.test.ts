/** Stores that former versions wrote: every version reads them, with their database and without it. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { unpack } from '../corpus/archive.ts'
import { corpusDirectory, corpusNames, shape } from '../corpus/corpus.ts'
import { runMycelium, startStore } from '../harness.ts'
import { bucketOf } from '../s3-bucket.ts'
import { stateOf } from '../s3-state.ts'

const names = corpusNames()

/** As listings tell moments; the states were written down when they told milliseconds. */
function inWholeSeconds(text: string): string {
  return text.replaceAll(/(T\d\d:\d\d:\d\d)\.\d{3}Z/g, '$1.000Z')
}

test('there is a corpus', () => ok(names.length > 0))

for (const name of names)
  test(`${name} is read, written to, and rebuilt from its nodes`, async (context) => {
    const data = await mkdtemp(join(tmpdir(), 'mycelium-corpus-'))
    context.after(() => rm(data, { recursive: true, force: true }))
    await unpack(join(corpusDirectory, `${name}.json.zst`), data)
    const state = await readFile(join(corpusDirectory, `${name}.state.json`), 'utf8')
    const expected = JSON.parse(inWholeSeconds(state))

    let store = await startStore({ data, flags: shape })
    context.after(() => store.kill())
    deepEqual(await stateOf(store), expected)
    using bucket = bucketOf(store, 'photos')
    await bucket.put('written by this version', 'new')
    equal((await bucket.get('written by this version')).toString(), 'new')
    await bucket.remove('written by this version')
    await store.stop()

    for (const file of await readdir(data))
      if (file.startsWith('metadata.sqlite')) await rm(join(data, file))
    const rebuilt = await runMycelium(['rebuild', '--data', data])
    equal(rebuilt.code, 0, rebuilt.stderr)
    const verified = await runMycelium(['verify', '--data', data])
    equal(verified.code, 0, verified.stderr)
    store = await startStore({ data, flags: shape })
    deepEqual(await stateOf(store), expected)
    await store.stop()
  })
