/** The object domain through a port between threads: what a caller sees is what it would see without one. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { isFault } from '#fault/fault'
import { connectToStore, type StoreConnection } from '#gateway/client'
import { threadPort } from '#gateway/port'
import { serveGateway } from '#gateway/server'
import type { IncomingBody, ObjectStore } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import { shardFault } from '#shard/faults'
import { type RequestEnded, silentTelemetry } from '#telemetry/telemetry'
import { fault } from '../fault.ts'
import { type MemoryStore, openMemoryStore } from '../memory-store.ts'
import { bodyOf, gather } from '../object-bytes.ts'
import { bytesOf } from '../s3-bucket.ts'
import { until } from '../until.ts'

const bucket = parseBucketName('photos')
const metadata = { user: { colour: 'green' } }
const { signal } = new AbortController()
/** Nothing, one byte, what travels in one message, just more, and several chunks. */
const sizes = [0, 1, 5_000, 65_536, 65_537, 1_000_003]

async function withGateway(
  work: (objects: ObjectStore, store: MemoryStore) => Promise<void>,
): Promise<void> {
  await withConnection(({ objects }, store) => work(objects, store))
}

async function withConnection(
  work: (connection: StoreConnection, store: MemoryStore) => Promise<void>,
  requestEnded: (event: RequestEnded) => void = () => {},
): Promise<void> {
  const profile = { data: 4, parity: 2 }
  await using store = await openMemoryStore({ profile, nodes: 6, blockBytes: 16_384 })
  const { port1, port2 } = new MessageChannel()
  serveGateway(threadPort(port1), {
    objects: store.objects,
    identities: store.accounts,
    telemetry: { ...silentTelemetry, requestEnded },
  })
  const connection = connectToStore(threadPort(port2))
  try {
    await connection.objects.createBucket(bucket)
    await work(connection, store)
    const { slots } = store.codec
    await until(
      async () => slots.free,
      (free) => free === slots.slots,
    )
    await until(
      async () => store.store.oldestActivity(),
      (at) => at === undefined,
    )
  } finally {
    port1.close()
    port2.close()
  }
}

const inPieces = (bytes: Uint8Array, more: Partial<IncomingBody> = {}) =>
  bodyOf(bytes, { pieceBytes: 10_000, ...more })

const put = (objects: ObjectStore, name: string, body: IncomingBody, stop = signal) =>
  objects.put(bucket, parseObjectKey(name), { body, metadata, signal: stop })

async function get(objects: ObjectStore, name: string, range?: { first: number; last: number }) {
  const opened = await objects.open(bucket, parseObjectKey(name))
  try {
    const bytes = await gather(opened.read(range, { signal }))
    if (range === undefined) ok(bytes.equals(await opened.readWhole({ signal })))
    return bytes
  } finally {
    opened.release()
  }
}

for (const isComing of [true, false])
  test(`objects of every size, ${isComing ? 'sent ahead' : 'pulled by the store'}`, () =>
    withGateway(async (objects) => {
      for (const size of sizes) {
        const bytes = bytesOf(`${size}`, size)
        const digests = ['sha256', 'crc32'] as const
        let seen: readonly string[] = []
        const info = await put(
          objects,
          `size ${size}`,
          inPieces(bytes, {
            isComing,
            digests,
            verify: (found) => {
              seen = Object.keys(found)
              const value = found.crc32
              ok(value !== undefined)
              return { algorithm: 'crc32', type: 'FULL_OBJECT', value }
            },
          }),
        )
        deepEqual([...seen].sort(), ['crc32', 'md5', 'sha256'])
        equal(info.checksum?.algorithm, 'crc32')
        deepEqual(info.metadata, metadata)
        deepEqual(await get(objects, `size ${size}`), bytes)
        if (size < 2) continue
        const range = { first: size >> 1, last: size - 2 }
        deepEqual(await get(objects, `size ${size}`, range), bytes.subarray(size >> 1, size - 1))
      }
    }))

for (const [what, size] of [
  ['small', 100],
  ['large', 300_000],
] as const)
  test(`a ${what} body is refused, or ends early, or its sender goes: with the same words, and nothing stays`, () =>
    withGateway(async (objects) => {
      const bytes = bytesOf(what, size)
      const verify = (): never => {
        throw new TypeError('not what was announced')
      }
      for (const isComing of [true, false]) {
        const refused = put(objects, 'refused', inPieces(bytes, { isComing, verify }))
        await rejects(refused, /TypeError: not what was announced/)
        const short = put(objects, 'short', inPieces(bytes, { isComing, bytes: size + 1 }))
        await rejects(short, fault('object/incomplete-body'))
        const stop = new AbortController()
        async function* hangs() {
          yield bytes.subarray(0, size - 1)
          stop.abort(new Error('the client is gone'))
          throw new Error('the client is gone')
        }
        const body = inPieces(bytes, { isComing, stream: hangs() })
        await rejects(put(objects, 'gone', body, stop.signal), /gone|abort/i)
      }
      const nobody = objects.put(parseBucketName('nowhere'), parseObjectKey('k'), {
        body: inPieces(bytes, { verify }),
        metadata,
        signal,
      })
      await rejects(nobody, fault('object/no-such-bucket'))
      const { objects: listed } = await objects.list(bucket, { prefix: '', limit: 10 })
      deepEqual(listed, [])
    }))

test('a reader may stop, and what is not there or not readable is said as without a port', () =>
  withGateway(async (objects, { nodes }) => {
    await put(objects, 'large', inPieces(bytesOf('large', 1_000_003)))
    await rejects(get(objects, 'absent'), fault('object/no-such-key'))
    const opened = await objects.open(bucket, parseObjectKey('large'))
    for await (const piece of opened.read(undefined, { signal })) {
      ok(piece.length > 0)
      break
    }
    opened.release()
    opened.release()
    for (const { id, stores } of nodes.slice(0, 3))
      Object.assign(stores.shards, {
        read: () => Promise.reject(shardFault('shard/io', { node: id, reason: 'no disk' })),
      })
    await rejects(get(objects, 'large'), fault('store/unreadable'))
  }))

test('uploads, copies, deletes and listings', () =>
  withGateway(async (objects) => {
    const key = parseObjectKey('uploaded')
    const upload = await objects.createUpload(bucket, key, { metadata })
    const bytes = bytesOf('part', 200_000)
    const part = await objects.putPart(upload, 1, { body: inPieces(bytes), signal })
    const completed = [{ number: 1, etag: part.etag }]
    const info = await objects.completeUpload(upload, completed, {})
    deepEqual(info.metadata, metadata)
    const copy = parseObjectKey('copy')
    await objects.copy({ bucket, key }, { bucket, key: copy }, { signal })
    deepEqual(await get(objects, 'copy'), bytes)
    const page = await objects.list(bucket, { prefix: '', limit: 10 })
    deepEqual(
      page.objects.map((one) => [one.key, one.bytes, typeof one.sequence]),
      [
        ['copy', 200_000, 'bigint'],
        ['uploaded', 200_000, 'bigint'],
      ],
    )
    deepEqual(await objects.deleteMany(bucket, [{ key }, { key: copy }]), [
      { isMarker: false },
      { isMarker: false },
    ])
    await rejects(objects.head(bucket, key), fault('object/no-such-key'))
    await rejects(objects.abortUpload(upload), fault('object/no-such-upload'))
  }))

test('what is told of a request arrives as it was told, the error of an answer of 500 with its code and causes', async () => {
  const heard: RequestEnded[] = []
  const common = { door: 's3', requestId: '0123456789ABCDEF', method: 'PUT', bytesIn: 3 } as const
  const done: RequestEnded = {
    ...common,
    operation: 'PutObject',
    bucket: 'photos',
    object: 'a "key" \u{1f344}\ud800',
    status: 200,
    bytesOut: 0,
    ms: 0.25,
    steps: [{ name: 'read', at: 1, ms: 2.5 }],
  }
  const cause = new TypeError('of that')
  const error = shardFault('shard/io', { node: 'node-01', reason: 'no disk' }, cause)
  const failed: RequestEnded = {
    ...common,
    operation: 'Unknown',
    status: 500,
    bytesOut: 9,
    ms: 1,
    error,
  }
  await withConnection(
    async ({ telemetry, heard: untilHeard }) => {
      telemetry.requestEnded(done)
      telemetry.requestEnded(failed)
      await untilHeard()
    },
    (event) => heard.push(event),
  )
  deepEqual(heard[0], done)
  const { error: told, ...rest } = heard[1] ?? {}
  ok(isFault(told, 'shard/io'))
  deepEqual([told.detail, (told.cause as Error).message], [error.detail, 'of that'])
  deepEqual({ ...rest, error }, failed)
})
