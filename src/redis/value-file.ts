/** One value as it lies on the disk: docs/formats/hero-redis.md. Integers are big-endian. */
import { strict as assert } from 'node:assert'
import { copyInto } from '#bytes/copy'
import { blake3 } from '#crypto/blake3'
import { valueFault } from '#redis/faults'
import { databasesMax, keyBytesMax, valueBytesMax } from '#redis/limits'

const magic = 0x4d594856 // MYHV
const version = 1
const headerBytes = 16
const digestBytes = 32

export interface ValuePlace {
  readonly db: number
  readonly key: Uint8Array
}

/** In memory of its own. */
export function encodeValueFile({ db, key }: ValuePlace, value: Uint8Array): Uint8Array {
  assert(db >= 0 && db < databasesMax)
  assert(key.length <= keyBytesMax && value.length <= valueBytesMax)
  const contentBytes = headerBytes + key.length + value.length
  const file = new Uint8Array(contentBytes + digestBytes)
  const view = new DataView(file.buffer)
  view.setUint32(0, magic)
  view.setUint8(4, version)
  view.setUint16(6, db)
  view.setUint16(8, key.length)
  view.setUint32(12, value.length)
  copyInto(file, key, headerBytes)
  copyInto(file, value, headerBytes + key.length)
  file.set(blake3(file.subarray(0, contentBytes)), contentBytes)
  return file
}

/** The value, a view. `redis/value-damaged` for a file that is not the whole and unchanged one of this place. */
export function decodeValueFile(place: ValuePlace, file: Uint8Array): Uint8Array {
  const contentBytes = file.length - digestBytes
  if (contentBytes < headerBytes) throw damaged('it is too short')
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  if (view.getUint32(0) !== magic) throw damaged('it is no value')
  if (view.getUint8(4) !== version) throw damaged('it is of another version')
  const digest = file.subarray(contentBytes)
  if (Buffer.compare(blake3(file.subarray(0, contentBytes)), digest) !== 0) {
    throw damaged('its digest is another')
  }
  const keyEnd = headerBytes + view.getUint16(8)
  const isWhole = contentBytes === keyEnd + view.getUint32(12)
  const isOurs = Buffer.compare(file.subarray(headerBytes, keyEnd), place.key) === 0
  const isPlain = view.getUint8(5) === 0 && view.getUint16(10) === 0
  if (!isWhole || !isPlain) throw damaged('its header is not that of its bytes')
  if (!isOurs || view.getUint16(6) !== place.db) throw damaged('it is the value of another key')
  return file.subarray(keyEnd, contentBytes)
}

function damaged(reason: string): Error {
  return valueFault('redis/value-damaged', { reason })
}
