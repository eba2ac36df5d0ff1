/**
 * Page-aligned memory for direct writes. WebAssembly memory is the only kind that a JavaScript program can be sure is page-aligned, so a few
 * slots of one such memory serve the whole process: for bytes that lie elsewhere, and for those that are put together only to be written.
 */
import assert from 'node:assert'
import { directAlignment } from '#disk/disk'

const wasmPageBytes = 65_536

/** Large enough that the copy, not the number of writes, is the cost. */
export const alignedBytes = 256 * 1024

/** As many as can be in flight on a usual thread pool: 16 slots of 256 KiB are 4 MiB. */
const slots = 16

const free: Uint8Array<ArrayBuffer>[] = []
const waiting: ((slot: Uint8Array<ArrayBuffer>) => void)[] = []
let isReserved = false

/** Lends a slot of `alignedBytes`, whatever it holds, for the duration of `work`; waits in line when all are lent. */
export async function withAligned<T>(
  work: (slot: Uint8Array<ArrayBuffer>) => Promise<T>,
): Promise<T> {
  if (!isReserved) reserve()
  const slot =
    free.pop() ?? (await new Promise<Uint8Array<ArrayBuffer>>((resolve) => waiting.push(resolve)))
  try {
    return await work(slot)
  } finally {
    const next = waiting.shift()
    if (next === undefined) free.push(slot)
    else next(slot)
  }
}

function reserve(): void {
  const pages = (alignedBytes * slots) / wasmPageBytes
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages })
  assert(alignedBytes % directAlignment === 0 && buffer instanceof ArrayBuffer)
  for (let slot = 0; slot < slots; slot += 1)
    free.push(new Uint8Array(buffer, slot * alignedBytes, alignedBytes))
  isReserved = true
}
