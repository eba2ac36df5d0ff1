/** The digests S3 names, over bytes that come in pieces. */
import { strict as assert } from 'node:assert'
import { createHash, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crc32c, crc64nvme } from '#crypto/_checksum-kernel'
import { XxHash, type XxHashAlgorithm } from '#crypto/_xxhash-kernel'

export type CrcAlgorithm = 'crc32' | 'crc32c' | 'crc64nvme'
export type DigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512' | CrcAlgorithm | XxHashAlgorithm

/** Whether the digest of two pieces follows from those of each: `combineCrc`. */
export function isCrc(algorithm: DigestAlgorithm): algorithm is CrcAlgorithm {
  return Object.hasOwn(reflectedPolynomials, algorithm)
}

/** One digest being computed. */
export interface Digest {
  /** Reads `bytes` before it returns, and keeps nothing of them. They may lie in shared memory. */
  update(bytes: Uint8Array): void
  /** The digest of all pieces, in fresh memory; CRCs and xxHashes big-endian. Ask once, then forget the object. */
  digest(): Uint8Array
}

export function openDigest(algorithm: DigestAlgorithm): Digest {
  switch (algorithm) {
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512': {
      const hash = createHash(algorithm)
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
    }
    case 'crc32':
      return new Crc(0, crc32, bytesOf32)
    case 'crc32c':
      return new Crc(0, crc32c, bytesOf32)
    case 'crc64nvme':
      return new Crc(0n, crc64nvme, bytesOf64)
    case 'xxhash64':
    case 'xxhash3':
    case 'xxhash128':
      return new XxHash(algorithm)
  }
}

/** Several digests of the same bytes. */
export function digestsOf(
  bytes: Uint8Array,
  algorithms: readonly DigestAlgorithm[],
): Partial<Record<DigestAlgorithm, Uint8Array>> {
  return Object.fromEntries(algorithms.map((algorithm) => [algorithm, digestOf(bytes, algorithm)]))
}

/** Of bytes that are all there: half the price, for a few hundred bytes, of opening a digest. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm): Uint8Array {
  switch (algorithm) {
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
      return hash(algorithm, bytes, 'buffer')
    default: {
      const digest = openDigest(algorithm)
      digest.update(bytes)
      return digest.digest()
    }
  }
}

/** SHA-256 in lower-case hex: for a few hundred bytes half the price of the 32 bytes, which would need memory of their own. */
export function sha256HexOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}

class Crc<Value> implements Digest {
  #value: Value
  readonly #advance: (bytes: Uint8Array, before: Value) => Value
  readonly #write: (value: Value) => Uint8Array

  constructor(
    empty: Value,
    advance: (bytes: Uint8Array, before: Value) => Value,
    write: (value: Value) => Uint8Array,
  ) {
    this.#value = empty
    this.#advance = advance
    this.#write = write
  }

  update(bytes: Uint8Array): void {
    this.#value = this.#advance(bytes, this.#value)
  }

  digest(): Uint8Array {
    return this.#write(this.#value)
  }
}

function bytesOf32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function bytesOf64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}

/** Generator polynomials, bit-reflected: the highest bit is the coefficient of x^0. */
const reflectedPolynomials = {
  crc32: { width: 32n, polynomial: 0xedb88320n },
  crc32c: { width: 32n, polynomial: 0x82f63b78n },
  crc64nvme: { width: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
} as const satisfies Readonly<Record<CrcAlgorithm, unknown>>

interface Field {
  readonly width: bigint
  readonly polynomial: bigint
}

/**
 * The CRC of a ‖ b from those of a and b, where b has `lengthB` bytes: crc(a) · x^(8 · lengthB) + crc(b) modulo the generator. (The
 * initial and final complements of these three cancel out.) Takes microseconds, whatever the length.
 */
export function combineCrc(
  algorithm: CrcAlgorithm,
  crcA: Uint8Array,
  crcB: Uint8Array,
  lengthB: number,
): Uint8Array {
  const field = reflectedPolynomials[algorithm]
  assert(crcA.length === crcB.length && BigInt(crcA.length * 8) === field.width)
  assert(Number.isSafeInteger(lengthB) && lengthB >= 0)
  const shift = powerOfX(8n * BigInt(lengthB), field)
  const combined = product(integerOf(crcA), shift, field) ^ integerOf(crcB)
  return field.width === 32n ? bytesOf32(Number(combined)) : bytesOf64(combined)
}

function integerOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

/** x^exponent modulo the generator, by squaring. */
function powerOfX(exponent: bigint, field: Field): bigint {
  const one = 1n << (field.width - 1n)
  let power = one
  for (let square = one >> 1n, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) power = product(power, square, field)
    square = product(square, square, field)
  }
  return power
}

/** a · b modulo the generator: Horner over the coefficients of b from the highest, each step of `sum` a multiplication by x. */
function product(a: bigint, b: bigint, { width, polynomial }: Field): bigint {
  let sum = 0n
  for (let bit = 0n; bit < width; bit += 1n) {
    sum = sum & 1n ? (sum >> 1n) ^ polynomial : sum >> 1n
    if ((b >> bit) & 1n) sum ^= a
  }
  return sum
}
