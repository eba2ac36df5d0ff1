/** A whole store in this process on memory nodes, without files and sockets: for tests of domains. */
import { openChangeLog } from '#changelog/open-change-log'
import { rebuild } from '#changelog/rebuild'
import { migrate, roomsByName } from '#changelog/rooms'
import { openCodec } from '#chunk/codec'
import { pageBytes } from '#chunk/geometry'
import { openCluster } from '#cluster/cluster'
import { clusterRoom, enrol } from '#cluster/tables'
import { admitConfig } from '#delivery/admit-config'
import { deliveryRoom } from '#delivery/tables'
import { Targets } from '#delivery/targets'
import type { Profile } from '#erasure/profile'
import { Accounts } from '#identity/accounts'
import { identityRoom } from '#identity/tables'
import { createKeyring } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { newMasterKey } from '#keyring/master-key'
import { KeyService } from '#kms/key-service'
import { kmsRoom } from '#kms/tables'
import { blobReader } from '#main/snapshots'
import { openObjectStore } from '#object/object-store'
import { objectRoom } from '#object/tables'
import { Collector } from '#repair/collector'
import { Repairer } from '#repair/repairer'
import { openMemoryNode } from '#shard/memory-node'
import type { NodeStores } from '#shard/store'
import type { Sql } from '#sql/sql'
import { SqliteMemory } from '#sql/sqlite-memory'
import { ChunkStore } from '#store/chunk-store'
import { openPacks } from '#store/packs'
import { storeRoom } from '#store/tables'
import { silentTelemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import type { World } from '#world/world'
import { openTestDatabase } from './database.ts'

export const rooms = [clusterRoom, storeRoom, objectRoom, identityRoom, deliveryRoom, kmsRoom]

export interface MemoryStoreOptions {
  readonly profile: Profile
  readonly nodes: number
  /** 4 KiB blocks by default, so that small bodies have several stripes and chunks. */
  readonly blockBytes?: number
  readonly chunkBytes?: number
  readonly nodeDeadlineMs?: number
  readonly slots?: number
  readonly overflowBytes?: number
  readonly storageClasses?: ReadonlyMap<string, Profile>
  /** Closed with the store. */
  readonly sql?: Sql
  readonly world?: World
}

export async function openMemoryStore({
  profile,
  nodes: nodeCount,
  blockBytes = pageBytes,
  chunkBytes = 40_000,
  nodeDeadlineMs = 15_000,
  slots = 16,
  overflowBytes,
  storageClasses = new Map(),
  sql: given,
  world = systemWorld(),
}: MemoryStoreOptions) {
  const telemetry = silentTelemetry
  const master = newMasterKey(world)
  const keyring = openKeyring(createKeyring({ master, world }), master)
  const sql = given ?? (await openTestDatabase(world, rooms))
  const nodes = Array.from({ length: nodeCount }, (_, i) => ({
    id: `node-${String(i + 1).padStart(2, '0')}`,
    stores: openMemoryNode({ world }) as NodeStores,
  }))
  const changelog = await openChangeLog({
    sql,
    nodes: () => logNodesOf(nodes),
    replicas: () => profile.parity + 1,
    rooms,
    keyring,
    world,
    telemetry,
    onNodeFailure: () => {},
  })
  await enrol(changelog, nodes)
  const cluster = await openCluster({ sql, nodes, world, telemetry })
  const codec = openCodec({
    threads: 0,
    slots,
    slotBytes: blockBytes * (profile.data + profile.parity),
  })
  const store = new ChunkStore({
    codec,
    cluster,
    keyring,
    sql,
    world,
    telemetry,
    chunkBytes,
    nodeDeadlineMs,
    ...(overflowBytes === undefined ? {} : { overflowBytes }),
  })
  const packs = await openPacks({ store, changelog, sql })
  const keys = new KeyService({ sql, changelog, keyring, world })
  const objectsOn = (sql: Sql) =>
    openObjectStore({
      ...{ sql, changelog, store, packs, keys, world, profile },
      ...{ storageClasses, admitConfig },
    })
  const accounts = new Accounts({ sql, changelog, keyring, world })
  const targets = new Targets({ sql, changelog, keyring, world })
  const repairer = new Repairer({ sql, changelog, store, cluster, world, telemetry })
  const collector = new Collector({ sql, changelog, store, cluster, world, telemetry })
  return {
    world,
    keyring,
    sql,
    nodes,
    changelog,
    cluster,
    codec,
    store,
    packs,
    keys,
    objects: objectsOn(sql),
    /** The same on another database; what rests in open packs is read from memory by both. */
    objectsOn,
    accounts,
    targets,
    repairer,
    collector,
    async [Symbol.asyncDispose]() {
      await packs.close()
      await repairer.close()
      await changelog.close()
      await cluster.close()
      await codec[Symbol.asyncDispose]()
      await sql.close()
    },
  }
}

export type MemoryStore = Awaited<ReturnType<typeof openMemoryStore>>

interface MemoryNode {
  readonly id: string
  readonly stores: NodeStores
}

function logNodesOf(nodes: readonly MemoryNode[]) {
  return nodes.map(({ id, stores }) => ({ id, ...stores, isUp: true }))
}

/** What a rebuild makes of the nodes' logs: a database for the store when its own is lost. */
export async function databaseFromLog({ store, nodes, keyring }: MemoryStore): Promise<Sql> {
  const sql = new SqliteMemory().open()
  await rebuild({
    sql,
    nodes: logNodesOf(nodes),
    nodesAbsent: 0,
    lossTolerated: 1,
    keyring,
    rooms,
    blobs: {
      write: () => Promise.reject(new TypeError('a rebuild writes no snapshot')),
      read: blobReader(store, new AbortController().signal),
    },
    telemetry: silentTelemetry,
    onProgress: () => {},
  })
  return sql
}

/** The same from what a snapshot would hold. */
export async function databaseFromDump({ sql: lost }: MemoryStore): Promise<Sql> {
  const sql = new SqliteMemory().open()
  await sql.transaction(async (tx) => {
    await migrate(tx, roomsByName(rooms))
    for (const room of rooms)
      for await (const change of room.dump(lost)) await room.apply(tx, change)
  })
  return sql
}
