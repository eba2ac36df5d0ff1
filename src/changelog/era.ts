/**
 * Eras tell the lines of a store's databases apart. A rebuild may not know the newest changes, when the nodes
 * that hold them are away; the new database then gives their sequence numbers to other changes. Frames say
 * which era they are of, and a small file on the nodes says which eras there have been, so that a frame of a
 * lost line is known for what it is when its node comes back, and so is a database of a lost line.
 */

import { toHex } from '#bytes/text'
import { changelogFault } from '#changelog/faults'
import type { NodeFiles } from '#shard/store'

export interface Era {
  /** 1 at the store's birth; grows by one with each rebuild. */
  readonly number: number
  /**
   * The first sequence number that the era gave out itself. From here on, changes of earlier eras count for
   * nothing.
   */
  readonly first: bigint
}

const eraFileName = 'change-era'

/** True when a later era has given out the sequence number anew. */
export function isOfLostLine(sequence: bigint, era: number, eras: Iterable<Era>): boolean {
  for (const later of eras) if (later.number > era && later.first <= sequence) return true
  return false
}

/** `undefined` when the node has heard of none: the first era is not announced. */
export async function readEra(files: NodeFiles, storeId: Uint8Array): Promise<Era | undefined> {
  const bytes = await files.read(eraFileName)
  return bytes && parseEra(Buffer.from(bytes).toString(), storeId)
}

/**
 * Before a node gets a process's first frame, it learns of the frame's era. `changelog/database-older` when
 * it knows a later one: whoever writes this frame does so for a lost line.
 */
export async function announceEra(era: Era, files: NodeFiles, storeId: Uint8Array): Promise<void> {
  const known = (await readEra(files, storeId))?.number ?? 1
  if (known > era.number)
    throw changelogFault('changelog/database-older', { era: era.number, known })
  if (known < era.number) await files.write(eraFileName, Buffer.from(printEra(era, storeId)))
}

function printEra({ number, first }: Era, storeId: Uint8Array): string {
  const fields = { format: 1, storeId: toHex(storeId), era: number, first: String(first) }
  return `${JSON.stringify(fields)}\n`
}

/** `undefined` for another store's, or damaged: other nodes know as well. */
function parseEra(text: string, storeId: Uint8Array): Era | undefined {
  const match =
    /^\{"format":1,"storeId":"([0-9a-f]{32})","era":(\d{1,10}),"first":"(\d{1,19})"\}\n$/.exec(text)
  const [, id, number, first] = match ?? []
  if (id !== toHex(storeId) || number === undefined || first === undefined) return undefined
  return { number: Number(number), first: BigInt(first) }
}
