/** What of this machine's memory the program may fill. */
import { totalmem } from 'node:os'

/** An eighth holds parts of bodies while slots are scarce. */
const overflowShare = 8
const overflowBytesMin = 64 * 1024 * 1024
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

/** Connections that a listener has memory for. */
export function connectionsInMemory(): number {
  return Math.floor(memoryBytes() / connectionsShare / connectionBytes)
}
