/** The part of the WebAssembly JavaScript API the kernels use: Node has it, its type package does not declare it. */
declare namespace WebAssembly {
  /** Never detached when shared: views made before a growth stay valid for the bytes they cover. */
  class Memory {
    constructor(descriptor: {
      readonly initial: number
      readonly maximum?: number
      readonly shared?: boolean
    })
    readonly buffer: ArrayBuffer | SharedArrayBuffer
    grow(pages: number): number
  }

  class Module {
    constructor(bytes: Uint8Array)
  }

  class Instance {
    constructor(
      module: Module,
      imports?: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
    )
    readonly exports: Readonly<Record<string, unknown>>
  }
}
