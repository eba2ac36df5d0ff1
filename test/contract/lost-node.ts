/** What a node answers when its place is gone: one fault, whatever it is asked. */
import { rejects } from 'node:assert/strict'
import type { NodeStores, ShardWriter } from '#shard/store'
import { fault } from '../fault.ts'
import { append, frameOf } from './node-log.contract.ts'
import { shardOf } from './shard-store.contract.ts'

/** The node has shard 1; the writer was opened before its place was lost. */
export async function answersAsLost(
  { shards, log, files }: NodeStores,
  writer: ShardWriter,
): Promise<void> {
  const lost = fault('shard/node-lost')
  const page = new Uint8Array(4096)
  await rejects(writer.commit(shardOf(2).id), lost)
  await rejects(shards.create(), lost)
  await rejects(shards.read(shardOf(1).id, page, { offset: 0 }), lost)
  await rejects(append(log, frameOf(2)), lost)
  await rejects(Array.fromAsync(log.read()), lost)
  await rejects(files.write('keyring', page), lost)
}
