/**
 * What an import has done, in a small database of its own beside it: which versions are there and under which id, which were left out and why, and
 * the parts of uploads under way. What a method has returned from survives a crash; calls at the same time share one transaction.
 */

import { mainFault } from '#main/faults'
import type { MovedPart, UploadMemory } from '#s3/copy-route'
import type { Copied } from '#s3/copy-version'
import type { Sql, Transaction } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import type { Telemetry } from '#telemetry/telemetry'

/** Of the tables below. */
const formatVersion = '1'

/** A version of a key of one pair of buckets. */
export interface StateKey {
  readonly pair: number
  readonly key: string
  readonly version: string
}

export interface Done {
  readonly etag: string
  /** The version's id at the target; empty where it keeps none. */
  readonly target: string
}

export interface LeftOut {
  readonly key: string
  readonly version: string
  readonly reason: string
}

type Write = (tx: Transaction) => Promise<unknown>
interface Waiting {
  readonly write: Write
  readonly done: PromiseWithResolvers<void>
}

export class ImportState implements AsyncDisposable {
  readonly #sql: Sql
  #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined

  /** Callers use `openImportState`. */
  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** The number under which everything about this pair is kept. */
  async pairOf(source: string, target: string): Promise<number> {
    await this.#write(
      (tx) => tx.query`insert into pair (source, target) values (${source}, ${target})
        on conflict do nothing`,
    )
    const [row] = await this.#sql.query<{ id: number }>`
      select id from pair where source = ${source} and target = ${target}`
    return row?.id ?? 0 // it was just made
  }

  /** Versions of a key that are at the target, by their id at the source. */
  async doneOf(pair: number, key: string): Promise<ReadonlyMap<string, Done>> {
    const rows = await this.#sql.query<{ version: string; etag: string; target: string }>`
      select version, etag, target from copied where pair = ${pair} and key = ${key}`
    return new Map(rows.map(({ version, etag, target }) => [version, { etag, target }]))
  }

  /** Also forgets the parts that led there, and that it was once left out. `etag` is empty for a delete marker. */
  async copied(
    { pair, key, version }: StateKey,
    done: Done,
    proof?: Copied['proof'],
  ): Promise<void> {
    const { etag, target } = done
    await this.#write(async (tx) => {
      await tx.query`insert into copied (pair, key, version, etag, target, proof)
        values (${pair}, ${key}, ${version}, ${etag}, ${target}, ${proof ?? null})
        on conflict (pair, key, version) do update
        set etag = excluded.etag, target = excluded.target, proof = excluded.proof`
      await tx.query`delete from left_out where pair = ${pair} and key = ${key} and version = ${version}`
      await forgetParts(tx, { pair, key, version })
    })
  }

  async leaveOut({ pair, key, version }: StateKey, reason: string): Promise<void> {
    await this.#write(
      (tx) => tx.query`insert into left_out (pair, key, version, reason)
        values (${pair}, ${key}, ${version}, ${reason})
        on conflict (pair, key, version) do update set reason = excluded.reason`,
    )
  }

  /** Of all pairs that were ever asked for, in the order of their keys. */
  async leftOut(pair: number, limit: number): Promise<readonly LeftOut[]> {
    return await this.#sql.query<LeftOut & Record<string, string>>`
      select key, version, reason from left_out where pair = ${pair} order by key, version limit ${limit}`
  }

  /** Parts sent earlier count for the same content only. */
  async memoryOf({ pair, key, version }: StateKey, etag: string): Promise<UploadMemory> {
    const [upload] = await this.#sql.query<{ id: string }>`select id from upload
      where pair = ${pair} and key = ${key} and version = ${version} and etag = ${etag}`
    const rows = await this.#sql.query<PartRow>`select number, etag, md5, checksum from part
      where pair = ${pair} and key = ${key} and version = ${version} order by number`
    const parts = rows.map(({ checksum, ...part }): MovedPart => {
      return { ...part, checksum: checksum ?? undefined }
    })
    return {
      begun: upload && { uploadId: upload.id, parts },
      begin: (uploadId) =>
        this.#write(async (tx) => {
          await forgetParts(tx, { pair, key, version })
          await tx.query`insert into upload (pair, key, version, etag, id)
            values (${pair}, ${key}, ${version}, ${etag}, ${uploadId})`
        }),
      moved: ({ number, etag: partEtag, md5, checksum = null }) =>
        this.#write(
          (tx) => tx.query`insert into part (pair, key, version, number, etag, md5, checksum)
            values (${pair}, ${key}, ${version}, ${number}, ${partEtag}, ${md5}, ${checksum})
            on conflict (pair, key, version, number) do update
            set etag = excluded.etag, md5 = excluded.md5, checksum = excluded.checksum`,
        ),
    }
  }

  async #write(write: Write): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#waiting.push({ write, done })
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined
    })
    await done.promise
  }

  /** Rejects never: whoever waits hears of it. */
  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#sql.transaction(async (tx) => {
          for (const { write } of batch) await write(tx)
        })
        for (const { done } of batch) done.resolve()
      } catch (error) {
        for (const { done } of batch) done.reject(error)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushing
    await this.#sql.close()
  }
}

type PartRow = {
  readonly number: number
  readonly etag: string
  readonly md5: string
  readonly checksum: string | null
}

async function forgetParts(tx: Transaction, { pair, key, version }: StateKey): Promise<void> {
  await tx.query`delete from part where pair = ${pair} and key = ${key} and version = ${version}`
  await tx.query`delete from upload where pair = ${pair} and key = ${key} and version = ${version}`
}

/** Made when there is none. `main/foreign-import` for one between other endpoints, or of a later version. */
export async function openImportState(
  path: string,
  {
    from,
    to,
    telemetry,
  }: { readonly from: string; readonly to: string; readonly telemetry: Telemetry },
): Promise<ImportState> {
  const sql = openSqlite({ path, telemetry })
  try {
    await sql.transaction(async (tx) => {
      await tx.query`create table if not exists about (name text primary key, value text not null) strict`
      await createTables(tx)
      for (const [name, value] of Object.entries({ format: formatVersion, from, to })) {
        await tx.query`insert into about (name, value) values (${name}, ${value}) on conflict do nothing`
        const [row] = await tx.query<{
          value: string
        }>`select value from about where name = ${name}`
        if (row?.value !== value)
          throw mainFault('main/foreign-import', { path, name, is: row?.value })
      }
    })
  } catch (error) {
    await sql.close()
    throw error
  }
  return new ImportState(sql)
}

async function createTables(tx: Transaction): Promise<void> {
  await tx.query`create table if not exists pair (
    id integer primary key, source text not null, target text not null, unique (source, target)) strict`
  await tx.query`create table if not exists copied (
    pair integer not null, key text not null, version text not null, etag text not null,
    target text not null, proof text, primary key (pair, key, version)) strict, without rowid`
  await tx.query`create table if not exists left_out (
    pair integer not null, key text not null, version text not null, reason text not null,
    primary key (pair, key, version)) strict, without rowid`
  await tx.query`create table if not exists upload (
    pair integer not null, key text not null, version text not null, etag text not null,
    id text not null, primary key (pair, key, version)) strict, without rowid`
  await tx.query`create table if not exists part (
    pair integer not null, key text not null, version text not null, number integer not null,
    etag text not null, md5 text not null, checksum text,
    primary key (pair, key, version, number)) strict, without rowid`
}
