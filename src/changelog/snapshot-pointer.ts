/**
 * The file by which a node knows the newest snapshot: a clear header that says up to where, and sealed where
 * it lies. Format: docs/formats/changelog.md.
 */

import type { Era } from '#changelog/era'
import { changelogFault } from '#changelog/faults'
import { tryUnwrap } from '#changelog/frame'
import { aeadNonceBytes, seal, tryOpen } from '#crypto/aead'
import type { Keyring } from '#keyring/keyring'
import type { World } from '#world/world'

export const pointerName = 'snapshot'
/** The one before, until the newer one is on enough nodes. */
export const previousPointerName = 'snapshot.previous'

export interface PointerHeader {
  readonly storeId: Uint8Array
  /** The snapshot holds all changes up to here. */
  readonly upTo: bigint
  readonly era: Era
  readonly generation: number
  readonly wrappedKey: Uint8Array
}

export interface PointerContent {
  /** What `SnapshotBlobs.write` returned. */
  readonly descriptor: unknown
  /** Lowercase hex BLAKE3 of the snapshot's bytes. */
  readonly blake3: string
  readonly bytes: number
  readonly changes: number
}

const magic = Buffer.from('MYSP')
const version = 1
const headerBytes = 88

/** A pointer has a key of its own, which seals nothing else: the nonce is zero. */
const nonce = new Uint8Array(aeadNonceBytes)

export function printPointer(
  { upTo, era, content }: { upTo: bigint; era: Era; content: PointerContent },
  { keyring, world }: { readonly keyring: Keyring; readonly world: World },
): Uint8Array {
  const key = world.randomBytes(32)
  const { generation, wrapped } = keyring.wrap(key)
  const header = Buffer.alloc(headerBytes)
  header.set(magic)
  header.writeUInt16BE(version, 4)
  header.set(keyring.storeId, 8)
  header.writeBigUInt64BE(upTo, 24)
  header.writeUInt32BE(era.number, 32)
  header.writeUInt32BE(generation, 36)
  header.writeBigUInt64BE(era.first, 40)
  header.set(wrapped, 48)
  const sealed = seal(Buffer.from(JSON.stringify(content)), { key, nonce, associated: header })
  return Buffer.concat([header, sealed])
}

/** `undefined` for bytes that are no pointer; `changelog/unsupported-version` for a later version's. */
export function parsePointerHeader(pointer: Uint8Array): PointerHeader | undefined {
  const view = Buffer.from(pointer.buffer, pointer.byteOffset, pointer.length)
  if (view.length <= headerBytes || !view.subarray(0, 4).equals(magic)) return undefined
  if (view.readUInt32BE(4) !== version << 16)
    throw changelogFault('changelog/unsupported-version', { pointer: view.readUInt16BE(4) })
  return {
    storeId: pointer.slice(8, 24),
    upTo: view.readBigUInt64BE(24),
    era: { number: view.readUInt32BE(32), first: view.readBigUInt64BE(40) },
    generation: view.readUInt32BE(36),
    wrappedKey: pointer.slice(48, headerBytes),
  }
}

/** `undefined` when the pointer is not authentic. `keyring/unknown-generation`. */
export function openPointer(
  header: PointerHeader,
  pointer: Uint8Array,
  keyring: Keyring,
): PointerContent | undefined {
  const key = tryUnwrap(keyring, header)
  if (key === undefined) return undefined
  const json = tryOpen(pointer.subarray(headerBytes), {
    key,
    nonce,
    associated: pointer.subarray(0, headerBytes),
  })
  return json && parseContent(json.toString())
}

/** Authentic, so of the shape we have written. */
function parseContent(json: string): PointerContent {
  return JSON.parse(json) as PointerContent
}
