/** The compiled MD5 kernel: `md5.wasm`, built from `kernel/md5.ts` by `src/erasure/build.ts`. */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'

/** Advances the states in the scratch region by `blocks` blocks of 64 bytes; the region's layout stands in the kernel's source. */
type Advance = (scratch: number, blocks: number) => void

export interface Md5Kernel {
  readonly md5x1: Advance
  readonly md5x4: Advance
}

const module = new WebAssembly.Module(readFileSync(new URL('./md5.wasm', import.meta.url)))

/** One per thread; instances over one memory do not disturb each other, as the kernel keeps nothing there. */
export function openMd5Kernel(memory: WebAssembly.Memory): Md5Kernel {
  return parseKernel(new WebAssembly.Instance(module, { env: { memory } }).exports)
}

function parseKernel(exports: Readonly<Record<string, unknown>>): Md5Kernel {
  for (const name of ['md5x1', 'md5x4']) assert(typeof exports[name] === 'function')
  return exports as unknown as Md5Kernel // both functions are there; their types are the kernel's source
}
