/*
 * AssemblyScript. BLAKE3 without a key (https://github.com/BLAKE3-team/BLAKE3-specs, section 2), four chunks at a time, one in each lane of a vector.
 * Parents and the last chunk use all lanes for the same. The module owns its memory:
 *   0        the state: 8 vectors
 *   128      the message: 16 vectors
 *   512      the order of message words in each round: 7 × 16 u16, as offsets
 *   1 KiB    four chaining values
 *   2 KiB    the stack: one chaining value for each whole subtree that waits for its sibling, and room for two more
 *   8 KiB    the bytes to hash, put there by the host
 */
const stateAt: usize = 0
const messageAt: usize = 128
const orderAt: usize = 512
const valuesAt: usize = 1024
const stackAt: usize = 2048
const inputAt: usize = 8192
const inputMax: usize = 65536

const chunkBytes: usize = 1024
const blockBytes: usize = 64
const valueBytes: usize = 32

const chunkStart: u32 = 1
const chunkEnd: u32 = 2
const parent: u32 = 4
const root: u32 = 8

// Chunks in the stack, and subtrees.
let chunks: u64 = 0
let depth: usize = 0

export function inputOffset(): usize {
  return inputAt
}

export function inputBytesMax(): usize {
  return inputMax
}

// Where `finish` puts the digest.
export function digestOffset(): usize {
  return valuesAt
}

// To be called once: the permutation of table 2, applied again for each round.
export function prepare(): void {
  for (let word: usize = 0; word < 16; word++) store<u16>(orderAt + word * 2, <u16>(word * 16))
  for (let at: usize = orderAt; at < orderAt + 6 * 32; at += 32) {
    store<u16>(at + 32, load<u16>(at + 2 * 2))
    store<u16>(at + 34, load<u16>(at + 6 * 2))
    store<u16>(at + 36, load<u16>(at + 3 * 2))
    store<u16>(at + 38, load<u16>(at + 10 * 2))
    store<u16>(at + 40, load<u16>(at + 7 * 2))
    store<u16>(at + 42, load<u16>(at + 0 * 2))
    store<u16>(at + 44, load<u16>(at + 4 * 2))
    store<u16>(at + 46, load<u16>(at + 13 * 2))
    store<u16>(at + 48, load<u16>(at + 1 * 2))
    store<u16>(at + 50, load<u16>(at + 11 * 2))
    store<u16>(at + 52, load<u16>(at + 12 * 2))
    store<u16>(at + 54, load<u16>(at + 5 * 2))
    store<u16>(at + 56, load<u16>(at + 9 * 2))
    store<u16>(at + 58, load<u16>(at + 14 * 2))
    store<u16>(at + 60, load<u16>(at + 15 * 2))
    store<u16>(at + 62, load<u16>(at + 8 * 2))
  }
}

// The whole input, after which more will come: only then is no subtree of it the root.
export function absorb(): void {
  for (let at: usize = 0; at < inputMax; at += 4 * chunkBytes) absorbChunks(inputAt + at, 4)
}

// The first `bytes` of the input are the last of all. What was hashed is forgotten.
export function finish(bytes: usize): void {
  const whole: usize = bytes == 0 ? 0 : (bytes - 1) / chunkBytes
  for (let at: usize = 0; at < whole; at += 4) absorbChunks(inputAt + at * chunkBytes, min<usize>(4, whole - at))
  hashLastChunk(inputAt + whole * chunkBytes, bytes - whole * chunkBytes, depth == 0 ? root : 0)
  copyLane(0, stackAt + depth * valueBytes)
  depth += 1
  while (depth > 1) mergeTop(depth == 2 ? root : 0)
  memory.copy(valuesAt, stackAt, valueBytes)
  chunks = 0
  depth = 0
}

// The first `count` of four chunks that lie at `at`; `chunks` is a multiple of 4. Lanes that do not count may hold anything.
function absorbChunks(at: usize, count: usize): void {
  startState()
  const low = i32x4.add(i32x4.splat(<u32>chunks), i32x4(0, 1, 2, 3))
  for (let block: usize = 0; block < chunkBytes; block += blockBytes) {
    for (let word: usize = 0; word < blockBytes; word += 16) loadTransposed(at + block + word, messageAt + word * 4)
    const flags = (block == 0 ? chunkStart : 0) | (block == chunkBytes - blockBytes ? chunkEnd : 0)
    compress(low, <u32>(chunks >> 32), <u32>blockBytes, flags)
  }
  for (let lane: usize = 0; lane < count; lane++) copyLane(lane, valuesAt + lane * valueBytes)
  for (let lane: usize = 0; lane < count; lane++) push(valuesAt + lane * valueBytes)
}

// Leaves its chaining value in the state. `bytes` is 0 only if there are no others at all.
function hashLastChunk(at: usize, bytes: usize, rootFlag: u32): void {
  startState()
  memory.fill(at + bytes, 0, blockBytes) // behind the input is room for it
  let block: usize = 0
  do {
    const length = min<usize>(blockBytes, bytes - block)
    loadSame(at + block)
    const isLast = block + blockBytes >= bytes
    const flags = (block == 0 ? chunkStart : 0) | (isLast ? chunkEnd | rootFlag : 0)
    compress(i32x4.splat(<u32>chunks), <u32>(chunks >> 32), <u32>length, flags)
    block += blockBytes
  } while (block < bytes)
}

function push(value: usize): void {
  memory.copy(stackAt + depth * valueBytes, value, valueBytes)
  depth += 1
  chunks += 1
  for (let rest = chunks; (rest & 1) == 0; rest >>= 1) mergeTop(0)
}

// The two chaining values on top of the stack lie side by side: they are the message of their parent.
function mergeTop(rootFlag: u32): void {
  depth -= 1
  const at = stackAt + (depth - 1) * valueBytes
  startState()
  loadSame(at)
  compress(i32x4.splat(0), 0, <u32>blockBytes, parent | rootFlag)
  copyLane(0, at)
}

function startState(): void {
  v128.store(stateAt, i32x4.splat(0x6a09e667), 0)
  v128.store(stateAt, i32x4.splat(0xbb67ae85), 16)
  v128.store(stateAt, i32x4.splat(0x3c6ef372), 32)
  v128.store(stateAt, i32x4.splat(0xa54ff53a), 48)
  v128.store(stateAt, i32x4.splat(0x510e527f), 64)
  v128.store(stateAt, i32x4.splat(0x9b05688c), 80)
  v128.store(stateAt, i32x4.splat(0x1f83d9ab), 96)
  v128.store(stateAt, i32x4.splat(0x5be0cd19), 112)
}

function copyLane(lane: usize, to: usize): void {
  for (let word: usize = 0; word < 8; word++) store<u32>(to + word * 4, load<u32>(stateAt + word * 16 + lane * 4))
}

// Four words of each of four chunks become four vectors of one word each.
// @ts-ignore: decorator
@inline
function loadTransposed(from: usize, to: usize): void {
  const a = v128.load(from)
  const b = v128.load(from, 1024)
  const c = v128.load(from, 2048)
  const d = v128.load(from, 3072)
  const abLow = v128.shuffle<u32>(a, b, 0, 4, 1, 5)
  const abHigh = v128.shuffle<u32>(a, b, 2, 6, 3, 7)
  const cdLow = v128.shuffle<u32>(c, d, 0, 4, 1, 5)
  const cdHigh = v128.shuffle<u32>(c, d, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<u64>(abLow, cdLow, 0, 2), 0)
  v128.store(to, v128.shuffle<u64>(abLow, cdLow, 1, 3), 16)
  v128.store(to, v128.shuffle<u64>(abHigh, cdHigh, 0, 2), 32)
  v128.store(to, v128.shuffle<u64>(abHigh, cdHigh, 1, 3), 48)
}

function loadSame(from: usize): void {
  for (let word: usize = 0; word < 16; word++) {
    v128.store(messageAt + word * 16, v128.load32_splat(from + word * 4))
  }
}

// @ts-ignore: decorator
@inline
function message(order: usize, word: usize): v128 {
  return v128.load(messageAt + load<u16>(order + word * 2))
}

// @ts-ignore: decorator
@inline
function turn16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
}

// @ts-ignore: decorator
@inline
function turn8(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12)
}

// @ts-ignore: decorator
@inline
function turn12(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 12), i32x4.shl(x, 20))
}

// @ts-ignore: decorator
@inline
function turn7(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 7), i32x4.shl(x, 25))
}

// @ts-ignore: decorator
@inline
function add(x: v128, y: v128): v128 {
  return i32x4.add(x, y)
}

// @ts-ignore: decorator
@inline
function xor(x: v128, y: v128): v128 {
  return v128.xor(x, y)
}

// The compression function (section 2.2) on state and message; the state becomes the new chaining values.
function compress(low: v128, high: u32, bytes: u32, flags: u32): void {
  let a0 = v128.load(stateAt, 0)
  let a1 = v128.load(stateAt, 16)
  let a2 = v128.load(stateAt, 32)
  let a3 = v128.load(stateAt, 48)
  let b0 = v128.load(stateAt, 64)
  let b1 = v128.load(stateAt, 80)
  let b2 = v128.load(stateAt, 96)
  let b3 = v128.load(stateAt, 112)
  let c0 = i32x4.splat(0x6a09e667)
  let c1 = i32x4.splat(0xbb67ae85)
  let c2 = i32x4.splat(0x3c6ef372)
  let c3 = i32x4.splat(0xa54ff53a)
  let d0 = low
  let d1 = i32x4.splat(high)
  let d2 = i32x4.splat(bytes)
  let d3 = i32x4.splat(flags)
  for (let order: usize = orderAt; order < orderAt + 7 * 32; order += 32) {
    // columns
    a0 = add(add(a0, b0), message(order, 0))
    a1 = add(add(a1, b1), message(order, 2))
    a2 = add(add(a2, b2), message(order, 4))
    a3 = add(add(a3, b3), message(order, 6))
    d0 = turn16(xor(d0, a0))
    d1 = turn16(xor(d1, a1))
    d2 = turn16(xor(d2, a2))
    d3 = turn16(xor(d3, a3))
    c0 = add(c0, d0)
    c1 = add(c1, d1)
    c2 = add(c2, d2)
    c3 = add(c3, d3)
    b0 = turn12(xor(b0, c0))
    b1 = turn12(xor(b1, c1))
    b2 = turn12(xor(b2, c2))
    b3 = turn12(xor(b3, c3))
    a0 = add(add(a0, b0), message(order, 1))
    a1 = add(add(a1, b1), message(order, 3))
    a2 = add(add(a2, b2), message(order, 5))
    a3 = add(add(a3, b3), message(order, 7))
    d0 = turn8(xor(d0, a0))
    d1 = turn8(xor(d1, a1))
    d2 = turn8(xor(d2, a2))
    d3 = turn8(xor(d3, a3))
    c0 = add(c0, d0)
    c1 = add(c1, d1)
    c2 = add(c2, d2)
    c3 = add(c3, d3)
    b0 = turn7(xor(b0, c0))
    b1 = turn7(xor(b1, c1))
    b2 = turn7(xor(b2, c2))
    b3 = turn7(xor(b3, c3))
    // diagonals
    a0 = add(add(a0, b1), message(order, 8))
    a1 = add(add(a1, b2), message(order, 10))
    a2 = add(add(a2, b3), message(order, 12))
    a3 = add(add(a3, b0), message(order, 14))
    d3 = turn16(xor(d3, a0))
    d0 = turn16(xor(d0, a1))
    d1 = turn16(xor(d1, a2))
    d2 = turn16(xor(d2, a3))
    c2 = add(c2, d3)
    c3 = add(c3, d0)
    c0 = add(c0, d1)
    c1 = add(c1, d2)
    b1 = turn12(xor(b1, c2))
    b2 = turn12(xor(b2, c3))
    b3 = turn12(xor(b3, c0))
    b0 = turn12(xor(b0, c1))
    a0 = add(add(a0, b1), message(order, 9))
    a1 = add(add(a1, b2), message(order, 11))
    a2 = add(add(a2, b3), message(order, 13))
    a3 = add(add(a3, b0), message(order, 15))
    d3 = turn8(xor(d3, a0))
    d0 = turn8(xor(d0, a1))
    d1 = turn8(xor(d1, a2))
    d2 = turn8(xor(d2, a3))
    c2 = add(c2, d3)
    c3 = add(c3, d0)
    c0 = add(c0, d1)
    c1 = add(c1, d2)
    b1 = turn7(xor(b1, c2))
    b2 = turn7(xor(b2, c3))
    b3 = turn7(xor(b3, c0))
    b0 = turn7(xor(b0, c1))
  }
  v128.store(stateAt, xor(a0, c0), 0)
  v128.store(stateAt, xor(a1, c1), 16)
  v128.store(stateAt, xor(a2, c2), 32)
  v128.store(stateAt, xor(a3, c3), 48)
  v128.store(stateAt, xor(b0, d0), 64)
  v128.store(stateAt, xor(b1, d1), 80)
  v128.store(stateAt, xor(b2, d2), 96)
  v128.store(stateAt, xor(b3, d3), 112)
}
