/**
 * A frame of the change log: a clear header that orders it, and changes that nobody reads without the
 * keyring. Format: docs/formats/changelog.md.
 *
 * Why no (key, nonce) pair ever seals two texts: each process draws a random key of its own, wrapped in every
 * header, and numbers the frames it seals under it. After a crash the same changes are sealed again, under
 * another key.
 */

import type { Era } from '#changelog/era'
import { changelogFault } from '#changelog/faults'
import { aeadTagBytes, sealInPlace, tryOpen } from '#crypto/aead'
import { compress, decompress } from '#crypto/compress'
import { isFault } from '#fault/fault'
import type { Keyring } from '#keyring/keyring'
import type { World } from '#world/world'

export interface FrameHeader {
  readonly storeId: Uint8Array
  readonly first: bigint
  readonly last: bigint
  readonly era: Era
  readonly generation: number
  readonly keyId: Uint8Array
  readonly wrappedKey: Uint8Array
  /** Which frame this is under its key; its nonce. */
  readonly counter: bigint
  readonly isCompressed: boolean
}

/** Committed changes that belong together: a group of works. `changes` are records, one after another. */
export interface Run {
  readonly first: bigint
  readonly last: bigint
  readonly changes: Uint8Array
}

export interface SealedFrame {
  readonly first: bigint
  readonly last: bigint
  readonly bytes: Uint8Array
}

const magic = Buffer.from('MYCF')
const version = 1
const headerBytes = 120
const compressedFlag = 1
/** Shorter changes fit the page of 4 KiB that a node writes anyway, with both headers and the tag. */
const compressBytesMin = 3_900
/** What a frame's changes may come to: far more than a run weighs, or a replay gathers. */
const changesBytesMax = 512 * 1024 * 1024

/** Seals frames under a key of its own; a new one when the keyring has moved on to another generation. */
export class FrameSealer {
  readonly #keyring: Keyring
  readonly #world: World
  readonly #era: Era
  #key: LogKey | undefined

  constructor({
    keyring,
    world,
    era,
  }: {
    readonly keyring: Keyring
    readonly world: World
    readonly era: Era
  }) {
    this.#keyring = keyring
    this.#world = world
    this.#era = era
  }

  /** One frame of runs that follow one another. */
  seal(runs: readonly Run[]): SealedFrame {
    const first = runs[0]?.first ?? 0n
    const last = runs.at(-1)?.last ?? 0n
    const key = this.#currentKey()
    const { storeId } = this.#keyring
    const { id: keyId, generation, wrappedKey } = key
    const counter = key.counter++
    const changes = Buffer.concat(runs.map((run) => run.changes))
    const compressed = changes.length < compressBytesMin ? undefined : compress(changes)
    const content = compressed ?? changes
    const frame = Buffer.allocUnsafe(headerBytes + content.length + aeadTagBytes)
    writeHeader(frame, {
      storeId,
      first,
      last,
      era: this.#era,
      generation,
      keyId,
      wrappedKey,
      counter,
      isCompressed: compressed !== undefined,
    })
    frame.set(content, headerBytes)
    sealInPlace(frame.subarray(headerBytes), {
      key: key.key,
      nonce: nonceOf(counter),
      associated: frame.subarray(0, headerBytes),
    })
    return { first, last, bytes: frame }
  }

  #currentKey(): LogKey {
    if (this.#key?.generation === this.#keyring.generation) return this.#key
    const key = this.#world.randomBytes(32)
    const { generation, wrapped } = this.#keyring.wrap(key)
    const id = this.#world.randomBytes(16)
    this.#key = { id, key, generation, wrappedKey: wrapped, counter: 0n }
    return this.#key
  }
}

interface LogKey {
  readonly id: Uint8Array
  readonly key: Uint8Array
  readonly generation: number
  readonly wrappedKey: Uint8Array
  counter: bigint
}

/** Keys of past processes kept unwrapped while reading. */
const openKeysMax = 1_000

/** Opens frames of any process of the store. */
export class FrameOpener {
  readonly #keyring: Keyring
  readonly #keys = new Map<string, Uint8Array>()

  constructor(keyring: Keyring) {
    this.#keyring = keyring
  }

  /** The frame's changes as records; `undefined` when the frame is not authentic. `keyring/unknown-generation`. */
  open(header: FrameHeader, frame: Uint8Array): Uint8Array | undefined {
    const key = this.#keyOf(header)
    if (key === undefined) return undefined
    const content = tryOpen(frame.subarray(headerBytes), {
      key,
      nonce: nonceOf(header.counter),
      associated: frame.subarray(0, headerBytes),
    })
    if (content === undefined || !header.isCompressed) return content
    return decompress(content, changesBytesMax)
  }

  #keyOf({ keyId, generation, wrappedKey }: FrameHeader): Uint8Array | undefined {
    const id = Buffer.concat([keyId, wrappedKey]).toString('latin1')
    const known = this.#keys.get(id)
    if (known !== undefined) return known
    if (this.#keys.size >= openKeysMax) this.#keys.clear()
    const key = tryUnwrap(this.#keyring, { generation, wrappedKey })
    if (key !== undefined) this.#keys.set(id, key)
    return key
  }
}

/** `undefined` for a wrapped key that was changed; `keyring/unknown-generation`. */
export function tryUnwrap(
  keyring: Keyring,
  { generation, wrappedKey }: { readonly generation: number; readonly wrappedKey: Uint8Array },
): Uint8Array | undefined {
  try {
    return keyring.unwrap(generation, wrappedKey)
  } catch (error) {
    if (isFault(error, 'keyring/unwrap-failed')) return undefined
    throw error
  }
}

/** `undefined` for bytes that are no frame; `changelog/unsupported-version` for a later version's. */
export function parseFrameHeader(frame: Uint8Array): FrameHeader | undefined {
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.length)
  if (view.length < headerBytes + aeadTagBytes || !view.subarray(0, 4).equals(magic))
    return undefined
  const flags = view.readUInt16BE(6)
  if (view.readUInt16BE(4) !== version || flags > compressedFlag)
    throw changelogFault('changelog/unsupported-version', { frame: view.readUInt16BE(4), flags })
  return {
    storeId: frame.slice(8, 24),
    first: view.readBigUInt64BE(24),
    last: view.readBigUInt64BE(32),
    era: { number: view.readUInt32BE(40), first: view.readBigUInt64BE(48) },
    generation: view.readUInt32BE(44),
    keyId: frame.slice(56, 72),
    wrappedKey: frame.slice(72, 112),
    counter: view.readBigUInt64BE(112),
    isCompressed: flags === compressedFlag,
  }
}

function writeHeader(frame: Buffer, header: FrameHeader): void {
  frame.set(magic)
  frame.writeUInt16BE(version, 4)
  frame.writeUInt16BE(header.isCompressed ? compressedFlag : 0, 6)
  frame.set(header.storeId, 8)
  frame.writeBigUInt64BE(header.first, 24)
  frame.writeBigUInt64BE(header.last, 32)
  frame.writeUInt32BE(header.era.number, 40)
  frame.writeUInt32BE(header.generation, 44)
  frame.writeBigUInt64BE(header.era.first, 48)
  frame.set(header.keyId, 56)
  frame.set(header.wrappedKey, 72)
  frame.writeBigUInt64BE(header.counter, 112)
}

function nonceOf(counter: bigint): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64BE(counter, 4)
  return nonce
}
