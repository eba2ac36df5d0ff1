/** A stage frame's payload: sealed objects of one pack, each with its place. Bytes: docs/formats/node.md. Integers are big-endian. */
import type { Geometry } from '#chunk/geometry'
import { chunkIdBytes } from '#store/chunk-record'

const magic = 0x4d595354 // "MYST"
const version = 1
const headerBytes = 40
const placeBytes = 8

/** One object as it lies in its pack: ciphertext and tag. */
export interface StagedObject {
  /** The column times the block size, and where in the block it begins. */
  readonly offset: number
  readonly sealed: Uint8Array
}

export interface StageFrame {
  readonly packId: Uint8Array
  readonly geometry: Geometry
  readonly objects: readonly StagedObject[]
}

export function encodeStageFrame({ packId, geometry, objects }: StageFrame): Uint8Array {
  const bytes = objects.reduce((sum, { sealed }) => sum + placeBytes + sealed.length, headerBytes)
  const frame = Buffer.alloc(bytes)
  frame.writeUInt32BE(magic, 0)
  frame.writeUInt16BE(version, 4)
  frame.writeUInt16BE(geometry.profile.data, 8)
  frame.writeUInt16BE(geometry.profile.parity, 10)
  frame.writeUInt32BE(geometry.blockBytes, 12)
  frame.set(packId, 16)
  frame.writeUInt32BE(objects.length, 32)
  let at = headerBytes + objects.length * placeBytes
  for (const [index, { offset, sealed }] of objects.entries()) {
    frame.writeUInt32BE(offset, headerBytes + index * placeBytes)
    frame.writeUInt32BE(sealed.length, headerBytes + index * placeBytes + 4)
    frame.set(sealed, at)
    at += sealed.length
  }
  return frame
}

/** `undefined` for anything else than what `encodeStageFrame` makes: a node may hold frames of a later version. */
export function decodeStageFrame(bytes: Uint8Array): StageFrame | undefined {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (frame.length < headerBytes || frame.readUInt32BE(0) !== magic) return undefined
  if (frame.readUInt16BE(4) !== version || frame.readUInt16BE(6) !== 0) return undefined
  const count = frame.readUInt32BE(32)
  let at = headerBytes + count * placeBytes
  if (at > frame.length) return undefined
  const objects: StagedObject[] = []
  for (let index = 0; index < count; index += 1) {
    const offset = frame.readUInt32BE(headerBytes + index * placeBytes)
    const length = frame.readUInt32BE(headerBytes + index * placeBytes + 4)
    if (at + length > frame.length) return undefined
    objects.push({ offset, sealed: frame.subarray(at, at + length) })
    at += length
  }
  const profile = { data: frame.readUInt16BE(8), parity: frame.readUInt16BE(10) }
  const geometry = { profile, blockBytes: frame.readUInt32BE(12), isPacked: true }
  return { packId: frame.subarray(16, 16 + chunkIdBytes), geometry, objects }
}
