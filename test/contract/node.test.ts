/** The contracts of a node's three stores, on every kind of node. */
import { rejects } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openRealDisk } from '#disk/real'
import { SimulatedDisk } from '#disk/simulated'
import { openDiskNode } from '#shard/disk-node'
import { openLmdbNode } from '#shard/lmdb-node'
import { openMemoryNode } from '#shard/memory-node'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import { systemWorld } from '#world/system'
import { fault } from '../fault.ts'
import { nodeFilesContract } from './node-files.contract.ts'
import { nodeLogContract } from './node-log.contract.ts'
import { put, shardStoreContract, type WithNode } from './shard-store.contract.ts'

const identity = { storeId: new Uint8Array(16).fill(1), nodeId: 'node-01' }

const memoryBytes = 64 * 1024 * 1024

const inMemory: WithNode = async (body) => {
  await body(openMemoryNode({ world: systemWorld(), capacityBytes: memoryBytes }))
}

const onRealDisk: WithNode = async (body) => {
  const root = await mkdtemp(join(tmpdir(), 'node-'))
  try {
    const disk = openRealDisk(root)
    const node = await openDiskNode(disk, { world: systemWorld(), telemetry, ...identity })
    await body(node)
    await node.close()
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

const onLmdb: WithNode = async (body) => {
  const root = await mkdtemp(join(tmpdir(), 'node-'))
  try {
    const disk = openRealDisk(root)
    const node = await openLmdbNode(disk, { root, world: systemWorld(), telemetry, ...identity })
    await body(node)
    await node.close()
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

const onSimulatedDisk: WithNode = (body) => {
  const world = new SimulatedWorld('node contract')
  return world.run(async () => {
    const disk = new SimulatedDisk({ world: world.fork('disk'), totalBytes: 64 * 1024 * 1024 })
    await body(await openDiskNode(disk, { world, telemetry, ...identity }))
  })
}

const kinds = {
  memory: inMemory,
  'real disk': onRealDisk,
  lmdb: onLmdb,
  'simulated disk': onSimulatedDisk,
}
for (const [kind, withNode] of Object.entries(kinds)) {
  shardStoreContract(`shards, ${kind}`, withNode)
  nodeLogContract(`log, ${kind}`, withNode)
  nodeFilesContract(`files, ${kind}`, withNode)
}

test('in memory: what is not to be had for want of space is shard/node-full', () =>
  inMemory(async ({ shards }) => {
    const writer = await shards.create()
    await rejects(writer.write(new Uint8Array(memoryBytes + 4096), 0), fault('shard/node-full'))
    await writer.abort()
    await put(shards, 6)
  }))
