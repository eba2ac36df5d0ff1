/** The compiled kernel: `kernel.wasm`, built from `kernel/combine.ts` by `build.ts`. */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'

/**
 * Writes as many sums of products as its name says. `sources`: u32 per column, where its block lies; `outputs`: u32 per row, where the
 * row's block goes; `tables`: what `_plan.ts` wrote. Only the blocks' `bytes` are touched; outputs must not overlap sources.
 */
type Combine = (
  sources: number,
  columns: number,
  tables: number,
  outputs: number,
  bytes: number,
) => void

export interface Kernel {
  readonly combine1: Combine
  readonly combine2: Combine
  readonly combine4: Combine
}

const module = new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)))

/** One per thread; instances over one memory do not disturb each other, as the kernel keeps nothing there. */
export function openKernel(memory: WebAssembly.Memory): Kernel {
  return parseKernel(new WebAssembly.Instance(module, { env: { memory } }).exports)
}

function parseKernel({ combine1, combine2, combine4 }: Readonly<Record<string, unknown>>): Kernel {
  assert(typeof combine1 === 'function')
  assert(typeof combine2 === 'function')
  assert(typeof combine4 === 'function')
  return { combine1, combine2, combine4 } as Kernel
}
