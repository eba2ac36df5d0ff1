/** `npm run build:wasm`: compiles the AssemblyScript kernels into the committed `.wasm` files. */
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const sourceRoot = fileURLToPath(new URL('..', import.meta.url))

const common = [
  '--runtime=stub',
  '--noAssert',
  '--optimizeLevel=2',
  '--shrinkLevel=0',
  '--enable=simd',
]

/** The host's shared memory, of any maximum: 65,536 pages are all that 32-bit addresses reach. */
const inSharedMemory = [
  '--importMemory',
  '--noExportMemory',
  '--sharedMemory',
  '--initialMemory=1',
  '--maximumMemory=65536',
  '--enable=threads',
]

/** Source and product, below the source root, and how the kernel meets its memory. */
const kernels = [
  {
    source: 'erasure/kernel/combine.ts',
    product: 'erasure/kernel.wasm',
    options: [...inSharedMemory, '--enable=relaxed-simd'],
  },
  {
    source: 'erasure/kernel/combine.ts',
    product: 'erasure/kernel-plain.wasm', // for browsers without relaxed SIMD
    options: inSharedMemory,
  },
  {
    source: 'crypto/kernel/md5.ts',
    product: 'crypto/md5.wasm',
    options: inSharedMemory,
  },
  {
    source: 'crypto/kernel/checksum.ts',
    product: 'crypto/checksum.wasm',
    options: ['--initialMemory=1', '--maximumMemory=1'],
  },
  {
    source: 'crypto/kernel/xxhash.ts',
    product: 'crypto/xxhash.wasm',
    options: ['--initialMemory=1', '--maximumMemory=1'],
  },
  {
    source: 'crypto/kernel/blake3.ts',
    product: 'crypto/blake3.wasm',
    options: ['--initialMemory=2', '--maximumMemory=2'],
  },
]

/** Writes each product below `outputRoot`, whose folders exist or are made. The same sources give the same bytes. */
export async function buildKernels(outputRoot: string): Promise<readonly string[]> {
  for (const { source, product, options } of kernels) {
    const output = join(outputRoot, product)
    const { error, stderr } = await asc.main([
      source,
      `--baseDir=${sourceRoot}`,
      `--outFile=${output}`,
      ...common,
      ...options,
    ])
    assert(error === null, `${source} does not compile: ${stderr.toString()}`)
  }
  return kernels.map(({ product }) => product)
}

if (import.meta.main) {
  for (const product of await buildKernels(sourceRoot)) console.log(`src/${product}`)
}
