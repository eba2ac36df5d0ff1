/** The compiled CRC kernel: `checksum.wasm`, built from `kernel/checksum.ts` by `src/erasure/build.ts`. One per thread. */
import { type BareKernel, openKernel } from '#crypto/_open-kernel'

interface Kernel extends BareKernel {
  readonly crc32c: (before: number, bytes: number) => number
  readonly crc64nvme: (before: bigint, bytes: number) => bigint
}

const kernel = openKernel<Kernel>(new URL('./checksum.wasm', import.meta.url), [
  'crc32c',
  'crc64nvme',
])
/** The kernel's own memory: small enough to stay in the second-level cache with the tables. */
const input = new Uint8Array(kernel.memory.buffer, kernel.inputOffset(), kernel.inputBytesMax())

/** CRC-32C (RFC 3720) of the bytes checked so far, 0 for none, followed by `bytes`. May come out negative, as bit operators do. */
export function crc32c(bytes: Uint8Array, before: number): number {
  return inPieces(bytes, before, kernel.crc32c)
}

/** CRC-64/NVME (NVM Express command set 1.0, 5.2.1.3.4) likewise, as a signed or unsigned 64-bit integer. */
export function crc64nvme(bytes: Uint8Array, before: bigint): bigint {
  return inPieces(bytes, before, kernel.crc64nvme)
}

function inPieces<Crc>(
  bytes: Uint8Array,
  before: Crc,
  check: (before: Crc, bytes: number) => Crc,
): Crc {
  let crc = before
  for (let from = 0; from < bytes.length; from += input.length) {
    const piece = bytes.subarray(from, from + input.length)
    input.set(piece)
    crc = check(crc, piece.length)
  }
  return crc
}
