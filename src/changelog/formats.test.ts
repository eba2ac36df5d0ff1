import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import type { SequencedChange } from '#changelog/change'
import { FrameOpener, FrameSealer, parseFrameHeader, type Run } from '#changelog/frame'
import { changeOf, decodeRecordStream, decodeRecords, recordOf, runOf } from '#changelog/record'
import { openPointer, parsePointerHeader, printPointer } from '#changelog/snapshot-pointer'
import { isFault } from '#fault/fault'
import { createKeyring } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { SimulatedWorld } from '#world/simulated'

const golden: {
  readonly keyring: string
  readonly master: string
  readonly changes: readonly {
    readonly sequence: string
    readonly at: number
    readonly body: SequencedChange['body']
    readonly record: string
  }[]
  readonly era: { readonly number: number; readonly first: string }
  readonly frames: readonly string[]
  /** Changes 9, 10, …, each `{kind: 'pair/set', key: 'k<sequence>', value: 'ä'}` at `at`. */
  readonly compressed: { readonly count: number; readonly at: number; readonly frame: string }
  readonly pointer: { readonly upTo: string; readonly content: object; readonly bytes: string }
} = JSON.parse(readFileSync(new URL('../../test/vectors/changelog.json', import.meta.url), 'utf8'))

const world = new SimulatedWorld('formats')
const master = world.randomBytes(32)
const keyring = openKeyring(createKeyring({ master, world }), master)
const era = { number: 3, first: 100n }

const anyChange: fc.Arbitrary<SequencedChange> = fc.record({
  sequence: fc.bigInt(1n, 2n ** 63n - 1n),
  at: fc.nat(Number.MAX_SAFE_INTEGER),
  body: fc.record({ kind: fc.string(), value: fc.jsonValue() }),
})

describe('records', () => {
  test('come back as they were, alone, together and in any pieces', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(anyChange),
        fc.integer({ min: 1, max: 50 }),
        async (changes, size) => {
          const bytes = Buffer.concat(changes.map(recordOf))
          const expected = changes.map((change) => ({
            ...change,
            body: JSON.parse(JSON.stringify(change.body)),
          }))
          deepEqual([...decodeRecords(bytes)].map(changeOf), expected)
          const streamed = await Array.fromAsync(decodeRecordStream(cut(bytes, size)))
          deepEqual(streamed.map(changeOf), expected)
        },
      ),
    ))

  test('that were read stay as they are when the memory they came in is used again', async () => {
    const changes = Array.from({ length: 50 }, (_, index) => ({
      sequence: BigInt(index + 1),
      at: index,
      body: { kind: 'pair/set', value: 'x'.repeat(index) },
    }))
    const bytes = Buffer.concat(changes.map(recordOf))
    const slot = Buffer.alloc(1_000)
    async function* reusing() {
      for (let at = 0; at < bytes.length; at += slot.length)
        yield slot.subarray(0, bytes.copy(slot, 0, at, at + slot.length))
      slot.fill(0)
    }
    const records = await Array.fromAsync(decodeRecordStream(reusing()))
    deepEqual(records.map(changeOf), changes)
  })

  test('that end too early are malformed', async () => {
    const record = recordOf({ sequence: 1n, at: 2, body: { kind: 'pair/set' } })
    for (let bytes = 1; bytes < record.length; bytes++)
      throws(
        () => [...decodeRecords(record.subarray(0, bytes))],
        (error) => isFault(error, 'changelog/malformed-record'),
      )
  })

  test('golden vectors', () => {
    for (const { sequence, at, body, record } of golden.changes) {
      equal(toHex(recordOf({ sequence: BigInt(sequence), at, body })), record)
      const [decoded] = decodeRecords(fromHex(record))
      ok(decoded)
      deepEqual(changeOf(decoded), { sequence: BigInt(sequence), at, body })
    }
  })
})

describe('frames', () => {
  const runs = [runFrom(5n, 3), runFrom(8n, 1)]

  test('open to the changes that were sealed, and to nothing when a byte differs', () => {
    const { bytes, first, last } = new FrameSealer({ keyring, world, era }).seal(runs)
    deepEqual([first, last], [5n, 8n])
    const header = parseFrameHeader(bytes)
    ok(header)
    deepEqual([header.first, header.last, header.era], [5n, 8n, era])
    const opener = new FrameOpener(keyring)
    const changes = Buffer.concat(runs.map((run) => run.changes))
    equal(toHex(opener.open(header, bytes) ?? Buffer.of()), toHex(changes))
    for (let index = 0; index < bytes.length; index++) {
      const changed = bytes.with(index, (bytes[index] ?? 0) ^ 1)
      equal(openOrRefuse(changed), undefined, `byte ${index}`)
    }
    for (const length of [0, 50, 120, 135, bytes.length - 1])
      equal(openOrRefuse(bytes.subarray(0, length)), undefined)
  })

  test('of one process share a key and never a nonce; those of the next have another key', () => {
    const sealer = new FrameSealer({ keyring, world, era })
    const headers = [
      sealer.seal(runs),
      sealer.seal(runs),
      new FrameSealer({ keyring, world, era }).seal(runs),
    ].map(({ bytes }) => parseFrameHeader(bytes))
    deepEqual(
      headers.map((header) => header?.counter),
      [0n, 1n, 0n],
    )
    deepEqual(headers[0]?.keyId, headers[1]?.keyId)
    equal(
      Buffer.compare(
        headers[0]?.wrappedKey ?? Buffer.of(),
        headers[2]?.wrappedKey ?? Buffer.of(),
      ) === 0,
      false,
    )
  })

  test('golden vectors', () => {
    const opener = new FrameOpener(openKeyring(fromHex(golden.keyring), fromHex(golden.master)))
    for (const [counter, hex] of golden.frames.entries()) {
      const bytes = fromHex(hex)
      const header = parseFrameHeader(bytes)
      ok(header)
      deepEqual(header.era, { number: golden.era.number, first: BigInt(golden.era.first) })
      equal(header.counter, BigInt(counter))
      const records = opener.open(header, bytes)
      ok(records)
      equal(toHex(records), golden.changes.map(({ record }) => record).join(''))
    }
  })

  test('many changes are compressed, and open to what was sealed or to nothing', () => {
    const many = [runFrom(5n, 300), runFrom(305n, 3)]
    const { bytes } = new FrameSealer({ keyring, world, era }).seal(many)
    const changes = Buffer.concat(many.map((run) => run.changes))
    ok(bytes.length < changes.length / 2)
    equal(toHex(openOrRefuse(bytes) ?? Buffer.of()), toHex(changes))
    for (let index = 0; index < bytes.length; index += 3)
      equal(openOrRefuse(bytes.with(index, (bytes[index] ?? 0) ^ 1)), undefined, `byte ${index}`)
  })

  test('golden vector of a compressed frame', () => {
    const { count, at, frame } = golden.compressed
    const header = parseFrameHeader(fromHex(frame))
    ok(header?.isCompressed)
    const opener = new FrameOpener(openKeyring(fromHex(golden.keyring), fromHex(golden.master)))
    const records = opener.open(header, fromHex(frame)) ?? Buffer.of()
    deepEqual([...decodeRecords(records)].map(changeOf), goldenChanges(count, at))
  })

  function openOrRefuse(bytes: Uint8Array): Uint8Array | undefined {
    try {
      const header = parseFrameHeader(bytes)
      return header && new FrameOpener(keyring).open(header, bytes)
    } catch (error) {
      if (isFault(error, 'changelog/unsupported-version', 'keyring/unknown-generation'))
        return undefined
      throw error
    }
  }
})

describe('pointers', () => {
  const content = { descriptor: { chunks: ['a'] }, blake3: 'ff', bytes: 10, changes: 2 }

  test('open to what they point to, and to nothing when a byte differs', () => {
    const bytes = printPointer({ upTo: 9n, era, content }, { keyring, world })
    const header = parsePointerHeader(bytes)
    ok(header)
    deepEqual([header.upTo, header.era], [9n, era])
    deepEqual(openPointer(header, bytes, keyring), content)
    for (let index = 8; index < bytes.length; index++) {
      if (index >= 36 && index < 40) continue // another generation: the keyring refuses
      const changed = Uint8Array.from(bytes).with(index, (bytes[index] ?? 0) ^ 1)
      const changedHeader = parsePointerHeader(changed)
      equal(changedHeader && openPointer(changedHeader, changed, keyring), undefined)
    }
    equal(parsePointerHeader(bytes.subarray(0, 50)), undefined)
  })

  test('golden vector', () => {
    const bytes = fromHex(golden.pointer.bytes)
    const header = parsePointerHeader(bytes)
    ok(header)
    equal(header.upTo, BigInt(golden.pointer.upTo))
    const goldenKeyring = openKeyring(fromHex(golden.keyring), fromHex(golden.master))
    deepEqual(openPointer(header, bytes, goldenKeyring), golden.pointer.content)
  })
})

function goldenChanges(count: number, at: number): readonly SequencedChange[] {
  return Array.from({ length: count }, (_, index) => {
    const sequence = BigInt(9 + index)
    return { sequence, at, body: { kind: 'pair/set', key: `k${sequence}`, value: 'ä' } }
  })
}

function runFrom(first: bigint, count: number): Run {
  return runOf(
    Array.from({ length: count }, (_, index) => ({
      sequence: first + BigInt(index),
      at: index,
      json: Buffer.from(JSON.stringify({ kind: 'pair/set', key: `${index}` })),
    })),
  )
}

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size)
    yield bytes.subarray(offset, offset + size)
}
