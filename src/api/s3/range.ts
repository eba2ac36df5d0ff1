import { readRange } from '#api/range'
import { objectFault } from '#object/faults'
import type { ByteRange } from '#object/model'

/** The bytes of an object that a `Range` header asks for; `undefined` for all of them. `object/range-unsatisfiable` when nothing of it exists. */
export function parseRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const range = readRange(header, bytes)
  if (range === 'unsatisfiable') throw objectFault('object/range-unsatisfiable', { bytes })
  return range
}
