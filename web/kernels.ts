/** The kernels that servers use too, compiled by the browser. One of each for each thread. */
import { ShardCoder } from '#content/shards'
import { KernelBlake3 } from '#crypto/blake3-kernel'

export interface Kernels {
  readonly coder: ShardCoder
  /** The first 16 bytes of BLAKE3. */
  hashOf(bytes: Uint8Array): Uint8Array
  /** One for a thing that comes in pieces. */
  openHasher(): KernelBlake3
}

const hashBytes = 16

export async function loadKernels(): Promise<Kernels> {
  const [erasure, blake3] = await Promise.all([
    compile(new URL('../erasure/kernel.wasm', import.meta.url)).catch(() =>
      // a browser without relaxed SIMD, which makes it a little faster
      compile(new URL('../erasure/kernel-plain.wasm', import.meta.url)),
    ),
    compile(new URL('../crypto/blake3.wasm', import.meta.url)),
  ])
  const hasher = new KernelBlake3(blake3)
  return {
    coder: new ShardCoder(erasure),
    hashOf: (bytes) => hasher.update(bytes).digest().subarray(0, hashBytes),
    openHasher: () => new KernelBlake3(blake3),
  }
}

async function compile(url: URL): Promise<WebAssembly.Module> {
  return await WebAssembly.compileStreaming(fetch(url))
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
