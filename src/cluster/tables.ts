/** The `node` table and the changes that write it. Numbers are never reused, for chunk rows hold them. */
import { strict as assert } from 'node:assert'
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
  ],

  async apply(tx, change) {
    const { number, id, rack, datacenter, region } = readNodeAdded(change.body)
    await tx.query`
      insert into node (number, id, rack, datacenter, region, added_at, sequence)
      values (${number}, ${id}, ${rack ?? null}, ${datacenter ?? null}, ${region ?? null}, ${change.at}, ${change.sequence})`
  },

  /** Tens of rows: one page holds them all. */
  async *dump(tx): AsyncGenerator<SequencedChange> {
    const rows = await tx.query<StoredNode>`select * from node order by sequence`
    for (const row of rows) {
      const body: NodeAdded = { kind: 'cluster/node-added', ...nodeOf(row) }
      yield { sequence: BigInt(row.sequence), at: row.added_at, body }
    }
  },
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

function readNodeAdded(body: ChangeBody): NodeAdded {
  assert(body.kind === 'cluster/node-added', `cluster knows no change ${body.kind}`)
  return body as NodeAdded
}
