/** The keyring as bytes: docs/formats/keyring.md. Everything here is safe to show but to guess the passphrase from. */
import assert from 'node:assert/strict'
import { blake3 } from '#crypto/blake3'
import { deriveKey, type PassphraseCost, passphraseSaltBytes } from '#crypto/derive'
import { hmacSha256 } from '#crypto/hmac'
import { keyringFault } from '#keyring/faults'

/** How the master key comes from a passphrase. */
export interface PassphraseRecipe {
  readonly salt: Uint8Array
  readonly cost: PassphraseCost
}

export interface KeyringFile {
  readonly storeId: Uint8Array
  /** Grows at each change: of several copies the one with the highest serial is in force. */
  readonly serial: bigint
  /** Set when the master key comes from a passphrase. */
  readonly passphrase?: PassphraseRecipe
  /** Ascending by number; at least one. */
  readonly generations: readonly { readonly number: number; readonly wrapped: Uint8Array }[]
}

const magic = Buffer.from('MYKR')
const version = 1
const headerBytes = 56
const wrappedBytes = 40
const generationBytes = 4 + wrappedBytes
const macBytes = 32
const digestBytes = 32

/**
 * What a damaged or forged file may make us spend before its MAC is checked, which needs the key: 4 GiB,
 * 1,000 passes.
 */
const memoryKibibytesMax = 4 * 1024 * 1024
const passesMax = 1_000

export function printKeyringFile(file: KeyringFile, master: Uint8Array): Uint8Array {
  const { storeId, serial, passphrase, generations } = file
  assert(storeId.length === 16 && generations.length > 0 && generations.length < 2 ** 16)
  const content = Buffer.alloc(headerBytes + generations.length * generationBytes)
  content.set(magic)
  content.writeUInt16BE(version, 4)
  content.writeUInt16BE(generations.length, 6)
  content.set(storeId, 8)
  content.writeBigUInt64BE(serial, 24)
  if (passphrase !== undefined) writePassphrase(content, passphrase)
  for (const [index, { number, wrapped }] of generations.entries()) {
    assert(wrapped.length === wrappedBytes)
    const offset = headerBytes + index * generationBytes
    content.writeUInt32BE(number, offset)
    content.set(wrapped, offset + 4)
  }
  const authentic = Buffer.concat([content, macOf(content, { storeId, master })])
  return Uint8Array.from(Buffer.concat([authentic, blake3(authentic)]))
}

/** Whole and well-formed, though not yet authentic. `keyring/damaged`, `keyring/unsupported-version`. */
export function parseKeyringFile(bytes: Uint8Array): KeyringFile {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const tail = bytes.length - digestBytes
  if (tail < 6 || !view.subarray(0, 4).equals(magic)) throw damaged('not a keyring')
  // Every version ends in this digest: else a flipped bit would pass for a later version, and one rotten copy keep a store from starting.
  if (Buffer.compare(view.subarray(tail), blake3(bytes.subarray(0, tail))) !== 0)
    throw damaged('digest')
  if (view.readUInt16BE(4) !== version)
    throw keyringFault('keyring/unsupported-version', { version: view.readUInt16BE(4) })
  const count = view.readUInt16BE(6)
  const expectedBytes = headerBytes + count * generationBytes + macBytes + digestBytes
  if (count === 0 || bytes.length !== expectedBytes) throw damaged('length')
  const passphrase = readPassphrase(view)
  return {
    storeId: bytes.slice(8, 24),
    serial: view.readBigUInt64BE(24),
    ...(passphrase && { passphrase }),
    generations: Array.from({ length: count }, (_, index) => {
      const offset = headerBytes + index * generationBytes
      const number = view.readUInt32BE(offset)
      return { number, wrapped: bytes.slice(offset + 4, offset + generationBytes) }
    }),
  }
}

/** True when `bytes` were printed with this master key. They have been parsed. */
export function isAuthentic(bytes: Uint8Array, file: KeyringFile, master: Uint8Array): boolean {
  const end = bytes.length - digestBytes
  const mac = macOf(bytes.subarray(0, end - macBytes), { storeId: file.storeId, master })
  return Buffer.compare(mac, bytes.subarray(end - macBytes, end)) === 0
}

function macOf(
  content: Uint8Array,
  { storeId, master }: { readonly storeId: Uint8Array; readonly master: Uint8Array },
): Uint8Array {
  return hmacSha256(deriveKey(master, { salt: storeId, info: 'mycelium keyring 1 mac' }), content)
}

function writePassphrase(content: Buffer, { salt, cost }: PassphraseRecipe): void {
  assert(salt.length === passphraseSaltBytes)
  content.writeUInt8(1, 32)
  content.writeUInt8(cost.lanes, 33)
  content.writeUInt16BE(cost.passes, 34)
  content.writeUInt32BE(cost.memoryKibibytes, 36)
  content.set(salt, 40)
}

function readPassphrase(view: Buffer): PassphraseRecipe | undefined {
  const kind = view.readUInt8(32)
  if (kind === 0) {
    if (view.subarray(33, headerBytes).some((byte) => byte !== 0)) throw damaged('reserved bytes')
    return undefined
  }
  const cost = {
    lanes: view.readUInt8(33),
    passes: view.readUInt16BE(34),
    memoryKibibytes: view.readUInt32BE(36),
  }
  const isPayable =
    cost.lanes > 0 &&
    cost.passes > 0 &&
    cost.passes <= passesMax &&
    cost.memoryKibibytes >= 8 * cost.lanes &&
    cost.memoryKibibytes <= memoryKibibytesMax
  if (kind !== 1 || !isPayable) throw damaged('passphrase cost')
  return { salt: Uint8Array.from(view.subarray(40, 56)), cost }
}

function damaged(reason: string): Error {
  return keyringFault('keyring/damaged', { reason })
}
