/*
 * AssemblyScript. XXH64 and XXH3, of 64 and of 128 bits, without seed: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, whose
 * words these names are. The module owns its memory:
 *   0      eight accumulators of 64 bits; XXH64 has the first four
 *   64     the secret, 192 bytes
 *   256    the result: lower half, higher half
 *   1024   the input, put there by the host: before it, at 960, the 64 bytes that came before it
 */
const accumulators: usize = 0
const secret: usize = 64
const result: usize = 256
const inputAt: usize = 1024
const inputMax: usize = 63 * 1024

const PRIME32_1: u64 = 0x9e3779b1
const PRIME32_2: u64 = 0x85ebca77
const PRIME32_3: u64 = 0xc2b2ae3d
const PRIME64_1: u64 = 0x9e3779b185ebca87
const PRIME64_2: u64 = 0xc2b2ae3d27d4eb4f
const PRIME64_3: u64 = 0x165667b19e3779f9
const PRIME64_4: u64 = 0x85ebca77c2b2ae63
const PRIME64_5: u64 = 0x27d4eb2f165667c5
const PRIME_MX1: u64 = 0x165667919e3779f9
const PRIME_MX2: u64 = 0x9fb21c651e98df25

export function inputOffset(): usize {
  return inputAt
}

export function inputBytesMax(): usize {
  return inputMax
}

// To be called once.
export function prepare(): void {
  store<u64>(secret, 0xbe4ba423396cfeb8, 0); store<u64>(secret, 0x1cad21f72c81017c, 8); store<u64>(secret, 0xdb979083e96dd4de, 16)
  store<u64>(secret, 0x1f67b3b7a4a44072, 24); store<u64>(secret, 0x78e5c0cc4ee679cb, 32); store<u64>(secret, 0x2172ffcc7dd05a82, 40)
  store<u64>(secret, 0x8e2443f7744608b8, 48); store<u64>(secret, 0x4c263a81e69035e0, 56); store<u64>(secret, 0xcb00c391bb52283c, 64)
  store<u64>(secret, 0xa32e531b8b65d088, 72); store<u64>(secret, 0x4ef90da297486471, 80); store<u64>(secret, 0xd8acdea946ef1938, 88)
  store<u64>(secret, 0x3f349ce33f76faa8, 96); store<u64>(secret, 0x1d4f0bc7c7bbdcf9, 104); store<u64>(secret, 0x3159b4cd4be0518a, 112)
  store<u64>(secret, 0x647378d9c97e9fc8, 120); store<u64>(secret, 0xc3ebd33483acc5ea, 128); store<u64>(secret, 0xeb6313faffa081c5, 136)
  store<u64>(secret, 0x49daf0b751dd0d17, 144); store<u64>(secret, 0x9e68d429265516d3, 152); store<u64>(secret, 0xfca1477d58be162b, 160)
  store<u64>(secret, 0xce31d07ad1b8f88f, 168); store<u64>(secret, 0x280416958f3acb45, 176); store<u64>(secret, 0x7e404bbbcafbd7af, 184)
}

// The accumulators before any input.
export function beginXxh64(): void {
  store<u64>(accumulators, PRIME64_1 + PRIME64_2)
  store<u64>(accumulators, PRIME64_2, 8)
  store<u64>(accumulators, 0, 16)
  store<u64>(accumulators, 0 - PRIME64_1, 24)
}

export function beginXxh3(): void {
  store<u64>(accumulators, PRIME32_3); store<u64>(accumulators, PRIME64_1, 8)
  store<u64>(accumulators, PRIME64_2, 16); store<u64>(accumulators, PRIME64_3, 24)
  store<u64>(accumulators, PRIME64_4, 32); store<u64>(accumulators, PRIME32_2, 40)
  store<u64>(accumulators, PRIME64_5, 48); store<u64>(accumulators, PRIME32_1, 56)
}

// Takes so many stripes of 32 bytes of the input.
export function absorbXxh64(stripes: u32): void {
  let a = load<u64>(accumulators), b = load<u64>(accumulators, 8)
  let c = load<u64>(accumulators, 16), d = load<u64>(accumulators, 24)
  let at = inputAt
  for (; stripes > 0; stripes--, at += 32) {
    a = round64(a, load<u64>(at))
    b = round64(b, load<u64>(at, 8))
    c = round64(c, load<u64>(at, 16))
    d = round64(d, load<u64>(at, 24))
  }
  store<u64>(accumulators, a); store<u64>(accumulators, b, 8)
  store<u64>(accumulators, c, 16); store<u64>(accumulators, d, 24)
}

// The digest of `total` bytes, whose last `rest` ones, fewer than 32, are the input.
export function finishXxh64(total: u64, rest: usize): void {
  let acc = PRIME64_5
  if (total >= 32) {
    const a = load<u64>(accumulators), b = load<u64>(accumulators, 8)
    const c = load<u64>(accumulators, 16), d = load<u64>(accumulators, 24)
    acc = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18)
    acc = merge64(acc, a)
    acc = merge64(acc, b)
    acc = merge64(acc, c)
    acc = merge64(acc, d)
  }
  acc += total
  let at = inputAt
  for (; rest >= 8; rest -= 8, at += 8) acc = rotl<u64>(acc ^ round64(0, load<u64>(at)), 27) * PRIME64_1 + PRIME64_4
  if (rest >= 4) {
    acc = rotl<u64>(acc ^ (<u64>load<u32>(at) * PRIME64_1), 23) * PRIME64_2 + PRIME64_3
    rest -= 4
    at += 4
  }
  for (; rest > 0; rest--, at++) acc = rotl<u64>(acc ^ (<u64>load<u8>(at) * PRIME64_5), 11) * PRIME64_1
  store<u64>(result, avalancheXxh64(acc))
}

// Takes so many blocks of 1,024 bytes of the input. At least one byte must follow, here or later.
export function absorbXxh3(blocks: u32): void {
  for (let at = inputAt; blocks > 0; blocks--, at += 1024) {
    for (let stripe: usize = 0; stripe < 16; stripe++) accumulate(at + stripe * 64, secret + stripe * 8)
    for (let lane: usize = 0; lane < 64; lane += 8) {
      let acc = load<u64>(accumulators + lane)
      acc ^= acc >>> 47
      acc ^= load<u64>(secret + lane, 128)
      store<u64>(accumulators + lane, acc * PRIME32_1)
    }
  }
}

// The digests of `total` bytes, whose last `rest` ones, 1,024 at most, are the input. Of more than 1,024 at least one; up to 1,024 all.
export function finishXxh3(total: u64, rest: usize): void {
  if (total <= 16) return finishSmall(<usize>total)
  if (total <= 240) return finishMedium(<usize>total)
  const stripes = (rest - 1) / 64
  for (let stripe: usize = 0; stripe < stripes; stripe++) accumulate(inputAt + stripe * 64, secret + stripe * 8)
  accumulate(inputAt + rest - 64, secret + 121)
  store<u64>(result, finalMerge(total * PRIME64_1, secret + 11))
  store<u64>(result, finalMerge(~(total * PRIME64_2), secret + 117), 8)
}

// XXH3 of 64 bits is the lower half of that of 128, but for lengths of 4 to 240: `lower64` has it.
export function lower64(total: u64): u64 {
  if (total > 240 || total < 4 && total > 0) return load<u64>(result)
  const length = <usize>total
  if (length === 0) return avalancheXxh64(load<u64>(secret, 56) ^ load<u64>(secret, 64))
  if (length <= 8) {
    const combined = <u64>load<u32>(inputAt + length - 4) | (<u64>load<u32>(inputAt) << 32)
    let value = (load<u64>(secret, 8) ^ load<u64>(secret, 16)) ^ combined
    value ^= rotl<u64>(value, 49) ^ rotl<u64>(value, 24)
    value *= PRIME_MX2
    value ^= (value >>> 35) + total
    value *= PRIME_MX2
    return value ^ (value >>> 28)
  }
  if (length <= 16) {
    const low = (load<u64>(secret, 24) ^ load<u64>(secret, 32)) ^ load<u64>(inputAt)
    const high = (load<u64>(secret, 40) ^ load<u64>(secret, 48)) ^ load<u64>(inputAt + length - 8)
    return avalanche(total + bswap<u64>(low) + high + fold(low, high))
  }
  let acc = total * PRIME64_1
  if (length <= 128) {
    for (let i = <i32>((length - 1) >>> 5); i >= 0; i--) {
      const offset = <usize>i * 16
      acc += mixStep(inputAt + offset, secret + offset * 2)
      acc += mixStep(inputAt + length - offset - 16, secret + offset * 2 + 16)
    }
    return avalanche(acc)
  }
  const chunks = length >>> 4
  for (let i: usize = 0; i < 8; i++) acc += mixStep(inputAt + i * 16, secret + i * 16)
  acc = avalanche(acc)
  for (let i: usize = 8; i < chunks; i++) acc += mixStep(inputAt + i * 16, secret + (i - 8) * 16 + 3)
  acc += mixStep(inputAt + length - 16, secret + 119)
  return avalanche(acc)
}

export function resultLow(): u64 {
  return load<u64>(result)
}

export function resultHigh(): u64 {
  return load<u64>(result, 8)
}

// 0 to 16 bytes, of 128 bits.
function finishSmall(length: usize): void {
  let low: u64, high: u64
  if (length === 0) {
    low = avalancheXxh64(load<u64>(secret, 64) ^ load<u64>(secret, 72))
    high = avalancheXxh64(load<u64>(secret, 80) ^ load<u64>(secret, 88))
  } else if (length < 4) {
    const combined: u32 = <u32>load<u8>(inputAt + length - 1) | (<u32>length << 8) |
      (<u32>load<u8>(inputAt) << 16) | (<u32>load<u8>(inputAt + (length >>> 1)) << 24)
    low = avalancheXxh64(<u64>(load<u32>(secret) ^ load<u32>(secret, 4)) ^ <u64>combined)
    high = avalancheXxh64(<u64>(load<u32>(secret, 8) ^ load<u32>(secret, 12)) ^ <u64>rotl<u32>(bswap<u32>(combined), 13))
  } else if (length <= 8) {
    const combined = <u64>load<u32>(inputAt) | (<u64>load<u32>(inputAt + length - 4) << 32)
    const value = (load<u64>(secret, 16) ^ load<u64>(secret, 24)) ^ combined
    const factor = PRIME64_1 + (<u64>length << 2)
    low = value * factor
    high = mulHigh(value, factor) + (low << 1)
    low ^= high >>> 3
    low ^= low >>> 35
    low *= PRIME_MX2
    low ^= low >>> 28
    high = avalanche(high)
  } else {
    const first = load<u64>(inputAt), last = load<u64>(inputAt + length - 8)
    const val1 = (load<u64>(secret, 32) ^ load<u64>(secret, 40)) ^ first ^ last
    const val2 = (load<u64>(secret, 48) ^ load<u64>(secret, 56)) ^ last
    low = val1 * PRIME64_1 + (<u64>(length - 1) << 54)
    high = mulHigh(val1, PRIME64_1) + (val2 & 0xffffffff00000000) + (val2 & 0xffffffff) * PRIME32_2
    low ^= bswap<u64>(high)
    high = mulHigh(low, PRIME64_2) + high * PRIME64_2
    low = avalanche(low * PRIME64_2)
    high = avalanche(high)
  }
  store<u64>(result, low)
  store<u64>(result, high, 8)
}

// 17 to 240 bytes, of 128 bits, in the first two accumulators.
function finishMedium(length: usize): void {
  store<u64>(accumulators, <u64>length * PRIME64_1)
  store<u64>(accumulators, 0, 8)
  if (length <= 128) {
    for (let i = <i32>((length - 1) >>> 5); i >= 0; i--) {
      const offset = <usize>i * 16
      mixTwoChunks(inputAt + offset, inputAt + length - offset - 16, secret + offset * 2)
    }
  } else {
    const chunks = length >>> 5
    for (let i: usize = 0; i < 4; i++) mixTwoChunks(inputAt + i * 32, inputAt + i * 32 + 16, secret + i * 32)
    store<u64>(accumulators, avalanche(load<u64>(accumulators)))
    store<u64>(accumulators, avalanche(load<u64>(accumulators, 8)), 8)
    for (let i: usize = 4; i < chunks; i++) mixTwoChunks(inputAt + i * 32, inputAt + i * 32 + 16, secret + (i - 4) * 32 + 3)
    mixTwoChunks(inputAt + length - 16, inputAt + length - 32, secret + 103)
  }
  const a = load<u64>(accumulators), b = load<u64>(accumulators, 8)
  store<u64>(result, avalanche(a + b))
  store<u64>(result, 0 - avalanche(a * PRIME64_1 + b * PRIME64_4 + <u64>length * PRIME64_2), 8)
}

// @ts-ignore: decorator
@inline
function accumulate(stripe: usize, key: usize): void {
  accumulatePair(stripe, key, 0)
  accumulatePair(stripe, key, 16)
  accumulatePair(stripe, key, 32)
  accumulatePair(stripe, key, 48)
}

// Two lanes of 64 bits.
// @ts-ignore: decorator
@inline
function accumulatePair(stripe: usize, key: usize, at: usize): void {
  const data = v128.load(stripe + at)
  const value = v128.xor(data, v128.load(key + at))
  const halves = v128.shuffle<u32>(value, value, 0, 2, 1, 3)
  const others = v128.shuffle<u32>(value, value, 1, 3, 0, 2)
  const product = i64x2.extmul_low_i32x4_u(halves, others)
  const swapped = v128.shuffle<u64>(data, data, 1, 0)
  v128.store(accumulators + at, i64x2.add(v128.load(accumulators + at), i64x2.add(product, swapped)))
}

function finalMerge(start: u64, key: usize): u64 {
  let merged = start
  for (let lane: usize = 0; lane < 64; lane += 16)
    merged += fold(
      load<u64>(accumulators + lane) ^ load<u64>(key + lane),
      load<u64>(accumulators + lane, 8) ^ load<u64>(key + lane, 8),
    )
  return avalanche(merged)
}

function mixTwoChunks(one: usize, other: usize, key: usize): void {
  const a = load<u64>(accumulators) + mixStep(one, key)
  const b = load<u64>(accumulators, 8) + mixStep(other, key + 16)
  store<u64>(accumulators, a ^ (load<u64>(other) + load<u64>(other, 8)))
  store<u64>(accumulators, b ^ (load<u64>(one) + load<u64>(one, 8)), 8)
}

function mixStep(data: usize, key: usize): u64 {
  return fold(load<u64>(data) ^ load<u64>(key), load<u64>(data, 8) ^ load<u64>(key, 8))
}

// Both halves of the product of 128 bits, in one.
function fold(a: u64, b: u64): u64 {
  return (a * b) ^ mulHigh(a, b)
}

function mulHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff, a1 = a >>> 32
  const b0 = b & 0xffffffff, b1 = b >>> 32
  const middle = a1 * b0 + ((a0 * b0) >>> 32)
  const other = a0 * b1 + (middle & 0xffffffff)
  return a1 * b1 + (middle >>> 32) + (other >>> 32)
}

// @ts-ignore: decorator
@inline
function round64(acc: u64, lane: u64): u64 {
  return rotl<u64>(acc + lane * PRIME64_2, 31) * PRIME64_1
}

function merge64(acc: u64, lane: u64): u64 {
  return (acc ^ round64(0, lane)) * PRIME64_1 + PRIME64_4
}

function avalanche(value: u64): u64 {
  let x = value ^ (value >>> 37)
  x *= PRIME_MX1
  return x ^ (x >>> 32)
}

function avalancheXxh64(value: u64): u64 {
  let x = value ^ (value >>> 33)
  x *= PRIME64_2
  x ^= x >>> 29
  x *= PRIME64_3
  return x ^ (x >>> 32)
}
