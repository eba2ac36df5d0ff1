/**
 * Page-aligned memory for direct writes of bytes that lie elsewhere. WebAssembly memory is the only kind that a JavaScript
 * program can be sure is page-aligned, so a few slots of one such memory serve the whole process.
 */
import assert from 'node:assert'
import { directAlignment } from '#disk/disk'

const wasmPageBytes = 65_536

/** Large enough that the copy, not the number of writes, is the cost. */
export const bounceBytes = 256 * 1024

/** As many as can be in flight on a usual thread pool: 16 slots of 256 KiB are 4 MiB. */
const bounceSlots = 16

const free: Uint8Array<ArrayBuffer>[] = []
const waiting: ((slot: Uint8Array<ArrayBuffer>) => void)[] = []
let isReserved = false

/** Lends a slot of `bounceBytes` for the duration of `work`; waits in line when all are lent. */
export async function withBounce<T>(
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
  const pages = (bounceBytes * bounceSlots) / wasmPageBytes
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages })
  assert(bounceBytes % directAlignment === 0 && buffer instanceof ArrayBuffer)
  for (let slot = 0; slot < bounceSlots; slot += 1)
    free.push(new Uint8Array(buffer, slot * bounceBytes, bounceBytes))
  isReserved = true
}
