import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'

/** Every kernel that hashes has these. */
export interface BareKernel {
  readonly memory: WebAssembly.Memory
  readonly prepare: () => void
  readonly inputOffset: () => number
  readonly inputBytesMax: () => number
}

/** The kernel that `src/erasure/build.ts` has compiled to the file, prepared. `names` are those of the functions that it has beside a bare one's. */
export function openKernel<Kernel extends BareKernel>(
  file: URL,
  names: readonly Exclude<keyof Kernel, keyof BareKernel>[],
): Kernel {
  const bytes = readFileSync(file)
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const found: Readonly<Record<PropertyKey, unknown>> = exports
  for (const name of ['prepare', 'inputOffset', 'inputBytesMax', ...names])
    assert(typeof found[name] === 'function')
  const kernel = exports as unknown as Kernel // all functions are there, their types are the kernel's source
  kernel.prepare()
  return kernel
}
