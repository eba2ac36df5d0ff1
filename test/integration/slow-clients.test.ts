/** Clients that send or take slowly, many at once: they share the slots and a bounded part of plain memory, and keep nobody else. */
import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { parseBucketName, parseObjectKey } from '#object/names'
import { type MemoryStore, openMemoryStore } from '../memory-store.ts'
import { bodyOf, gather } from '../object-bytes.ts'

const bucket = parseBucketName('photos')
const { signal } = new AbortController()
/** Of four data blocks of 4 KiB, less their tags. */
const stripeBytes = 4 * (4096 - 16)
const clients = 30

interface Case {
  readonly store: MemoryStore
  readonly whole: Buffer
}

/** Four slots, and plain memory for two stripes that are received and two that are sent. */
async function withFewSlots(work: (of: Case) => Promise<void>): Promise<void> {
  await using store = await openMemoryStore({
    profile: { data: 4, parity: 2 },
    nodes: 6,
    slots: 4,
    overflowBytes: 4 * stripeBytes,
  })
  await store.objects.createBucket(bucket)
  const whole = Buffer.alloc(3 * stripeBytes)
  for (let i = 0; i < whole.length; i += 1) whole[i] = (i * 131 + (i >> 7)) & 0xff
  await work({ store, whole })
  const { overflow } = store.store
  equal(overflow.writing.taken + overflow.reading.taken, 0, 'all memory was given back')
  equal(store.codec.slots.free, store.codec.slots.slots, 'every slot was given back')
}

const put = ({ store }: Case, name: string, stream: AsyncIterable<Uint8Array>, bytes: number) =>
  store.objects.put(bucket, parseObjectKey(name), {
    body: { ...bodyOf(''), stream, bytes },
    metadata: { user: {} },
    signal,
  })

async function get({ store }: Case, name: string): Promise<Buffer> {
  const opened = await store.objects.open(bucket, parseObjectKey(name))
  try {
    return await gather(opened.read(undefined, { signal }))
  } finally {
    opened.release()
  }
}

/** So often that whoever can go on has done so. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 200; turns += 1)
    await new Promise<void>((resolve) => setImmediate(resolve))
}

test('senders that stand still take no more memory than there is, and those that go on are served', () =>
  withFewSlots(async (of) => {
    const { store, whole } = of
    const { writing } = store.store.overflow
    const gate = Promise.withResolvers<void>()
    let leaving = 0
    async function* halting(isLeaving: boolean) {
      yield whole.subarray(0, stripeBytes / 2)
      await gate.promise
      leaving += Number(isLeaving)
      if (isLeaving) throw new Error('the client has gone')
      for (let at = stripeBytes / 2; at < whole.length; at += 1000)
        yield whole.subarray(at, at + 1000)
    }
    const puts = Array.from({ length: clients }, (_, index) =>
      put(of, `slow-${index}`, halting(index % 3 === 0), whole.length),
    )
    const outcomes = Promise.allSettled(puts)
    await settle()
    equal(writing.taken, 2 * stripeBytes, 'as much as there is, and not more')
    ok(store.codec.slots.free > 0, 'a slot is left to those who come with whole stripes')
    equal((await get(of, 'slow-0').catch(({ code }) => code)).toString(), 'object/no-such-key')
    gate.resolve()
    const settled = await outcomes
    equal(leaving, clients / 3)
    for (const [index, { status }] of settled.entries()) {
      equal(status, index % 3 === 0 ? 'rejected' : 'fulfilled', `slow-${index}`)
      if (status === 'fulfilled') ok((await get(of, `slow-${index}`)).equals(whole))
    }
  }))

test('takers that stand still take no more memory than there is, keep nobody else, and get the right bytes', () =>
  withFewSlots(async (of) => {
    const { store, whole } = of
    const { reading } = store.store.overflow
    await put(of, 'large', bodyOf(whole).stream, whole.length)
    const start = async () => {
      const opened = await store.objects.open(bucket, parseObjectKey('large'))
      const pieces = opened.read(undefined, { signal })[Symbol.asyncIterator]()
      const first = await pieces.next()
      ok(first.done !== true)
      return { opened, pieces, taken: [Buffer.from(first.value)] }
    }
    const readers: Awaited<ReturnType<typeof start>>[] = []
    for (let index = 0; index < clients; index += 1) readers.push(await start())
    ok(reading.taken > 0, 'slots are scarce')
    ok(reading.taken <= 2 * stripeBytes, `${reading.taken} bytes are more than there are`)
    ok((await get(of, 'large')).equals(whole), 'whoever goes on is served')
    await put(of, 'another', bodyOf(whole).stream, whole.length)
    ok((await get(of, 'another')).equals(whole))
    for (const [index, { opened, pieces, taken }] of readers.entries()) {
      const isLeaving = index % 3 === 0
      for (let next = await pieces.next(); !isLeaving && next.done !== true; ) {
        taken.push(Buffer.from(next.value))
        next = await pieces.next()
      }
      await pieces.return?.()
      opened.release()
      if (!isLeaving) ok(Buffer.concat(taken).equals(whole), `reader ${index}`)
    }
  }))
