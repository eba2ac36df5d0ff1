/**
 * Metadata of links that is nearly right, in all its layouts: fields as they follow one another, of which a few lie. Lengths are what lies most:
 * whoever believes one before looking how much is there allocates what it says.
 */
import { readFileSync } from 'node:fs'
import type { Random } from './random.ts'

interface VectorFile {
  readonly read: readonly { readonly hex: string }[]
  readonly refused: readonly { readonly hex: string }[]
}

const { read, refused }: VectorFile = JSON.parse(
  readFileSync(new URL('../vectors/cdn-meta.json', import.meta.url), 'utf8'),
)
export const metadataVectors = [...read, ...refused].map(({ hex }) => Buffer.from(hex, 'hex'))

interface Field {
  readonly kind: 'length' | 'variant' | 'option' | 'bytes'
  readonly bytes: Buffer
}

interface Layout {
  readonly hashBytes: number
  /** Shards lie in databases with numbers, or in namespaces with names. */
  readonly hasNamespaces: boolean
}

/** What fields are filled with: any bytes, of which each field takes some. */
const noise = Buffer.from(
  Array.from({ length: 4096 }, (_, at) => Math.imul(at, 2_654_435_761) >>> 19),
)

/** The present one first: it is taken most often. */
const layouts: readonly [Layout, ...Layout[]] = [
  { hashBytes: 16, hasNamespaces: false },
  { hashBytes: 16, hasNamespaces: false },
  { hashBytes: 16, hasNamespaces: false },
  { hashBytes: 16, hasNamespaces: true },
  { hashBytes: 32, hasNamespaces: true },
]

export function nearlyMetadata(random: Random): Buffer {
  const fields = random.below(4) === 0 ? cutUp(random) : [...metadata(random)]
  const lies = random.below(4)
  for (let lie = 0; lie < lies; lie += 1) change(fields, random)
  const whole = Buffer.concat(fields.map(({ bytes }) => bytes))
  if (random.below(8) === 0) flip(whole, random)
  return random.below(8) === 0 ? whole.subarray(0, random.below(whole.length + 1)) : whole
}

/** A vector as fields of 8 bytes, wherever its own are. */
function cutUp(random: Random): Field[] {
  const vector = metadataVectors[random.below(metadataVectors.length)] ?? Buffer.alloc(0)
  const shift = random.below(8)
  const starts = [0, ...Array.from({ length: vector.length >> 3 }, (_, at) => 8 * at + shift)]
  return starts.map((from, index) => ({
    kind: 'length',
    bytes: Buffer.from(vector.subarray(from, starts[index + 1] ?? vector.length)),
  }))
}

function* metadata(random: Random): Generator<Field> {
  const layout = random.pick(layouts)
  yield bytes(Buffer.from('4d43444e01', 'hex'))
  const isFile = random.below(3) > 0
  yield variant(isFile ? 0 : 1)
  yield* isFile ? file(random, layout) : directory(random, layout)
}

function* file(random: Random, layout: Layout): Generator<Field> {
  yield some(random, layout.hashBytes)
  yield* text(random)
  yield* option(random, () => text(random))
  yield* list(below(random, 5), () => block(random, layout))
}

function* block(random: Random, layout: Layout): Generator<Field> {
  const count = below(random, 6) + (random.below(8) === 0 ? 0 : 1)
  // sometimes all in one place
  const place = random.below(8) === 0 ? [...shard(random, layout)] : undefined
  yield* list(count, () => place ?? shard(random, layout))
  yield number(2, Math.max(1, random.below(count + 1)))
  const start = random.below(1000)
  yield number(8, start)
  yield number(8, start + random.below(1000))
  yield some(random, layout.hashBytes)
  yield some(random, layout.hashBytes)
  yield some(random, 12)
}

function* shard(random: Random, { hasNamespaces }: Layout): Generator<Field> {
  const isIp4 = random.below(3) > 0
  yield variant(isIp4 ? 0 : 1)
  yield some(random, isIp4 ? 4 : 16)
  yield some(random, 2)
  if (hasNamespaces) yield* text(random)
  else yield some(random, 2)
  yield* option(random, function* () {
    if (!hasNamespaces) yield variant(0)
    yield* text(random)
  })
}

function* directory(random: Random, { hashBytes }: Layout): Generator<Field> {
  yield* list(below(random, 20), function* () {
    yield some(random, hashBytes)
    yield* option(random, () => [some(random, hashBytes)])
  })
  yield* text(random)
}

function* text(random: Random): Generator<Field> {
  const words = ['', 'a.txt', '..', '/etc/passwd', 'naïve ☂', 'text/plain', '\0', 'x'.repeat(1025)]
  const content = Buffer.from(words[random.below(words.length)] ?? '')
  yield length(content.length)
  yield bytes(content)
}

function* option(random: Random, inner: () => Iterable<Field>): Generator<Field> {
  const isThere = random.below(2)
  yield { kind: 'option', bytes: Buffer.from([isThere]) }
  if (isThere === 1) yield* inner()
}

function* list(count: number, item: () => Iterable<Field>): Generator<Field> {
  yield length(count)
  for (let index = 0; index < count; index += 1) yield* item()
}

function change(fields: Field[], random: Random): void {
  const at = random.below(fields.length)
  const field = fields[at]
  if (field === undefined) return
  switch (random.below(6)) {
    case 0: // what follows is a length later or earlier than it says
      fields.splice(at, 1)
      return
    case 1: {
      const run = fields.slice(at, at + 1 + random.below(12))
      fields.splice(at, 0, ...Array.from({ length: 1 + below(random, 40) }, () => run).flat())
      return
    }
    case 2: {
      // a part of another one, nested where it does not belong
      const other = [...metadata(random)]
      fields.splice(at, random.below(3), ...other.slice(random.below(other.length)))
      return
    }
    default:
      fields[at] = { kind: field.kind, bytes: lieOf(field, random) }
  }
}

function lieOf({ kind, bytes: true_ }: Field, random: Random): Buffer {
  switch (kind) {
    case 'length':
      return lengthLie(true_, random)
    case 'variant':
      return number(4, random.pick([0, 1, 2, 0xff, 0xffff_ffff])).bytes
    case 'option':
      return Buffer.from([random.pick([0, 1, 2, 0xff])])
    case 'bytes':
      return random.below(2) === 0
        ? Buffer.alloc(true_.length, 0xff)
        : some(random, true_.length).bytes
  }
}

function lengthLie(honest: Buffer, random: Random): Buffer {
  const now = honest.length === 8 ? honest.readBigUInt64BE() : 0n
  const lies = [now + 1n, now - 1n, now * 2n, 0n, 255n, 257n, 1024n, 65_536n, 2n ** 31n, 2n ** 32n]
  const large = [2n ** 53n, 2n ** 53n - 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 61n]
  const all = [...lies, ...large]
  const lie = Buffer.alloc(8)
  lie.writeBigUInt64BE(BigInt.asUintN(64, all[random.below(all.length)] ?? 0n))
  return lie
}

function flip(whole: Buffer, random: Random): void {
  const at = random.below(whole.length)
  if (at < whole.length) whole[at] = (whole[at] ?? 0) ^ (1 << random.below(8))
}

/** Mostly few. */
function below(random: Random, limit: number): number {
  return random.below(random.below(4) === 0 ? limit : Math.min(limit, 3))
}

function some(random: Random, count: number): Field {
  const from = random.below(noise.length - count)
  return bytes(noise.subarray(from, from + count))
}

function bytes(content: Buffer): Field {
  return { kind: 'bytes', bytes: content }
}

function length(value: number): Field {
  return { kind: 'length', bytes: number(8, value).bytes }
}

function variant(value: number): Field {
  return { kind: 'variant', bytes: number(4, value).bytes }
}

function number(size: number, value: number): Field {
  const written = Buffer.alloc(size)
  if (size === 8) written.writeBigUInt64BE(BigInt(value))
  else written.writeUIntBE(value, 0, size)
  return { kind: 'bytes', bytes: written }
}
