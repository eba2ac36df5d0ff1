/** `metadata.json`: whose directory this is. Format: docs/formats/node.md. */
import type { Disk } from '#disk/disk'
import { shardFault } from '#shard/faults'

export const metadataPath = 'metadata.json'

export interface NodeMetadata {
  /** Lowercase hex. */
  readonly storeId: string
  readonly nodeId: string
  /** Random hex, chosen when the directory was made: tells it from another one later found in its place. */
  readonly incarnation: string
  /** ISO 8601, for people. */
  readonly createdAt: string
}

/** `undefined` when there is none: an empty or lost directory. `shard/malformed-metadata`; faults of the disk. */
export async function readNodeMetadata(disk: Disk): Promise<NodeMetadata | undefined> {
  const bytes = await disk.read(metadataPath)
  return bytes && parseNodeMetadata(new TextDecoder().decode(bytes))
}

export function printNodeMetadata(metadata: NodeMetadata): string {
  const { storeId, nodeId, incarnation, createdAt } = metadata
  return `${JSON.stringify({ format: 1, storeId, nodeId, incarnation, createdAt })}\n`
}

export function parseNodeMetadata(text: string): NodeMetadata {
  const fields = parseObject(text)
  if (fields['format'] !== 1)
    throw shardFault('shard/malformed-metadata', { reason: 'not of format 1' })
  const { storeId, nodeId, incarnation, createdAt } = fields
  if (!isText(storeId) || !isText(nodeId) || !isText(incarnation) || !isText(createdAt))
    throw shardFault('shard/malformed-metadata', { reason: 'a field is missing' })
  return { storeId, nodeId, incarnation, createdAt }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    throw shardFault('shard/malformed-metadata', { reason: 'not JSON' }, cause)
  }
  throw shardFault('shard/malformed-metadata', { reason: 'not an object' })
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
