/** `metadata.json`: whose directory this is. Format: docs/formats/node.md. */
import type { Disk } from '#disk/disk'
import { shardFault } from '#shard/faults'

export const metadataPath = 'metadata.json'

/** How a node keeps its bytes: docs/operate/engines.md. */
export const engines = ['files', 'lmdb'] as const
export type Engine = (typeof engines)[number]

export interface NodeMetadata {
  /** Lowercase hex. */
  readonly storeId: string
  readonly nodeId: string
  /** Random hex, chosen when the directory was made: tells it from another one later found in its place. */
  readonly incarnation: string
  /** ISO 8601, for people. */
  readonly createdAt: string
  /** Chosen when the directory was made, and never changed. */
  readonly engine: Engine
}

/** `undefined` when there is none: an empty or lost directory. `shard/malformed-metadata`; faults of the disk. */
export async function readNodeMetadata(disk: Disk): Promise<NodeMetadata | undefined> {
  const bytes = await disk.read(metadataPath)
  return bytes && parseNodeMetadata(new TextDecoder().decode(bytes))
}

/** A node of files is of format 1, which names no engine. Any other is of format 2, so that a program that knows only files refuses it. */
export function printNodeMetadata(metadata: NodeMetadata): string {
  const { storeId, nodeId, incarnation, createdAt, engine } = metadata
  const identity = { storeId, nodeId, incarnation, createdAt }
  const fields =
    engine === 'files' ? { format: 1, ...identity } : { format: 2, ...identity, engine }
  return `${JSON.stringify(fields)}\n`
}

export function parseNodeMetadata(text: string): NodeMetadata {
  const fields = parseObject(text)
  const engine = parseEngine(fields)
  const { storeId, nodeId, incarnation, createdAt } = fields
  if (!isText(storeId) || !isText(nodeId) || !isText(incarnation) || !isText(createdAt))
    throw shardFault('shard/malformed-metadata', { reason: 'a field is missing' })
  return { storeId, nodeId, incarnation, createdAt, engine }
}

function parseEngine({ format, engine }: Readonly<Record<string, unknown>>): Engine {
  if (format === 1) return 'files'
  if (format !== 2) throw shardFault('shard/malformed-metadata', { reason: 'not of format 1 or 2' })
  const known = engines.find((one) => one === engine)
  if (known === undefined)
    throw shardFault('shard/malformed-metadata', { reason: 'not an engine this version knows' })
  return known
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
