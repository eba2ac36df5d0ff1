/**
 * Named keys: a person makes them, objects are sealed under them, and whoever disables one disables reading what is sealed under it. A key is
 * never removed, for that would destroy objects without saying so. Everything is a change in the change log; material is wrapped under the
 * store's generation keys wherever it rests, and never leaves this process. Whoever may call this may do everything: doors check first.
 */
import type { ChangeLog, CommitTransaction } from '#changelog/change'
import { settled } from '#changelog/settled'
import { deriveKey } from '#crypto/derive'
import type { Keyring } from '#keyring/keyring'
import {
  type KmsChange,
  materialsOf,
  materialToJson,
  type NamedKeyJson,
  type NamedKeyRow,
  namedKeyJson,
} from '#kms/changes'
import { kmsFault } from '#kms/faults'
import type { Queryable, Sql } from '#sql/sql'
import type { World } from '#world/world'

/** Materials of one key; each rotation adds one. */
export const keyVersionsMax = 1_000
const descriptionBytesMax = 256
const materialBytes = 32

export interface KeyServiceParts {
  readonly sql: Sql
  readonly changelog: ChangeLog
  readonly keyring: Keyring
  readonly world: World
}

export interface NamedKey {
  readonly id: string
  readonly state: 'enabled' | 'disabled'
  readonly description?: string
  readonly isDefault: boolean
  /** Of the material that seals from now on; counts from 1. */
  readonly version: number
  readonly createdAt: number
  /** When that material was made. */
  readonly rotatedAt: number
}

/** One material of a key, by name. */
export interface KeyVersion {
  readonly id: string
  readonly version: number
}

export class KeyService {
  readonly #parts: KeyServiceParts

  constructor(parts: KeyServiceParts) {
    this.#parts = parts
  }

  /** `kms/key-exists`, `kms/malformed-key-id`, `kms/malformed-description` */
  async create(
    id: string,
    {
      description,
      isDefault = false,
    }: { readonly description?: string; readonly isDefault?: boolean } = {},
  ): Promise<NamedKey> {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(id))
      throw kmsFault('kms/malformed-key-id', { id: id.slice(0, 140) })
    if (description !== undefined && !isDescription(description))
      throw kmsFault('kms/malformed-description')
    return await this.#parts.changelog.commit(async (tx) => {
      if ((await findKey(tx, id)) !== undefined) throw kmsFault('kms/key-exists', { id })
      return await this.#record(tx, {
        id,
        state: 'enabled',
        ...(description === undefined ? {} : { description }),
        ...(isDefault ? { isDefault } : {}),
        materials: [this.#newMaterial(tx.at)],
      })
    })
  }

  /** By name. */
  async list(): Promise<readonly NamedKey[]> {
    const rows = await this.#settled(
      (tx) => tx.query<NamedKeyRow>`select * from named_key order by id`,
    )
    return rows.map(namedKey)
  }

  /** `kms/no-such-key` */
  async describe(id: string): Promise<NamedKey> {
    return namedKey(await this.#settled((tx) => requireKey(tx, id)))
  }

  /** A disabled key neither seals nor opens. `kms/no-such-key` */
  async setState(id: string, state: NamedKey['state']): Promise<NamedKey> {
    return await this.#edit(id, () => ({ state }))
  }

  /** From now on it is the key of who names none. `kms/no-such-key` */
  async makeDefault(id: string): Promise<NamedKey> {
    return await this.#edit(id, () => ({ isDefault: true }))
  }

  /** New material for what is sealed from now on; the old stays for what it has sealed. `kms/no-such-key`, `kms/too-many-versions` */
  async rotate(id: string): Promise<NamedKey> {
    return await this.#edit(id, ({ materials }, { at }) => {
      if (materials.length >= keyVersionsMax)
        throw kmsFault('kms/too-many-versions', { versionsMax: keyVersionsMax })
      return { materials: [...materials, this.#newMaterial(at)] }
    })
  }

  /** The version that seals now: of this key, or of the default one. `kms/no-such-key`, `kms/no-default-key`, `kms/key-disabled` */
  async current(tx: Queryable, id: string | undefined): Promise<KeyVersion> {
    const row = id === undefined ? await requireDefault(tx) : await requireKey(tx, id)
    assertEnabled(row)
    return { id: row.id, version: materialsOf(row).length }
  }

  /**
   * 32 bytes that only this version of the key gives for this context (any text, which is authenticated so).
   * `kms/no-such-key`, `kms/key-disabled`, `keyring/unknown-generation`, `keyring/unwrap-failed`
   */
  async derive(tx: Queryable, { id, version }: KeyVersion, context: string): Promise<Uint8Array> {
    const row = await requireKey(tx, id)
    assertEnabled(row)
    const material = materialsOf(row)[version - 1]
    if (material === undefined) throw kmsFault('kms/no-such-key', { id, version })
    const key = this.#parts.keyring.unwrap(material.generation, material.wrapped)
    return deriveKey(key, { salt: Buffer.from(context), info: 'mycelium kms 1 outer key' })
  }

  /** Wraps all material under the newest generation key; returns how many keys had some under older ones. Durable on return. */
  async rewrapMaterials(): Promise<number> {
    const { keyring } = this.#parts
    return await this.#parts.changelog.commit(async (tx) => {
      const rows = await tx.query<NamedKeyRow>`
        select * from named_key where generation < ${keyring.generation} order by sequence`
      for (const row of rows) {
        const materials = materialsOf(row).map(({ at, generation, wrapped }) =>
          materialToJson({ at, ...keyring.wrap(keyring.unwrap(generation, wrapped)) }),
        )
        const change: KmsChange = { kind: 'kms/key-put', ...namedKeyJson(row), materials }
        await tx.record(change)
      }
      return rows.length
    })
  }

  #newMaterial(at: number): NamedKeyJson['materials'][number] {
    const { keyring, world } = this.#parts
    return materialToJson({ at, ...keyring.wrap(world.randomBytes(materialBytes)) })
  }

  async #edit(
    id: string,
    edited: (key: NamedKeyJson, tx: CommitTransaction) => Partial<NamedKeyJson>,
  ): Promise<NamedKey> {
    return await this.#parts.changelog.commit(async (tx) => {
      const json = namedKeyJson(await requireKey(tx, id))
      return await this.#record(tx, { ...json, ...edited(json, tx) })
    })
  }

  async #record(tx: CommitTransaction, key: NamedKeyJson): Promise<NamedKey> {
    const change: KmsChange = { kind: 'kms/key-put', ...key }
    await tx.record(change)
    return namedKey(await requireKey(tx, key.id))
  }

  async #settled<T>(read: (sql: Queryable) => Promise<T>): Promise<T> {
    return await settled(this.#parts, () => read(this.#parts.sql))
  }
}

function isDescription(text: string): boolean {
  return Buffer.byteLength(text) <= descriptionBytesMax && !/\p{Cc}/u.test(text)
}

async function findKey(tx: Queryable, id: string): Promise<NamedKeyRow | undefined> {
  const [row] = await tx.query<NamedKeyRow>`select * from named_key where id = ${id}`
  return row
}

async function requireKey(tx: Queryable, id: string): Promise<NamedKeyRow> {
  const row = await findKey(tx, id)
  if (row === undefined) throw kmsFault('kms/no-such-key', { id: id.slice(0, 140) })
  return row
}

async function requireDefault(tx: Queryable): Promise<NamedKeyRow> {
  const [row] = await tx.query<NamedKeyRow>`select * from named_key where is_default = 1`
  if (row === undefined) throw kmsFault('kms/no-default-key')
  return row
}

function assertEnabled({ id, state }: NamedKeyRow): void {
  if (state !== 'enabled') throw kmsFault('kms/key-disabled', { id })
}

function namedKey(row: NamedKeyRow): NamedKey {
  const { id, state, description, isDefault = false } = namedKeyJson(row)
  const materials = materialsOf(row)
  return {
    id,
    state,
    ...(description === undefined ? {} : { description }),
    isDefault,
    version: materials.length,
    createdAt: row.at,
    rotatedAt: materials.at(-1)?.at ?? row.at,
  }
}
