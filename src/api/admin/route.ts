/** One operation of the admin API: what is asked, what is answered, and how it is done. */
import type { z } from 'zod'
import type { AuditLog } from '#audit/audit-log'
import type { Cluster } from '#cluster/cluster'
import type { TopologyReport } from '#cluster/topology'
import type { Dispatcher } from '#delivery/dispatcher'
import type { Targets } from '#delivery/targets'
import type { Accounts } from '#identity/accounts'
import type { KeyService } from '#kms/key-service'
import type { ObjectStore } from '#object/model'
import type { Repairer } from '#repair/repairer'
import type { World } from '#world/world'

/** What the operations work on. */
export interface AdminParts {
  readonly auditLog: AuditLog | undefined
  readonly accounts: Accounts
  readonly cluster: Pick<Cluster, 'figures' | 'freshen'>
  readonly topology: () => TopologyReport
  readonly repairer: Pick<Repairer, 'length'>
  readonly namedKeys: KeyService
  readonly objects: Pick<
    ObjectStore,
    'listBuckets' | 'bucketUsage' | 'ownerUsage' | 'configure' | 'setOwnerQuota'
  >
  readonly targets: Targets
  readonly dispatcher: Pick<Dispatcher, 'state' | 'try'>
  readonly world: World
}

export interface Asked<Body> {
  readonly names: Names
  readonly body: Body
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

export interface AdminRoute<Body = unknown> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/admin/v1`; `{name}` stands for one segment. */
  readonly path: string
  readonly summary: string
  readonly body?: z.ZodType<Body>
  /** 204 without one. */
  readonly answer?: z.ZodType
  readonly status: 200 | 201 | 204
  run(parts: AdminParts, asked: Asked<Body>): Promise<unknown>
}

/** What stands where the path has `{name}`. */
export type Names = Readonly<Record<string, string>>

/** Keeps what a route says of its body beside what it does with it. */
export function route<Body = undefined>(route: AdminRoute<Body>): AdminRoute {
  return route as AdminRoute // the door hands over only what `body` has read
}
