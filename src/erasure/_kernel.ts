/** The compiled kernel: `kernel.wasm`, built from `kernel/combine.ts` by `build.ts`. */
import { check } from '#erasure/_check'

/**
 * Writes as many rows of sums of products as its name says. `sources`: u32 per column, where its block lies, for four rows an even number of them;
 * `outputs`: u32 per row, where its block goes; `tables`: what `_plan.ts` wrote for this function; `bytes`: at least `stepBytes`.
 * Only those bytes of the blocks are touched; outputs must not overlap sources.
 */
type Combine = (
  sources: number,
  columns: number,
  tables: number,
  outputs: number,
  bytes: number,
) => void

/** The least the kernel works on at once. */
export const stepBytes = 32

export interface Kernel {
  readonly combine1: Combine
  readonly combine2: Combine
  readonly combine4: Combine
  readonly mirror4: Combine
  /** Where all coefficients of the first row are 1, as in the first parity of three data shards. */
  readonly plain1: Combine
  readonly plain2: Combine
}

const names = ['combine1', 'combine2', 'combine4', 'mirror4', 'plain1', 'plain2'] as const

/** One per thread; instances over one memory do not disturb each other, as the kernel keeps nothing there. */
export function openKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return parseKernel(new WebAssembly.Instance(module, { env: { memory } }).exports)
}

function parseKernel(exports: Readonly<Record<string, unknown>>): Kernel {
  for (const name of names) {
    check(typeof exports[name] === 'function', 'this is another module')
  }
  return exports as unknown as Kernel // all functions are there; their types are the kernel's source
}
