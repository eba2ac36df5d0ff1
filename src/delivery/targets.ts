/**
 * The targets there are, and what waits for each. Everything is a change in the change log, so it survives the database; secrets are sealed
 * wherever they rest. Whoever may call this may do everything: doors check first.
 */
import { toHex } from '#bytes/text'
import type { ChangeLog, CommitTransaction } from '#changelog/change'
import { settled } from '#changelog/settled'
import type { DeliveryChange, TargetRow } from '#delivery/changes'
import { deliveryFault } from '#delivery/faults'
import type { Replication } from '#delivery/replication-rules'
import type { NotificationRules } from '#delivery/rules'
import { sealedOf, targetJson } from '#delivery/tables'
import {
  localLane,
  parseTargetName,
  type Target,
  type TargetName,
  type TargetPlace,
} from '#delivery/target'
import { openSecret, rewrapSecret, sealedToJson, sealSecret } from '#identity/sealed-secret'
import type { Keyring } from '#keyring/keyring'
import type { Queryable, Sql } from '#sql/sql'
import type { World } from '#world/world'

export const targetsMax = 100

/** Secrets rewrapped by one commit. */
const secretsPerCommit = 500

export interface TargetsParts {
  readonly sql: Sql
  readonly changelog: ChangeLog
  readonly keyring: Keyring
  readonly world: World
}

/** What a target's deliveries come to. Counted up to `countedMax`. */
export interface Backlog {
  readonly waiting: number
  readonly givenUp: number
  /** When the oldest that waits came to be; `undefined` when none does. */
  readonly oldestAt: number | undefined
}

export const countedMax = 100_000

/** With what it takes to deliver there. */
export interface OpenTarget extends Target {
  readonly secret: string | undefined
}

export class Targets {
  readonly #parts: TargetsParts
  readonly #listeners = new Set<() => void>()

  constructor(parts: TargetsParts) {
    this.#parts = parts
  }

  /** Hex. */
  get storeId(): string {
    return toHex(this.#parts.keyring.storeId)
  }

  /** Calls `listener` whenever there are other targets than before, or something was asked to be tried again. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** Oldest first. */
  async list(): Promise<readonly Target[]> {
    const rows = await this.#settled(
      (tx) => tx.query<TargetRow>`select * from delivery_target order by sequence, name`,
    )
    return rows.map(targetOf)
  }

  /** `delivery/no-such-target` */
  async target(name: string): Promise<Target> {
    return targetOf(await this.#settled((tx) => requireTarget(tx, name)))
  }

  /** `delivery/no-such-target` */
  async open(name: string): Promise<OpenTarget> {
    const { keyring } = this.#parts
    const row = await this.#settled((tx) => requireTarget(tx, name))
    const sealed = sealedOf(row)
    const secret = sealed && openSecret(sealed, { owner: ownerOf(name), keyring })
    return { ...targetOf(row), secret }
  }

  async backlog(name: string): Promise<Backlog> {
    return await this.#settled(async (tx) => {
      const [waiting] = await tx.query<{ count: number; oldest: number | null }>`
        select count(*) as count, min(at) as oldest from
          (select at from delivery where target = ${name} and given_up_at is null limit ${countedMax}) as counted`
      const [givenUp] = await tx.query<{ count: number }>`
        select count(*) as count from
          (select at from delivery where target = ${name} and given_up_at is not null limit ${countedMax}) as counted`
      return {
        waiting: waiting?.count ?? 0,
        givenUp: givenUp?.count ?? 0,
        oldestAt: waiting?.oldest ?? undefined,
      }
    })
  }

  /** `delivery/malformed-name`, `delivery/target-exists`, `delivery/too-many-targets` */
  async add(
    asked: string,
    { place, secret }: { readonly place: TargetPlace; readonly secret: string | undefined },
  ): Promise<Target> {
    const { keyring, world } = this.#parts
    const name = parseTargetName(asked)
    return await this.#change(async (tx) => {
      if ((await findTarget(tx, name)) !== undefined)
        throw deliveryFault('delivery/target-exists', { name })
      await assertRoom(tx)
      const change: DeliveryChange = {
        kind: 'delivery/target-put',
        name,
        place,
        ...(secret === undefined
          ? {}
          : { secret: sealedToJson(sealSecret(secret, { owner: ownerOf(name), keyring, world })) }),
      }
      const { at } = await tx.record(change)
      return { name, place, createdAt: at }
    })
  }

  /** With all that waits for it. `delivery/no-such-target` */
  async remove(name: string): Promise<void> {
    await this.#change(async (tx) => {
      await requireTarget(tx, name)
      const change: DeliveryChange = { kind: 'delivery/target-removed', name }
      await tx.record(change)
    })
  }

  /** What was given up is tried again. `delivery/no-such-target` */
  async resume(name: string): Promise<void> {
    await this.#change(async (tx) => {
      if (name !== localLane) await requireTarget(tx, name)
      const change: DeliveryChange = { kind: 'delivery/resumed', target: name }
      await tx.record(change)
    })
  }

  /** Wraps the secrets' data keys under the newest generation key; returns how many were under older ones. Durable on return. */
  async rewrapSecrets(): Promise<number> {
    const { keyring } = this.#parts
    return await this.#change(async (tx) => {
      const rows = await tx.query<TargetRow>`
        select * from delivery_target where generation < ${keyring.generation} order by name limit ${secretsPerCommit}`
      for (const row of rows) {
        const sealed = sealedOf(row)
        if (sealed === undefined) continue // then it has no generation
        const secret = sealedToJson(rewrapSecret(sealed, keyring))
        const change: DeliveryChange = { kind: 'delivery/target-put', ...targetJson(row), secret }
        await tx.record(change)
      }
      return rows.length
    })
  }

  async #change<T>(work: (tx: CommitTransaction) => Promise<T>): Promise<T> {
    const result = await this.#parts.changelog.commit(work)
    for (const listener of this.#listeners) listener()
    return result
  }

  async #settled<T>(read: (sql: Queryable) => Promise<T>): Promise<T> {
    return await settled(this.#parts, () => read(this.#parts.sql))
  }
}

/** For the commit of a bucket's rules: every target they name is there, and takes notifications. `delivery/no-such-target` */
export async function assertTargets(tx: Queryable, rules: NotificationRules): Promise<void> {
  for (const { target } of rules) await requireKind(tx, target, (kind) => kind !== 's3')
}

/** Likewise, and is an endpoint that takes copies. `delivery/no-such-target` */
export async function assertEndpoints(tx: Queryable, { rules }: Replication): Promise<void> {
  for (const { destination } of rules)
    if ('target' in destination.to)
      await requireKind(tx, destination.to.target, (kind) => kind === 's3')
}

async function requireKind(
  tx: Queryable,
  name: string,
  isWanted: (kind: TargetPlace['kind']) => boolean,
): Promise<void> {
  const { place } = targetOf(await requireTarget(tx, name))
  if (!isWanted(place.kind)) throw deliveryFault('delivery/no-such-target', { target: name })
}

/** What a target's secret is bound to. */
function ownerOf(name: string): string {
  return `delivery/${name}`
}

async function assertRoom(tx: Queryable): Promise<void> {
  const [row] = await tx.query<{ targets: number }>`select count(*) as targets from delivery_target`
  if ((row?.targets ?? 0) >= targetsMax)
    throw deliveryFault('delivery/too-many-targets', { targetsMax })
}

async function findTarget(tx: Queryable, name: string): Promise<TargetRow | undefined> {
  const [row] = await tx.query<TargetRow>`select * from delivery_target where name = ${name}`
  return row
}

async function requireTarget(tx: Queryable, name: string): Promise<TargetRow> {
  const row = await findTarget(tx, name)
  if (row === undefined)
    throw deliveryFault('delivery/no-such-target', { target: name.slice(0, 80) })
  return row
}

/** Only valid fields were stored. */
function targetOf({ name, place, at }: TargetRow): Target {
  return { name: name as TargetName, place: JSON.parse(place) as TargetPlace, createdAt: at }
}
