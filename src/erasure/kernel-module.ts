/** The kernel as Node loads it, once for all threads' instances. A browser fetches and compiles the same file. */
import { readFileSync } from 'node:fs'

export const kernelModule = new WebAssembly.Module(
  readFileSync(new URL('./kernel.wasm', import.meta.url)),
)
