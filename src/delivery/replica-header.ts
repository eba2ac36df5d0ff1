/** Tells a store like this one that what it gets is a copy, which it is not to send round; others do not know it. Its value is the sender's store id. */
export const replicaHeader = 'x-mycelium-replica'
