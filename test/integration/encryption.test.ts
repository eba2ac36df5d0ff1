/** What objects are locked with: the golden vectors of docs/formats/recipe.md, and what becomes of what is locked where nobody has its key. */
import { deepEqual, equal, notEqual, ok, rejects, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toBase64url, toHex } from '#bytes/text'
import type { KmsChange } from '#kms/changes'
import { assertCustomerKey, etagUnder, outerKeyOf, protect } from '#object/encryption'
import type { Encryption, EncryptionWish } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import { compact } from '#repair/compactor'
import { readExtents } from '#store/tables'
import { fault } from '../fault.ts'
import { type MemoryStore, openMemoryStore } from '../memory-store.ts'
import { bodyOf, gather } from '../object-bytes.ts'

const golden = JSON.parse(
  readFileSync(new URL('../vectors/encryption.json', import.meta.url), 'utf8'),
)
const small = { profile: { data: 4, parity: 2 }, nodes: 6, blockBytes: 16 * 1024 }
const customerKey = fromHex(golden.customerKey)
const otherKey = Uint8Array.from(customerKey, (byte) => byte ^ 1)
const byCustomer: Encryption = {
  kind: 'customer',
  salt: toBase64url(fromHex(golden.salt)),
  check: toBase64url(fromHex(golden.check)),
}
test('a customer key is known by the check of the vector, and no other is', () => {
  assertCustomerKey({ encryption: byCustomer, customerKey })
  fc.assert(
    fc.property(fc.nat(31), fc.integer({ min: 1, max: 255 }), (index, change) => {
      const other = Uint8Array.from(customerKey)
      other[index] = (other[index] ?? 0) ^ change
      throws(
        () => assertCustomerKey({ encryption: byCustomer, customerKey: other }),
        fault('object/customer-key-wrong'),
      )
    }),
  )
})

test('a key that is missing, and one that opens nothing, are refused', () => {
  throws(
    () => assertCustomerKey({ encryption: byCustomer, customerKey: undefined }),
    fault('object/customer-key-needed'),
  )
  for (const encryption of [undefined, { kind: 'AES256' }] as const) {
    assertCustomerKey({ encryption, customerKey: undefined })
    throws(
      () => assertCustomerKey({ encryption, customerKey }),
      fault('object/customer-key-unwanted'),
    )
  }
})

test('outer keys and entity tags are what the vectors say', async () => {
  await using store = await openMemoryStore(small)
  const md5 = fromHex(golden.md5)
  equal(etagUnder(undefined, md5), golden.md5)
  const { outerKey } = await protect(store, store.sql, { kind: 'customer', key: customerKey })
  equal(outerKey && toHex(outerKey), golden.customerOuterKey)
  equal(etagUnder(outerKey, md5), golden.etagOfCustomer)
  const { generation, wrapped } = store.keyring.wrap(fromHex(golden.material))
  const change: KmsChange = {
    kind: 'kms/key-put',
    id: 'golden',
    state: 'enabled',
    materials: [[0, generation, toBase64url(wrapped)]],
  }
  await store.changelog.commit((tx) => tx.record(change))
  const encryption = {
    kind: 'aws:kms',
    keyId: 'golden',
    version: 1,
    context: { b: '2', a: '1' },
  } as const
  const named = await outerKeyOf(store, store.sql, { encryption, customerKey: undefined })
  equal(named && toHex(named), golden.namedOuterKey)
  equal(etagUnder(named, md5), golden.etagOfNamed)
})

const bucket = parseBucketName('spores')
const { signal } = new AbortController()

async function put(
  { objects }: MemoryStore,
  name: string,
  { bytes, encryption }: { readonly bytes: Buffer; readonly encryption: EncryptionWish },
) {
  const options = { body: bodyOf(bytes), metadata: { user: {} }, encryption, signal }
  return await objects.put(bucket, parseObjectKey(name), options)
}

async function get({ objects }: MemoryStore, name: string, key?: Uint8Array): Promise<Buffer> {
  const opened = await objects.open(bucket, parseObjectKey(name), { customerKey: key })
  try {
    return await gather(opened.read(undefined, { signal }))
  } finally {
    opened.release()
  }
}

const sizes = [1, 1_000, 100_000]

test('what is locked opens with its key alone, whatever its size', async () => {
  await using store = await openMemoryStore(small)
  await store.objects.createBucket(bucket)
  for (const size of sizes) {
    const bytes = Buffer.alloc(size, `${size} `)
    const encryption = { kind: 'customer', key: customerKey } as const
    const { etag, sequence } = await put(store, `${size}`, { bytes, encryption })
    deepEqual(await get(store, `${size}`, customerKey), bytes)
    await rejects(get(store, `${size}`), fault('object/customer-key-needed'))
    await rejects(get(store, `${size}`, otherKey), fault('object/customer-key-wrong'))
    const again = await put(store, `${size} again`, { bytes, encryption })
    equal(again.etag, etag, 'the same bytes under the same key have the same tag')
    const other = await put(store, 'other', {
      bytes,
      encryption: { kind: 'customer', key: otherKey },
    })
    notEqual(other.etag, etag)
    for (const { chunkId, key } of await readExtents(store.sql, sequence)) {
      const chunk = key === undefined ? await store.store.chunk(chunkId) : undefined
      const { generation = 0, wrapped = new Uint8Array() } = key ?? {}
      const kept =
        chunk === undefined
          ? store.keyring.unwrap(generation, wrapped)
          : store.keyring.unwrap(chunk.generation, chunk.wrappedKey)
      ok(kept.length > 32, 'the store holds it locked')
    }
  }
})

test('packs are compacted without the keys of what is locked in them', async () => {
  await using store = await openMemoryStore(small)
  await store.objects.createBucket(bucket)
  const encryption = { kind: 'customer', key: customerKey } as const
  const bytesOf = (name: string) => Buffer.alloc(1_000, name)
  const names = Array.from({ length: 256 }, (_, index) => `object ${index}`)
  await Promise.all(names.map((name) => put(store, name, { bytes: bytesOf(name), encryption })))
  await store.packs.flush()
  const kept = names.filter((_, index) => index % 8 === 0)
  for (const name of names)
    if (!kept.includes(name)) await store.objects.delete(bucket, parseObjectKey(name))
  const before = await placesOf(store, kept)
  equal(await compact(store, { signal }), 4)
  await store.packs.flush()
  notEqual(JSON.stringify(await placesOf(store, kept)), JSON.stringify(before), 'they have moved')
  for (const name of kept) deepEqual(await get(store, name, customerKey), bytesOf(name))
})

async function placesOf({ objects, sql }: MemoryStore, names: readonly string[]) {
  return await Promise.all(
    names.map(async (name) => {
      const { sequence } = await objects.head(bucket, parseObjectKey(name))
      const extents = await readExtents(sql, sequence)
      return extents.map(({ chunkId, offset }) => [toHex(chunkId), offset])
    }),
  )
}
