import type { ObjectCall } from '#api/s3/call'
import { isRangeWanted } from '#api/s3/conditions'
import { invalidRequest, s3Fault } from '#api/s3/faults'
import type { Selection } from '#api/s3/object-headers'
import { parseRange } from '#api/s3/range'
import { partNumberOf } from '#api/s3/uploads'
import type { ObjectInfo } from '#object/model'

/** Which bytes a GET or HEAD asks for, by `partNumber` or `Range`. */
export function selectRange({ query, headers }: ObjectCall, info: ObjectInfo): Selection {
  if (query.has('partNumber')) {
    if (headers['range'] !== undefined) {
      throw invalidRequest('Cannot specify both Range header and partNumber query parameter')
    }
    return selectPart(partNumberOf({ query }), info)
  }
  const range = isRangeWanted(headers, info) ? parseRange(headers['range'], info.bytes) : undefined
  return range === undefined ? { status: 200 } : { status: 206, range }
}

/** An object that was put whole has one part, itself. */
function selectPart(number: number, { parts, bytes }: ObjectInfo): Selection {
  let first = 0
  for (const part of parts ?? [{ number: 1, bytes }]) {
    if (part.number === number) {
      const named = parts === undefined ? {} : { part }
      if (bytes === 0) return { status: 200, ...named }
      return { status: 206, range: { first, last: first + part.bytes - 1 }, ...named }
    }
    first += part.bytes
  }
  throw s3Fault('s3/invalid-part-number')
}
