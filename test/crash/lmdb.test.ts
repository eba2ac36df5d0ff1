/** What an LMDB node acknowledged before `kill -9` is there afterwards, whole, and nothing that nobody committed. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { blake3 } from '#crypto/blake3'
import { openRealDisk } from '#disk/real'
import { openLmdbNode } from '#shard/lmdb-node'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { frameOf, sameFrames } from '../contract/node-log.contract.ts'
import { shardOf } from '../contract/shard-store.contract.ts'
import { pagesOf } from './lmdb-shards.ts'

const writer = new URL('lmdb-writer.ts', import.meta.url).pathname
const lives = 6

interface Ledger {
  /** Pages of shards that were acknowledged and not removed since, by seed. */
  readonly kept: Map<number, number>
  readonly removed: Set<number>
  /** The last frame that was acknowledged. */
  frames: number
}

test(`over ${lives} lives ended by kill -9 nothing acknowledged is lost`, async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'lmdb-kill-'))
  context.after(() => rm(directory, { recursive: true, force: true }))
  const root = join(directory, 'node-01')
  const ledger: Ledger = { kept: new Map(), removed: new Set(), frames: 0 }
  for (let life = 0; life < lives; life += 1) {
    await liveAndDie(root, ledger, { life, acknowledgements: 20 + 37 * life })
    await check(root, ledger)
  }
  ok(ledger.kept.size > 100 && ledger.frames > 20)
})

async function liveAndDie(
  root: string,
  ledger: Ledger,
  { life, acknowledgements }: { life: number; acknowledgements: number },
): Promise<void> {
  const child = spawn(process.execPath, [writer, root, String(life)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let heard = 0
  for await (const line of createInterface(child.stdout)) {
    note(line, ledger)
    heard += 1
    if (heard === acknowledgements) child.kill('SIGKILL')
  }
  deepEqual(await ended, [null, 'SIGKILL'])
}

function note(line: string, ledger: Ledger): void {
  const [what, number, pages] = line.split(' ')
  const seed = Number(number)
  if (what === 'shard') ledger.kept.set(seed, Number(pages))
  if (what === 'removing') ledger.kept.delete(seed)
  if (what === 'removed') ledger.removed.add(seed)
  if (what === 'frame') ledger.frames = seed
}

async function check(root: string, ledger: Ledger): Promise<void> {
  const options = { root, world: systemWorld(), telemetry, storeId: new Uint8Array(16) }
  const node = await openLmdbNode(openRealDisk(root), { ...options, nodeId: 'node-01' })
  try {
    const kept = [...ledger.kept].map(([seed, pages]) => shardOf(seed, pages).id)
    const removed = [...ledger.removed].map((seed) => shardOf(seed, pagesOf(seed)).id)
    let [shards, bytes] = [0, 0]
    const listed = new Set<string>()
    for await (const stat of node.shards.list()) {
      const content = new Uint8Array(stat.bytes)
      await node.shards.read(stat.id, content, { offset: 0 })
      equal(blake3(content).toHex(), stat.id)
      listed.add(stat.id)
      shards += 1
      bytes += stat.bytes
    }
    deepEqual(
      kept.filter((id) => !listed.has(id)),
      [],
    )
    deepEqual(
      removed.filter((id) => listed.has(id)),
      [],
    )
    const usage = await node.shards.usage()
    deepEqual([usage.shards, usage.usedBytes], [shards, bytes])
    const last = Number(await node.log.lastSequence())
    ok(last === ledger.frames || last === ledger.frames + 1, `${last} of ${ledger.frames}`)
    const frames = Array.from({ length: last }, (_, at) =>
      frameOf(at + 1, at + 1, 500 * ((at + 1) % 20)),
    )
    sameFrames(await Array.fromAsync(node.log.read()), frames)
    ledger.frames = last
  } finally {
    await node.close()
  }
}
