/*
 * AssemblyScript. CRC-32C and CRC-64/NVME, bit-reflected, sixteen bytes a step ("slicing": Kounavis and Berry, "A Systematic Approach to
 * Building High Performance, Software-based, CRC Generators", 2005). The module owns its memory:
 *   0        16 tables of 256 u32 for CRC-32C
 *   16 KiB   16 tables of 256 u64 for CRC-64/NVME
 *   48 KiB   the bytes to check, put there by the host
 */
const tables32: usize = 0
const tables64: usize = 16 * 1024
const inputAt: usize = 48 * 1024
const inputMax: usize = 16 * 1024

export function inputOffset(): usize {
  return inputAt
}

export function inputBytesMax(): usize {
  return inputMax
}

// To be called once. Table t, entry b: the remainder of byte b followed by t zero bytes.
export function prepare(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc32 = byte
    let crc64 = <u64>byte
    for (let bit = 0; bit < 8; bit++) {
      crc32 = (crc32 >>> 1) ^ ((crc32 & 1) * 0x82f63b78)
      crc64 = (crc64 >>> 1) ^ ((crc64 & 1) * 0x9a6c9329ac4bc9b5)
    }
    store<u32>(tables32 + byte * 4, crc32)
    store<u64>(tables64 + byte * 8, crc64)
  }
  for (let entry: usize = 256; entry < 16 * 256; entry++) {
    const crc32 = load<u32>(tables32 + (entry - 256) * 4)
    const crc64 = load<u64>(tables64 + (entry - 256) * 8)
    store<u32>(tables32 + entry * 4, (crc32 >>> 8) ^ <u32>slice32(0, crc32, 0))
    store<u64>(tables64 + entry * 8, (crc64 >>> 8) ^ i64x2.extract_lane(slice64(0, <u32>crc64, 0), 0))
  }
}

// The CRC of what came before followed by the first `bytes` of the input; `before` of nothing is 0.
export function crc32c(before: u32, bytes: usize): u32 {
  let crc = ~before
  let at = inputAt
  const end = inputAt + bytes
  for (; at + 16 <= end; at += 16) {
    const a = load<u32>(at) ^ crc
    const b = load<u32>(at, 4)
    const c = load<u32>(at, 8)
    const d = load<u32>(at, 12)
    let sum = slice32(0, d, 24)
    sum ^= slice32(1, d, 16)
    sum ^= slice32(2, d, 8)
    sum ^= slice32(3, d, 0)
    sum ^= slice32(4, c, 24)
    sum ^= slice32(5, c, 16)
    sum ^= slice32(6, c, 8)
    sum ^= slice32(7, c, 0)
    sum ^= slice32(8, b, 24)
    sum ^= slice32(9, b, 16)
    sum ^= slice32(10, b, 8)
    sum ^= slice32(11, b, 0)
    sum ^= slice32(12, a, 24)
    sum ^= slice32(13, a, 16)
    sum ^= slice32(14, a, 8)
    sum ^= slice32(15, a, 0)
    crc = <u32>sum
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ <u32>slice32(0, crc ^ load<u8>(at), 0)
  return ~crc
}

export function crc64nvme(before: u64, bytes: usize): u64 {
  let crc = ~before
  let at = inputAt
  const end = inputAt + bytes
  for (; at + 16 <= end; at += 16) {
    const a = load<u32>(at) ^ <u32>crc
    const b = load<u32>(at, 4) ^ <u32>(crc >>> 32)
    const c = load<u32>(at, 8)
    const d = load<u32>(at, 12)
    let sum = slice64(0, d, 24)
    sum = v128.xor(sum, slice64(1, d, 16))
    sum = v128.xor(sum, slice64(2, d, 8))
    sum = v128.xor(sum, slice64(3, d, 0))
    sum = v128.xor(sum, slice64(4, c, 24))
    sum = v128.xor(sum, slice64(5, c, 16))
    sum = v128.xor(sum, slice64(6, c, 8))
    sum = v128.xor(sum, slice64(7, c, 0))
    sum = v128.xor(sum, slice64(8, b, 24))
    sum = v128.xor(sum, slice64(9, b, 16))
    sum = v128.xor(sum, slice64(10, b, 8))
    sum = v128.xor(sum, slice64(11, b, 0))
    sum = v128.xor(sum, slice64(12, a, 24))
    sum = v128.xor(sum, slice64(13, a, 16))
    sum = v128.xor(sum, slice64(14, a, 8))
    sum = v128.xor(sum, slice64(15, a, 0))
    crc = i64x2.extract_lane(sum, 0)
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ i64x2.extract_lane(slice64(0, <u32>crc ^ load<u8>(at), 0), 0)
  return ~crc
}

// Wider than the entry on purpose: V8 folds a load into an exclusive or of the same width, yet keeps the load as well.
// @ts-ignore: decorator
@inline
function slice32(table: usize, word: u32, shift: u32): u64 {
  return <u64>load<u32>(tables32 + table * 1024 + ((word >>> shift) & 255) * 4)
}

// @ts-ignore: decorator
@inline
function slice64(table: usize, word: u32, shift: u32): v128 {
  return v128.load64_zero(tables64 + table * 2048 + ((word >>> shift) & 255) * 8)
}
