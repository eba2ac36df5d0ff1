/*
 * AssemblyScript. MD5 (RFC 1321) of four messages at once, one per 32-bit lane of a vector, or of one. One message is a chain that no
 * processor can shorten; four chains side by side cost little more than one.
 *
 * The module owns no byte of the memory, which is the host's and shared: no data segments, no statics, no stack. It works in a region
 * of the caller's, aligned to 64:
 *   0     64 u32, the sines of RFC 1321 3.4, put there by the host once
 *   256   four states, A, B, C and D of 32 bits each, lane by lane
 *   320   four u32: where each lane's blocks lie
 *   512   the sixteen words of the current block, each of all four lanes
 * Blocks may lie at any address and are only read. Lanes may read the same blocks.
 */

// The four lanes each take `blocks` blocks of 64 bytes.
export function md5x4(scratch: usize, blocks: u32): void {
  let p0 = <usize>load<u32>(scratch, 320), p1 = <usize>load<u32>(scratch, 324)
  let p2 = <usize>load<u32>(scratch, 328), p3 = <usize>load<u32>(scratch, 332)
  let x = v128.load(scratch, 256), y = v128.load(scratch, 272), z = v128.load(scratch, 288), w = v128.load(scratch, 304)
  transpose(scratch + 512, x, y, z, w)
  let a = v128.load(scratch, 512), b = v128.load(scratch, 528), c = v128.load(scratch, 544), d = v128.load(scratch, 560)
  for (; blocks > 0; blocks--) {
    x = v128.load(p0, 0); y = v128.load(p1, 0); z = v128.load(p2, 0); w = v128.load(p3, 0)
    transpose(scratch + 512, x, y, z, w)
    x = v128.load(p0, 16); y = v128.load(p1, 16); z = v128.load(p2, 16); w = v128.load(p3, 16)
    transpose(scratch + 576, x, y, z, w)
    x = v128.load(p0, 32); y = v128.load(p1, 32); z = v128.load(p2, 32); w = v128.load(p3, 32)
    transpose(scratch + 640, x, y, z, w)
    x = v128.load(p0, 48); y = v128.load(p1, 48); z = v128.load(p2, 48); w = v128.load(p3, 48)
    transpose(scratch + 704, x, y, z, w)
    const a0 = a, b0 = b, c0 = c, d0 = d
    // Round 1.
    a = f4(a, b, c, d, v128.load(scratch, 512), v128.load32_splat(scratch, 0), 7)
    d = f4(d, a, b, c, v128.load(scratch, 528), v128.load32_splat(scratch, 4), 12)
    c = f4(c, d, a, b, v128.load(scratch, 544), v128.load32_splat(scratch, 8), 17)
    b = f4(b, c, d, a, v128.load(scratch, 560), v128.load32_splat(scratch, 12), 22)
    a = f4(a, b, c, d, v128.load(scratch, 576), v128.load32_splat(scratch, 16), 7)
    d = f4(d, a, b, c, v128.load(scratch, 592), v128.load32_splat(scratch, 20), 12)
    c = f4(c, d, a, b, v128.load(scratch, 608), v128.load32_splat(scratch, 24), 17)
    b = f4(b, c, d, a, v128.load(scratch, 624), v128.load32_splat(scratch, 28), 22)
    a = f4(a, b, c, d, v128.load(scratch, 640), v128.load32_splat(scratch, 32), 7)
    d = f4(d, a, b, c, v128.load(scratch, 656), v128.load32_splat(scratch, 36), 12)
    c = f4(c, d, a, b, v128.load(scratch, 672), v128.load32_splat(scratch, 40), 17)
    b = f4(b, c, d, a, v128.load(scratch, 688), v128.load32_splat(scratch, 44), 22)
    a = f4(a, b, c, d, v128.load(scratch, 704), v128.load32_splat(scratch, 48), 7)
    d = f4(d, a, b, c, v128.load(scratch, 720), v128.load32_splat(scratch, 52), 12)
    c = f4(c, d, a, b, v128.load(scratch, 736), v128.load32_splat(scratch, 56), 17)
    b = f4(b, c, d, a, v128.load(scratch, 752), v128.load32_splat(scratch, 60), 22)
    // Round 2.
    a = g4(a, b, c, d, v128.load(scratch, 528), v128.load32_splat(scratch, 64), 5)
    d = g4(d, a, b, c, v128.load(scratch, 608), v128.load32_splat(scratch, 68), 9)
    c = g4(c, d, a, b, v128.load(scratch, 688), v128.load32_splat(scratch, 72), 14)
    b = g4(b, c, d, a, v128.load(scratch, 512), v128.load32_splat(scratch, 76), 20)
    a = g4(a, b, c, d, v128.load(scratch, 592), v128.load32_splat(scratch, 80), 5)
    d = g4(d, a, b, c, v128.load(scratch, 672), v128.load32_splat(scratch, 84), 9)
    c = g4(c, d, a, b, v128.load(scratch, 752), v128.load32_splat(scratch, 88), 14)
    b = g4(b, c, d, a, v128.load(scratch, 576), v128.load32_splat(scratch, 92), 20)
    a = g4(a, b, c, d, v128.load(scratch, 656), v128.load32_splat(scratch, 96), 5)
    d = g4(d, a, b, c, v128.load(scratch, 736), v128.load32_splat(scratch, 100), 9)
    c = g4(c, d, a, b, v128.load(scratch, 560), v128.load32_splat(scratch, 104), 14)
    b = g4(b, c, d, a, v128.load(scratch, 640), v128.load32_splat(scratch, 108), 20)
    a = g4(a, b, c, d, v128.load(scratch, 720), v128.load32_splat(scratch, 112), 5)
    d = g4(d, a, b, c, v128.load(scratch, 544), v128.load32_splat(scratch, 116), 9)
    c = g4(c, d, a, b, v128.load(scratch, 624), v128.load32_splat(scratch, 120), 14)
    b = g4(b, c, d, a, v128.load(scratch, 704), v128.load32_splat(scratch, 124), 20)
    // Round 3.
    a = h4(a, b, c, d, v128.load(scratch, 592), v128.load32_splat(scratch, 128), 4)
    d = h4(d, a, b, c, v128.load(scratch, 640), v128.load32_splat(scratch, 132), 11)
    c = h4(c, d, a, b, v128.load(scratch, 688), v128.load32_splat(scratch, 136), 16)
    b = h4(b, c, d, a, v128.load(scratch, 736), v128.load32_splat(scratch, 140), 23)
    a = h4(a, b, c, d, v128.load(scratch, 528), v128.load32_splat(scratch, 144), 4)
    d = h4(d, a, b, c, v128.load(scratch, 576), v128.load32_splat(scratch, 148), 11)
    c = h4(c, d, a, b, v128.load(scratch, 624), v128.load32_splat(scratch, 152), 16)
    b = h4(b, c, d, a, v128.load(scratch, 672), v128.load32_splat(scratch, 156), 23)
    a = h4(a, b, c, d, v128.load(scratch, 720), v128.load32_splat(scratch, 160), 4)
    d = h4(d, a, b, c, v128.load(scratch, 512), v128.load32_splat(scratch, 164), 11)
    c = h4(c, d, a, b, v128.load(scratch, 560), v128.load32_splat(scratch, 168), 16)
    b = h4(b, c, d, a, v128.load(scratch, 608), v128.load32_splat(scratch, 172), 23)
    a = h4(a, b, c, d, v128.load(scratch, 656), v128.load32_splat(scratch, 176), 4)
    d = h4(d, a, b, c, v128.load(scratch, 704), v128.load32_splat(scratch, 180), 11)
    c = h4(c, d, a, b, v128.load(scratch, 752), v128.load32_splat(scratch, 184), 16)
    b = h4(b, c, d, a, v128.load(scratch, 544), v128.load32_splat(scratch, 188), 23)
    // Round 4.
    a = i4(a, b, c, d, v128.load(scratch, 512), v128.load32_splat(scratch, 192), 6)
    d = i4(d, a, b, c, v128.load(scratch, 624), v128.load32_splat(scratch, 196), 10)
    c = i4(c, d, a, b, v128.load(scratch, 736), v128.load32_splat(scratch, 200), 15)
    b = i4(b, c, d, a, v128.load(scratch, 592), v128.load32_splat(scratch, 204), 21)
    a = i4(a, b, c, d, v128.load(scratch, 704), v128.load32_splat(scratch, 208), 6)
    d = i4(d, a, b, c, v128.load(scratch, 560), v128.load32_splat(scratch, 212), 10)
    c = i4(c, d, a, b, v128.load(scratch, 672), v128.load32_splat(scratch, 216), 15)
    b = i4(b, c, d, a, v128.load(scratch, 528), v128.load32_splat(scratch, 220), 21)
    a = i4(a, b, c, d, v128.load(scratch, 640), v128.load32_splat(scratch, 224), 6)
    d = i4(d, a, b, c, v128.load(scratch, 752), v128.load32_splat(scratch, 228), 10)
    c = i4(c, d, a, b, v128.load(scratch, 608), v128.load32_splat(scratch, 232), 15)
    b = i4(b, c, d, a, v128.load(scratch, 720), v128.load32_splat(scratch, 236), 21)
    a = i4(a, b, c, d, v128.load(scratch, 576), v128.load32_splat(scratch, 240), 6)
    d = i4(d, a, b, c, v128.load(scratch, 688), v128.load32_splat(scratch, 244), 10)
    c = i4(c, d, a, b, v128.load(scratch, 544), v128.load32_splat(scratch, 248), 15)
    b = i4(b, c, d, a, v128.load(scratch, 656), v128.load32_splat(scratch, 252), 21)
    a = i32x4.add(a, a0)
    b = i32x4.add(b, b0)
    c = i32x4.add(c, c0)
    d = i32x4.add(d, d0)
    p0 += 64; p1 += 64; p2 += 64; p3 += 64
  }
  transpose(scratch + 256, a, b, c, d)
}

// The first lane alone.
export function md5x1(scratch: usize, blocks: u32): void {
  let block = <usize>load<u32>(scratch, 320)
  let a = load<u32>(scratch, 256), b = load<u32>(scratch, 260), c = load<u32>(scratch, 264), d = load<u32>(scratch, 268)
  for (; blocks > 0; blocks--) {
    const a0 = a, b0 = b, c0 = c, d0 = d
    // Round 1.
    a = f1(a, b, c, d, load<u32>(block, 0) + load<u32>(scratch, 0), 7)
    d = f1(d, a, b, c, load<u32>(block, 4) + load<u32>(scratch, 4), 12)
    c = f1(c, d, a, b, load<u32>(block, 8) + load<u32>(scratch, 8), 17)
    b = f1(b, c, d, a, load<u32>(block, 12) + load<u32>(scratch, 12), 22)
    a = f1(a, b, c, d, load<u32>(block, 16) + load<u32>(scratch, 16), 7)
    d = f1(d, a, b, c, load<u32>(block, 20) + load<u32>(scratch, 20), 12)
    c = f1(c, d, a, b, load<u32>(block, 24) + load<u32>(scratch, 24), 17)
    b = f1(b, c, d, a, load<u32>(block, 28) + load<u32>(scratch, 28), 22)
    a = f1(a, b, c, d, load<u32>(block, 32) + load<u32>(scratch, 32), 7)
    d = f1(d, a, b, c, load<u32>(block, 36) + load<u32>(scratch, 36), 12)
    c = f1(c, d, a, b, load<u32>(block, 40) + load<u32>(scratch, 40), 17)
    b = f1(b, c, d, a, load<u32>(block, 44) + load<u32>(scratch, 44), 22)
    a = f1(a, b, c, d, load<u32>(block, 48) + load<u32>(scratch, 48), 7)
    d = f1(d, a, b, c, load<u32>(block, 52) + load<u32>(scratch, 52), 12)
    c = f1(c, d, a, b, load<u32>(block, 56) + load<u32>(scratch, 56), 17)
    b = f1(b, c, d, a, load<u32>(block, 60) + load<u32>(scratch, 60), 22)
    // Round 2.
    a = g1(a, b, c, d, load<u32>(block, 4) + load<u32>(scratch, 64), 5)
    d = g1(d, a, b, c, load<u32>(block, 24) + load<u32>(scratch, 68), 9)
    c = g1(c, d, a, b, load<u32>(block, 44) + load<u32>(scratch, 72), 14)
    b = g1(b, c, d, a, load<u32>(block, 0) + load<u32>(scratch, 76), 20)
    a = g1(a, b, c, d, load<u32>(block, 20) + load<u32>(scratch, 80), 5)
    d = g1(d, a, b, c, load<u32>(block, 40) + load<u32>(scratch, 84), 9)
    c = g1(c, d, a, b, load<u32>(block, 60) + load<u32>(scratch, 88), 14)
    b = g1(b, c, d, a, load<u32>(block, 16) + load<u32>(scratch, 92), 20)
    a = g1(a, b, c, d, load<u32>(block, 36) + load<u32>(scratch, 96), 5)
    d = g1(d, a, b, c, load<u32>(block, 56) + load<u32>(scratch, 100), 9)
    c = g1(c, d, a, b, load<u32>(block, 12) + load<u32>(scratch, 104), 14)
    b = g1(b, c, d, a, load<u32>(block, 32) + load<u32>(scratch, 108), 20)
    a = g1(a, b, c, d, load<u32>(block, 52) + load<u32>(scratch, 112), 5)
    d = g1(d, a, b, c, load<u32>(block, 8) + load<u32>(scratch, 116), 9)
    c = g1(c, d, a, b, load<u32>(block, 28) + load<u32>(scratch, 120), 14)
    b = g1(b, c, d, a, load<u32>(block, 48) + load<u32>(scratch, 124), 20)
    // Round 3.
    a = h1(a, b, c, d, load<u32>(block, 20) + load<u32>(scratch, 128), 4)
    d = h1(d, a, b, c, load<u32>(block, 32) + load<u32>(scratch, 132), 11)
    c = h1(c, d, a, b, load<u32>(block, 44) + load<u32>(scratch, 136), 16)
    b = h1(b, c, d, a, load<u32>(block, 56) + load<u32>(scratch, 140), 23)
    a = h1(a, b, c, d, load<u32>(block, 4) + load<u32>(scratch, 144), 4)
    d = h1(d, a, b, c, load<u32>(block, 16) + load<u32>(scratch, 148), 11)
    c = h1(c, d, a, b, load<u32>(block, 28) + load<u32>(scratch, 152), 16)
    b = h1(b, c, d, a, load<u32>(block, 40) + load<u32>(scratch, 156), 23)
    a = h1(a, b, c, d, load<u32>(block, 52) + load<u32>(scratch, 160), 4)
    d = h1(d, a, b, c, load<u32>(block, 0) + load<u32>(scratch, 164), 11)
    c = h1(c, d, a, b, load<u32>(block, 12) + load<u32>(scratch, 168), 16)
    b = h1(b, c, d, a, load<u32>(block, 24) + load<u32>(scratch, 172), 23)
    a = h1(a, b, c, d, load<u32>(block, 36) + load<u32>(scratch, 176), 4)
    d = h1(d, a, b, c, load<u32>(block, 48) + load<u32>(scratch, 180), 11)
    c = h1(c, d, a, b, load<u32>(block, 60) + load<u32>(scratch, 184), 16)
    b = h1(b, c, d, a, load<u32>(block, 8) + load<u32>(scratch, 188), 23)
    // Round 4.
    a = i1(a, b, c, d, load<u32>(block, 0) + load<u32>(scratch, 192), 6)
    d = i1(d, a, b, c, load<u32>(block, 28) + load<u32>(scratch, 196), 10)
    c = i1(c, d, a, b, load<u32>(block, 56) + load<u32>(scratch, 200), 15)
    b = i1(b, c, d, a, load<u32>(block, 20) + load<u32>(scratch, 204), 21)
    a = i1(a, b, c, d, load<u32>(block, 48) + load<u32>(scratch, 208), 6)
    d = i1(d, a, b, c, load<u32>(block, 12) + load<u32>(scratch, 212), 10)
    c = i1(c, d, a, b, load<u32>(block, 40) + load<u32>(scratch, 216), 15)
    b = i1(b, c, d, a, load<u32>(block, 4) + load<u32>(scratch, 220), 21)
    a = i1(a, b, c, d, load<u32>(block, 32) + load<u32>(scratch, 224), 6)
    d = i1(d, a, b, c, load<u32>(block, 60) + load<u32>(scratch, 228), 10)
    c = i1(c, d, a, b, load<u32>(block, 24) + load<u32>(scratch, 232), 15)
    b = i1(b, c, d, a, load<u32>(block, 52) + load<u32>(scratch, 236), 21)
    a = i1(a, b, c, d, load<u32>(block, 16) + load<u32>(scratch, 240), 6)
    d = i1(d, a, b, c, load<u32>(block, 44) + load<u32>(scratch, 244), 10)
    c = i1(c, d, a, b, load<u32>(block, 8) + load<u32>(scratch, 248), 15)
    b = i1(b, c, d, a, load<u32>(block, 36) + load<u32>(scratch, 252), 21)
    a += a0
    b += b0
    c += c0
    d += d0
    block += 64
  }
  store<u32>(scratch, a, 256)
  store<u32>(scratch, b, 260)
  store<u32>(scratch, c, 264)
  store<u32>(scratch, d, 268)
}

// Vectors of four words of one lane each become vectors of one word of four lanes each.
// @ts-ignore: decorator
@inline
function transpose(to: usize, x: v128, y: v128, z: v128, w: v128): void {
  const xyLow = v128.shuffle<i32>(x, y, 0, 4, 1, 5), xyHigh = v128.shuffle<i32>(x, y, 2, 6, 3, 7)
  const zwLow = v128.shuffle<i32>(z, w, 0, 4, 1, 5), zwHigh = v128.shuffle<i32>(z, w, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<i64>(xyLow, zwLow, 0, 2))
  v128.store(to, v128.shuffle<i64>(xyLow, zwLow, 1, 3), 16)
  v128.store(to, v128.shuffle<i64>(xyHigh, zwHigh, 0, 2), 32)
  v128.store(to, v128.shuffle<i64>(xyHigh, zwHigh, 1, 3), 48)
}

// The steps of the four rounds. Where the two halves of a function have no bit in common they are added one after the other, the half
// that does not wait for the step before first.
// @ts-ignore: decorator
@inline
function f4(a: v128, b: v128, c: v128, d: v128, word: v128, sine: v128, shift: i32): v128 {
  const sum = i32x4.add(a, i32x4.add(word, sine))
  return turn4(i32x4.add(sum, v128.xor(d, v128.and(b, v128.xor(c, d)))), b, shift)
}

// @ts-ignore: decorator
@inline
function g4(a: v128, b: v128, c: v128, d: v128, word: v128, sine: v128, shift: i32): v128 {
  const sum = i32x4.add(i32x4.add(a, i32x4.add(word, sine)), v128.andnot(c, d))
  return turn4(i32x4.add(sum, v128.and(b, d)), b, shift)
}

// @ts-ignore: decorator
@inline
function h4(a: v128, b: v128, c: v128, d: v128, word: v128, sine: v128, shift: i32): v128 {
  const sum = i32x4.add(a, i32x4.add(word, sine))
  return turn4(i32x4.add(sum, v128.xor(b, v128.xor(c, d))), b, shift)
}

// @ts-ignore: decorator
@inline
function i4(a: v128, b: v128, c: v128, d: v128, word: v128, sine: v128, shift: i32): v128 {
  const sum = i32x4.add(a, i32x4.add(word, sine))
  return turn4(i32x4.add(sum, v128.xor(c, v128.or(b, v128.not(d)))), b, shift)
}

// @ts-ignore: decorator
@inline
function turn4(sum: v128, b: v128, shift: i32): v128 {
  return i32x4.add(b, v128.or(i32x4.shl(sum, shift), i32x4.shr_u(sum, 32 - shift)))
}

// @ts-ignore: decorator
@inline
function f1(a: u32, b: u32, c: u32, d: u32, term: u32, shift: u32): u32 {
  return rotl<u32>(a + term + (d ^ (b & (c ^ d))), shift) + b
}

// @ts-ignore: decorator
@inline
function g1(a: u32, b: u32, c: u32, d: u32, term: u32, shift: u32): u32 {
  return rotl<u32>(a + term + (c & ~d) + (b & d), shift) + b
}

// @ts-ignore: decorator
@inline
function h1(a: u32, b: u32, c: u32, d: u32, term: u32, shift: u32): u32 {
  return rotl<u32>(a + term + (b ^ (c ^ d)), shift) + b
}

// @ts-ignore: decorator
@inline
function i1(a: u32, b: u32, c: u32, d: u32, term: u32, shift: u32): u32 {
  return rotl<u32>(a + term + (c ^ (b | ~d)), shift) + b
}
