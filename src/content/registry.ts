/** Keeps manifests under their hashes. They are immutable: whoever came first has written it, and everybody after that has written the same. */
import { bytesOfHash, hashOfManifest, type ManifestHash } from '#content/manifest-hash'
import { makeTables, type RegistryDatabase, removeOlder } from '#content/registry-tables'

export interface Put {
  readonly hash: ManifestHash
  /** False when it was there already. */
  readonly isNew: boolean
}

/** Makes the table when there is none. Faults of `sql`. */
export async function openRegistry(database: RegistryDatabase): Promise<Registry> {
  await makeTables(database)
  return new Registry(database)
}

/** Everything may fail with faults of `sql`: nothing is kept beside the database. */
export class Registry {
  readonly #database: RegistryDatabase

  /** Use `openRegistry`. */
  constructor(database: RegistryDatabase) {
    this.#database = database
  }

  /** Durable when it returns. What the bytes mean is nobody's business here: they are sealed. */
  async put(manifest: Uint8Array): Promise<Put> {
    const hash = hashOfManifest(manifest)
    const written = await this.#database.sql.transaction(
      (tx) => tx.query`
        insert into blobs (hash, data, size) values (${bytesOfHash(hash)}, ${manifest}, ${manifest.length})
        on conflict (hash) do nothing returning size`,
    )
    return { hash, isNew: written.length > 0 }
  }

  async get(hash: ManifestHash): Promise<Uint8Array | undefined> {
    const [row] = await this.#database.sql.query<{ data: Uint8Array }>`
      select data from blobs where hash = ${bytesOfHash(hash)}`
    return row?.data
  }

  /** Its length. */
  async bytesOf(hash: ManifestHash): Promise<number | undefined> {
    const [row] = await this.#database.sql.query<{ bytes: number }>`
      select length(data) as bytes from blobs where hash = ${bytesOfHash(hash)}`
    return row?.bytes
  }

  /** False when there is none. Durable when it returns. */
  async remove(hash: ManifestHash): Promise<boolean> {
    const removed = await this.#database.sql.transaction(
      (tx) => tx.query`delete from blobs where hash = ${bytesOfHash(hash)} returning size`,
    )
    return removed.length > 0
  }

  /** Up to `most` of those older than `days`: how many; `undefined` while another process is at it. */
  async removeOlder(of: { readonly days: number; readonly most: number }) {
    return await removeOlder(this.#database, of)
  }

  /** Rejects while the database does not answer. */
  async check(): Promise<void> {
    await this.#database.sql.query`select 1 as one`
  }
}
