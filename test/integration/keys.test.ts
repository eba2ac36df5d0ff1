/** The keys of a store: whoever has the right one reads everything, whoever has another one nothing, and no rotation locks anyone out. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runMycelium, startStore } from '../harness.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'

const small = ['--nodes', '3', '--profile', '2+1', '--log', 'warn']
const content = bytesOf('sealed', 300_000)

type Keys = Readonly<Record<string, string>>

async function temporary(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mycelium-keys-'))
  context.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Puts an object under each name given, and reads those and all that were there before. */
async function putAndReadAll(
  data: string,
  names: readonly string[],
  env: Keys = {},
): Promise<void> {
  await using store = await startStore({ data, flags: small, env })
  using bucket = bucketOf(store, 'vault')
  await bucket.create()
  for (const name of names) await bucket.put(name, content)
  for (const { key } of await bucket.list()) ok((await bucket.get(key)).equals(content), key)
}

async function assertRefused(data: string, sentence: RegExp, env: Keys = {}): Promise<void> {
  const { code, stderr } = await runMycelium(['up', '--data', data], { env })
  equal(code, 6, stderr)
  match(stderr, sentence)
  ok(!stderr.includes('    at '), 'a sentence, no stack')
}

async function rotate(data: string, flags: readonly string[] = [], env: Keys = {}) {
  return await runMycelium(['keys', 'rotate', '--data', data, ...flags], { env })
}

async function masterKeyOf(data: string): Promise<string> {
  return (await readFile(join(data, 'keys', 'master.key'), 'utf8')).trim()
}

/** The keyring's copies, of DATA and of every node. */
async function keyrings(data: string): Promise<readonly Buffer[]> {
  const nodes = await readdir(join(data, 'nodes'))
  const copies = nodes.map((node) => join(data, 'nodes', node, 'files', 'keyring'))
  return await Promise.all([join(data, 'keys', 'keyring'), ...copies].map((path) => readFile(path)))
}

test('a rotated key opens everything, with or without the database; the former one nothing', async (context) => {
  const data = await temporary(context)
  await putAndReadAll(data, ['before'])
  const former = await masterKeyOf(data)
  const [keyringBefore] = await keyrings(data)
  const rotated = await rotate(data, ['--generation'])
  equal(rotated.code, 0, rotated.stderr)
  const [keyring, ...copies] = await keyrings(data)
  notEqual(keyring?.toString('hex'), keyringBefore?.toString('hex'))
  for (const copy of copies) deepEqual(copy.subarray(0, keyring?.length), keyring) // a node's checksum follows
  deepEqual((await readdir(join(data, 'keys'))).sort(), ['keyring', 'master.key'])

  const current = await masterKeyOf(data)
  notEqual(current, former)
  await assertRefused(data, /not the one this store was sealed under/, {
    MYCELIUM_MASTER_KEY: former,
  })
  await putAndReadAll(data, ['in a new generation'])
  await rm(join(data, 'metadata.sqlite'))
  equal((await runMycelium(['rebuild', '--data', data])).code, 0)
  await rm(join(data, 'keys', 'master.key'))
  await assertRefused(data, /master key is missing/)
  await putAndReadAll(data, ['with the key given'], { MYCELIUM_MASTER_KEY: current })
})

test('a store made with a passphrase needs it, and takes another one, or a key, when told to', async (context) => {
  const data = await temporary(context)
  const first = { MYCELIUM_PASSPHRASE: 'amanita phalloides' }
  const second = { MYCELIUM_PASSPHRASE: 'gyromitra esculenta' }
  await putAndReadAll(data, ['one'], first)
  deepEqual(await readdir(join(data, 'keys')), ['keyring'], 'the key is written nowhere')
  await assertRefused(data, /set MYCELIUM_PASSPHRASE/)
  await assertRefused(data, /not the one this store was sealed under/, second)
  const { code, stderr } = await rotate(data, [], {
    ...first,
    MYCELIUM_NEW_PASSPHRASE: second.MYCELIUM_PASSPHRASE,
  })
  equal(code, 0, stderr)
  await assertRefused(data, /not the one this store was sealed under/, first)
  await putAndReadAll(data, ['two'], second)

  const killed = await rotate(data, [], { ...second, MYCELIUM_KILL_AT: 'keys/keyring-spread' })
  equal(killed.code, null)
  await putAndReadAll(data, ['three'])
  equal((await masterKeyOf(data)).length, 64)
})

/** Where a rotation may be cut short, and how often it passes there before. */
const cuts = [
  'keys/next-written',
  'keys/keyring-written:1',
  'keys/keyring-written:3',
  'keys/keyring-spread',
  'keys/rotated',
]

test('a rotation cut short anywhere locks nobody out', async (context) => {
  const data = await temporary(context)
  await putAndReadAll(data, ['sealed'])
  for (const cut of cuts) {
    const { code, stderr } = await rotate(data, ['--generation'], { MYCELIUM_KILL_AT: cut })
    equal(code, null, `${cut}: ${stderr}`)
    await putAndReadAll(data, [cut])
  }
  const { code, stderr } = await rotate(data)
  equal(code, 0, stderr)
  await putAndReadAll(data, ['last'])

  // With keys of the operator's own, one of the two opens it: which one depends on the moment.
  const keys = [await masterKeyOf(data), 'c0ffee'.repeat(11).slice(0, 64)]
  for (const cut of ['keys/next-written', 'keys/keyring-written:1']) {
    const [from = '', to = ''] = keys
    const env = { MYCELIUM_MASTER_KEY: from, MYCELIUM_NEW_MASTER_KEY: to, MYCELIUM_KILL_AT: cut }
    equal((await rotate(data, [], env)).code, null, cut)
    const isStillFormer = cut === 'keys/next-written'
    await putAndReadAll(data, [`${cut} by hand`], {
      MYCELIUM_MASTER_KEY: isStillFormer ? from : to,
    })
    if (!isStillFormer) keys.reverse()
  }
})
