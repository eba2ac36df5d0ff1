/** How large the parts of an upload are, and how many may be in memory. */
import { partBytesMax, partBytesMin, partsMax } from '#s3/limits'

/** Also the size up to which an object goes in one piece. */
export const partBytesDefault = 16 * 2 ** 20
/** All parts in memory together stay below this, unless one alone is larger. */
export const partsMemoryBytesMax = 512 * 2 ** 20
/** Where nobody knows the end, parts double in size so often: 16 MiB parts come to 585 GiB that way, in 128 MiB at most. */
const doublingParts = 2_500

export interface PartPlan {
  readonly partBytesOf: (index: number) => number
  readonly lanes: number
}

/** For a stream of `bytes`; `undefined` when nobody knows. `partBytes` is the least, at least S3's minimum. */
export function planParts(
  bytes: number | undefined,
  { partBytes, lanes }: { readonly partBytes: number; readonly lanes: number },
): PartPlan {
  const least = Math.max(partBytes, partBytesMin)
  if (bytes === undefined) {
    const partBytesOf = (index: number): number =>
      Math.min(partBytesMax, least * 2 ** Math.floor(index / doublingParts))
    return { partBytesOf, lanes: lanesWithin(partBytesOf(partsMax - 1), lanes) }
  }
  const mebibyte = 2 ** 20
  const needed = Math.ceil(bytes / partsMax / mebibyte) * mebibyte
  const each = Math.max(least, needed)
  return { partBytesOf: () => each, lanes: lanesWithin(each, lanes) }
}

function lanesWithin(partBytes: number, lanes: number): number {
  return Math.max(1, Math.min(lanes, Math.floor(partsMemoryBytesMax / partBytes) - 1))
}
