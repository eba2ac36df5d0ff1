import { deepEqual, equal, rejects } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '#bytes/text'
import { patienceAnswers, planTurn } from '#chunk/_md5-turns'
import { type Codec, openCodec } from '#chunk/codec'
import { blockPlainBytes, type Geometry, stripePlainBytes } from '#chunk/geometry'
import type { Slot } from '#chunk/slots'
import { md5LanesMax } from '#crypto/md5-lanes'
import { isFault } from '#fault/fault'

const geometry: Geometry = { profile: { data: 5, parity: 2 }, blockBytes: 64 * 1024 }
const slotBytes = 7 * geometry.blockBytes
const stripeBytes = stripePlainBytes(geometry)
const key = new Uint8Array(32).fill(3)
const identity = (chunk: number) => ({
  storeId: new Uint8Array(16).fill(1),
  chunkId: new Uint8Array(16).fill(chunk),
  geometry,
})

function bodyOf(seed: number, bytes: number): Uint8Array {
  return new Uint8Array(bytes).map((_, i) => (i * seed + (i >> 9)) & 0xff)
}

function fill(slot: Slot, plaintext: Uint8Array): void {
  const plain = blockPlainBytes(geometry)
  for (let at = 0, column = 0; at < plaintext.length; at += plain, column += 1) {
    slot.bytes.set(plaintext.subarray(at, at + plain), column * geometry.blockBytes)
  }
}

/** Seals without waiting for one stripe before the next, in chunks of two stripes; gives the digests and the shards' names. */
async function seal(codec: Codec, body: Uint8Array) {
  const sealer = await codec.openSealer(['md5', 'crc32'], { bytes: body.length })
  const ids: string[] = []
  for (let from = 0, chunk = 0; from < body.length; from += 2 * stripeBytes, chunk += 1) {
    const begun = sealer.beginChunk(identity(chunk), key)
    const stripes: Promise<number>[] = []
    for (let at = from; at < Math.min(from + 2 * stripeBytes, body.length); at += stripeBytes) {
      const slot = await codec.slots.acquire()
      const piece = body.subarray(at, at + stripeBytes)
      fill(slot, piece)
      const sealed = sealer.sealStripe(slot, piece.length)
      stripes.push(sealed.finally(() => codec.slots.release(slot)))
    }
    const ended = sealer.endChunk()
    await Promise.all([begun, ...stripes])
    ids.push(...(await ended).map(({ id }) => toHex(id)))
  }
  const { md5, crc32 } = await sealer.digests()
  await sealer.close()
  return { ids, md5: toHex(md5 ?? new Uint8Array()), crc32: toHex(crc32 ?? new Uint8Array()) }
}

test('many bodies at once, large and small, come out as each alone in one thread', async () => {
  await using threads = openCodec({ threads: 2, slots: 24, slotBytes })
  await using inline = openCodec({ threads: 0, slots: 2, slotBytes })
  const bodies = [3.5, 5, 0.001, 2, 1.2, 0.9, 7.01].map((stripes, i) =>
    bodyOf(2 * i + 1, Math.ceil(stripes * stripeBytes)),
  )
  const together = await Promise.all(bodies.map((body) => seal(threads, body)))
  for (const [index, body] of bodies.entries()) {
    deepEqual(together[index], await seal(inline, body))
    equal(together[index]?.md5, createHash('md5').update(body).digest('hex'))
  }
  equal(threads.slots.free, 24)
})

test('a body given up leaves the others whole', async () => {
  await using codec = openCodec({ threads: 1, slots: 8, slotBytes })
  const body = bodyOf(9, 3 * stripeBytes)
  const given = await codec.openSealer(['md5'])
  const [slot] = [await codec.slots.acquire(), await given.beginChunk(identity(7), key)]
  const [other] = await Promise.all([seal(codec, body), given.sealStripe(slot, stripeBytes)])
  codec.slots.release(slot)
  await given.close()
  equal(other?.md5, createHash('md5').update(body).digest('hex'))
})

test('whoever waits when the codec closes is told', async () => {
  const codec = openCodec({ threads: 1, slots: 4, slotBytes })
  const sealer = await codec.openSealer(['md5'])
  await sealer.beginChunk(identity(1), key)
  const slot = await codec.slots.acquire()
  const waiting = [sealer.sealStripe(slot, stripeBytes), sealer.endChunk(), sealer.digests()]
  const told = Promise.allSettled(waiting)
  await codec[Symbol.asyncDispose]()
  for (const { status } of await told) equal(status, 'rejected')
  await rejects(sealer.sealStripe(slot, stripeBytes), isFault)
})

const stripe = fc.record({ handle: fc.nat(7), patience: fc.nat(patienceAnswers) })

test('a turn takes the oldest stripe of each of up to four bodies, and none only while it is better to wait', () => {
  fc.assert(
    fc.property(fc.array(stripe), fc.nat(3), fc.boolean(), (waiting, others, isElseIdle) => {
      const handles = [...new Set(waiting.map(({ handle }) => handle))]
      const bodies = handles.length + others // some are open and have nothing to hash
      const turn = planTurn(waiting, { bodies, isElseIdle })
      const first = handles.slice(0, md5LanesMax)
      const mayWait =
        others > 0 && handles.length < md5LanesMax && !isElseIdle && !waiting.some(isOutOfPatience)
      const whole = first.map((handle) => waiting.find((job) => job.handle === handle))
      deepEqual(turn, mayWait ? [] : whole)
    }),
  )
})

function isOutOfPatience({ patience }: { readonly patience: number }): boolean {
  return patience <= 0
}

test('one body is hashed although others are open and the sealing threads never rest', async () => {
  await using codec = openCodec({ threads: 1, slots: 8, slotBytes })
  await codec.openSealer(['md5']) // will never have anything
  let isDone = false
  const slot = await codec.slots.acquire()
  const busy = async (): Promise<void> => {
    while (!isDone) await codec.checkBlocks(slot, { geometry, blocks: [] })
  }
  const body = bodyOf(3, 4 * stripeBytes)
  const busies = Array.from({ length: 3 }, busy)
  const { md5 } = await seal(codec, body)
  isDone = true
  await Promise.all(busies)
  codec.slots.release(slot)
  equal(md5, createHash('md5').update(body).digest('hex'))
})
