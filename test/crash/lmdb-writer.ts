/** A process that stores shards and frames on an LMDB node as fast as it can, says on stdout what was acknowledged, and is killed. */
import { writeSync } from 'node:fs'
import { openRealDisk } from '#disk/real'
import { openLmdbNode } from '#shard/lmdb-node'
import type { NodeStores } from '#shard/store'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { append, frameOf } from '../contract/node-log.contract.ts'
import { put, shardOf } from '../contract/shard-store.contract.ts'
import { pagesOf } from './lmdb-shards.ts'

const [root = '', life = '0'] = process.argv.slice(2)
const node = await openLmdbNode(openRealDisk(root), {
  root,
  world: systemWorld(),
  telemetry,
  storeId: new Uint8Array(16),
  nodeId: 'node-01',
})
await Promise.all([...[0, 1, 2].map((writer) => storeShards(node, writer)), appendFrames(node)])

/** Every third is removed again. */
async function storeShards({ shards }: NodeStores, writer: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    const seed = Number(life) * 3_000_000 + round * 3 + writer
    const pages = pagesOf(seed)
    await put(shards, seed, pages)
    tell(`shard ${seed} ${pages}`)
    if (round % 3 !== 2) continue
    tell(`removing ${seed}`)
    await shards.remove(shardOf(seed, pages).id)
    tell(`removed ${seed}`)
  }
}

async function appendFrames({ log }: NodeStores): Promise<void> {
  for (;;) {
    const next = Number(await log.lastSequence()) + 1
    await append(log, frameOf(next, next, 500 * (next % 20)))
    tell(`frame ${next}`)
  }
}

function tell(line: string): void {
  writeSync(1, `${line}\n`)
}
