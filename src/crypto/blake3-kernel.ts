/**
 * BLAKE3 as a WebAssembly kernel, for browsers, which have none: `blake3.wasm`, built from `kernel/blake3.ts` by `src/erasure/build.ts`. On
 * servers `blake3.ts` is several times as fast. Nothing here is Node's.
 */

interface Kernel {
  readonly memory: WebAssembly.Memory
  readonly prepare: () => void
  readonly inputOffset: () => number
  readonly inputBytesMax: () => number
  readonly digestOffset: () => number
  readonly absorb: () => void
  readonly finish: (bytes: number) => void
}

const digestBytes = 32

/** Hashes one thing after another, each of which may come in pieces. Holds 128 KiB. */
export class KernelBlake3 {
  readonly #kernel: Kernel
  readonly #input: Uint8Array
  readonly #digest: Uint8Array
  #filled = 0

  /** What was compiled of `blake3.wasm`; instances do not disturb each other. */
  constructor(module: WebAssembly.Module) {
    this.#kernel = parseKernel(new WebAssembly.Instance(module).exports)
    this.#kernel.prepare()
    const { memory, inputOffset, inputBytesMax, digestOffset } = this.#kernel
    this.#input = new Uint8Array(memory.buffer, inputOffset(), inputBytesMax())
    this.#digest = new Uint8Array(memory.buffer, digestOffset(), digestBytes)
  }

  update(bytes: Uint8Array): this {
    for (let from = 0; from < bytes.length; ) {
      if (this.#filled === this.#input.length) {
        this.#kernel.absorb()
        this.#filled = 0
      }
      const piece = bytes.subarray(from, from + this.#input.length - this.#filled)
      this.#input.set(piece, this.#filled)
      this.#filled += piece.length
      from += piece.length
    }
    return this
  }

  /** 32 bytes. What comes next is another thing. */
  digest(): Uint8Array {
    this.#kernel.finish(this.#filled)
    this.#filled = 0
    return this.#digest.slice()
  }
}

function parseKernel(exports: Readonly<Record<string, unknown>>): Kernel {
  const names = ['prepare', 'inputOffset', 'inputBytesMax', 'digestOffset', 'absorb', 'finish']
  if (!names.every((name) => typeof exports[name] === 'function')) {
    throw new Error('this is another module')
  }
  return exports as unknown as Kernel // all functions are there; their types are the kernel's source
}
