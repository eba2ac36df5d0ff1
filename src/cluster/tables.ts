/** The cluster's tables, its nodes and its two settings, and the changes that write them. Numbers of nodes are never reused, for chunk rows hold them. */
import type { ChangeBody, ChangeLog, ChangeRoom, SequencedChange } from '#changelog/change'
import { clusterFault } from '#cluster/faults'
import { type FailureDomain, type NodeNumber, nodeNumberMax } from '#cluster/node'
import type { Queryable } from '#sql/sql'

/** A node joined. Names of failure domains are as the operator gave them. */
export type NodeAdded = FailureDomain &
  ChangeBody & {
    readonly kind: 'cluster/node-added'
    readonly number: NodeNumber
    readonly id: string
  }

/** From now on, buckets made without a profile get this one. */
export type DefaultProfileSet = ChangeBody & {
  readonly kind: 'cluster/default-profile-set'
  readonly data: number
  readonly parity: number
}

/** From now on, objects may be written in these classes, and in no others but their bucket's own. */
export type StorageClassesSet = ChangeBody & {
  readonly kind: 'cluster/storage-classes-set'
  readonly classes: StorageClasses
}

/** Profiles by name. */
export type StorageClasses = Readonly<Record<string, DefaultProfile>>

export interface DefaultProfile {
  readonly data: number
  readonly parity: number
}

/** A node as the database knows it, whether or not it can be reached. */
export interface NodeRow extends FailureDomain {
  readonly number: NodeNumber
  readonly id: string
}

type StoredNode = {
  readonly number: number
  readonly id: string
  readonly rack: string | null
  readonly datacenter: string | null
  readonly region: string | null
  readonly added_at: number
  readonly sequence: number | bigint
}

type StoredClasses = {
  readonly classes: string
  readonly set_at: number
  readonly sequence: number | bigint
}

type StoredProfile = {
  readonly data: number
  readonly parity: number
  readonly set_at: number
  readonly sequence: number | bigint
}

export const clusterRoom: ChangeRoom = {
  room: 'cluster',
  migrations: [
    async (tx) => {
      await tx.query`
        create table node (
          number integer primary key,
          id text not null unique,
          rack text,
          datacenter text,
          region text,
          added_at integer not null,
          sequence integer not null
        ) strict`
    },
    async (tx) => {
      await tx.query`
        create table default_profile (
          id integer primary key check (id = 1),
          data integer not null,
          parity integer not null,
          set_at integer not null,
          sequence integer not null
        ) strict`
    },
    // One row for each time they were set: objects keep the profile their class had when they were written.
    async (tx) => {
      await tx.query`
        create table storage_classes (
          sequence integer primary key,
          classes text not null,
          set_at integer not null
        ) strict`
    },
  ],

  async apply(tx, { sequence, at, body }) {
    const change = body as NodeAdded | DefaultProfileSet | StorageClassesSet // this room wrote it
    switch (change.kind) {
      case 'cluster/node-added': {
        const { number, id, rack, datacenter, region } = change
        await tx.query`
          insert into node (number, id, rack, datacenter, region, added_at, sequence)
          values (${number}, ${id}, ${rack ?? null}, ${datacenter ?? null}, ${region ?? null}, ${at}, ${sequence})`
        return
      }
      case 'cluster/default-profile-set':
        await tx.query`
          insert into default_profile (id, data, parity, set_at, sequence)
          values (1, ${change.data}, ${change.parity}, ${at}, ${sequence})
          on conflict (id) do update set data = excluded.data, parity = excluded.parity,
            set_at = excluded.set_at, sequence = excluded.sequence`
        return
      case 'cluster/storage-classes-set':
        await tx.query`
          insert into storage_classes (sequence, classes, set_at)
          values (${sequence}, ${JSON.stringify(change.classes)}, ${at})`
    }
  },

  /** Tens of rows: one page holds them all. */
  async *dump(tx): AsyncGenerator<SequencedChange> {
    const nodes = await tx.query<StoredNode>`select * from node order by sequence`
    for (const row of nodes) {
      const body: NodeAdded = { kind: 'cluster/node-added', ...nodeOf(row) }
      yield { sequence: BigInt(row.sequence), at: row.added_at, body }
    }
    const profiles = await tx.query<StoredProfile>`select * from default_profile`
    for (const { data, parity, set_at, sequence } of profiles) {
      const body: DefaultProfileSet = { kind: 'cluster/default-profile-set', data, parity }
      yield { sequence: BigInt(sequence), at: set_at, body }
    }
    const settings = await tx.query<StoredClasses>`select * from storage_classes order by sequence`
    for (const { classes, set_at, sequence } of settings) {
      const body: StorageClassesSet = {
        kind: 'cluster/storage-classes-set',
        classes: JSON.parse(classes), // put there by us
      }
      yield { sequence: BigInt(sequence), at: set_at, body }
    }
  },
}

/** As they were set each time, the newest last; empty when they never were, or in a database that has not been migrated yet. */
export async function readStorageClasses(tx: Queryable): Promise<readonly StorageClasses[]> {
  if (!(await hasTable(tx, 'storage_classes'))) return []
  const rows = await tx.query<StoredClasses>`select * from storage_classes order by sequence`
  return rows.map(({ classes }) => JSON.parse(classes)) // put there by us
}

/** Records them unless they are those in force. */
export async function setStorageClasses(
  log: Pick<ChangeLog, 'commit'>,
  classes: StorageClasses,
): Promise<void> {
  await log.commit(async (tx) => {
    const known = (await readStorageClasses(tx)).at(-1)
    if (JSON.stringify(known) === JSON.stringify(classes)) return
    const body: StorageClassesSet = { kind: 'cluster/storage-classes-set', classes }
    await tx.record(body)
  })
}

/** Every node that ever joined, by number. */
export async function readNodes(tx: Queryable): Promise<readonly NodeRow[]> {
  const rows = await tx.query<StoredNode>`select * from node order by number`
  return rows.map(nodeOf)
}

/** Gives each node that the database does not know yet a number, and records it. Returns the ids of those that joined. */
export async function enrol(
  log: Pick<ChangeLog, 'commit'>,
  nodes: readonly (FailureDomain & { readonly id: string })[],
): Promise<readonly string[]> {
  return log.commit(async (tx) => {
    const known = await readNodes(tx)
    const ids = new Set(known.map(({ id }) => id))
    const newcomers = nodes.filter(({ id }) => !ids.has(id))
    let number = (known.at(-1)?.number ?? -1) + 1
    for (const { id, rack, datacenter, region } of newcomers) {
      if (number > nodeNumberMax) throw clusterFault('cluster/too-many-nodes', { nodeNumberMax })
      const body: NodeAdded = {
        kind: 'cluster/node-added',
        number: number++,
        id,
        ...namedOnly({ rack, datacenter, region }),
      }
      await tx.record(body)
    }
    return newcomers.map(({ id }) => id)
  })
}

/** What the store was last told; `undefined` when it never was, or in a database that has not been migrated yet. */
export async function readDefaultProfile(tx: Queryable): Promise<DefaultProfile | undefined> {
  if (!(await hasTable(tx, 'default_profile'))) return undefined
  const [row] = await tx.query<StoredProfile>`select * from default_profile`
  return row && { data: row.data, parity: row.parity }
}

async function hasTable(tx: Queryable, name: string): Promise<boolean> {
  const tables = await tx.query`
    select 1 from sqlite_schema where type = 'table' and name = ${name}`
  return tables.length > 0
}

/** Records it unless it is the one in force. */
export async function setDefaultProfile(
  log: Pick<ChangeLog, 'commit'>,
  { data, parity }: DefaultProfile,
): Promise<void> {
  await log.commit(async (tx) => {
    const known = await readDefaultProfile(tx)
    if (known?.data === data && known.parity === parity) return
    const body: DefaultProfileSet = { kind: 'cluster/default-profile-set', data, parity }
    await tx.record(body)
  })
}

function nodeOf({ number, id, rack, datacenter, region }: StoredNode): NodeRow {
  return { number, id, ...namedOnly({ rack, datacenter, region }) }
}

/** Without the domains that have no name, for those do not exist. */
function namedOnly(
  domains: Readonly<Record<keyof FailureDomain, string | null | undefined>>,
): FailureDomain {
  return Object.fromEntries(
    Object.entries(domains).filter(([, name]) => name !== null && name !== undefined),
  )
}
