/** What of this machine's memory the program may fill. */
import { totalmem } from 'node:os'

/** An eighth holds parts of bodies while slots are scarce. */
const overflowShare = 8
const overflowBytesMin = 64 * 1024 * 1024
/** Stripes of object bodies: 24 of 4 MiB, and fewer below half a GiB, of which the program takes 200 MB for itself under load. */
const slotsMax = 24
const slotsMin = 8
const leastBytes = 256_000_000
const bytesOfAnotherSlot = 16_000_000
/** One listener's connections: what Node and the gateway keep of a body that nobody takes. */
const connectionBytes = 512 * 1024
const connectionsShare = 8

/** Of the machine, or of the container this runs in. */
function memoryBytes(): number {
  const limit = process.constrainedMemory() // 0 where there is none, or more than there is
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}

/** Plain memory that the store may take for clients that are slow. */
export function overflowBytes(): number {
  return Math.max(overflowBytesMin, Math.floor(memoryBytes() / overflowShare))
}

/** Slots of the codec, all that object bodies take but for those of slow clients. */
export function slotsInMemory(bytes = memoryBytes()): number {
  const more = Math.floor((bytes - leastBytes) / bytesOfAnotherSlot)
  return Math.min(slotsMax, Math.max(slotsMin, slotsMin + more))
}

/** Connections that a listener has memory for. */
export function connectionsInMemory(): number {
  return Math.floor(memoryBytes() / connectionsShare / connectionBytes)
}
