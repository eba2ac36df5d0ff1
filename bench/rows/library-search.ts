/**
 * Search over 100,000 libraries, as doors ask for it (20 hits with all that is told of them, how many there are, why), against a bare full-text query
 * on the same rows: the 20 best by the database's own rank, nothing but their numbers. Words are Zipf's, those that are asked for too.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { anonymous } from '#identity/actor'
import type { Libraries } from '#library/libraries'
import { libraryRoom } from '#library/tables'
import { listTables } from '#sql/catalog'
import { openPostgres } from '#sql/postgres'
import type { Sql, SqlRow } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import { quoted, templateOf } from '#sql/template'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { openOn } from '../../test/crash/lasting-registry.ts'
import { startPostgres } from '../../test/postgres/server.ts'
import { libraryChanges, ZipfWords } from '../library/corpus.ts'
import { inTurn, type Measured, type Row } from '../row.ts'

const libraries = 100_000
/** A round. */
const queries = 200
/** PostgreSQL ranks every match of a bare query, which takes it a second for a frequent word. */
const queriesOnPostgres = 60
/** Of a transaction. */
const batchChanges = 3_000

const onSqlite: Row = {
  name: 'library-search',
  unit: '/s',
  better: 'higher',
  must: 0.5,
  aim: 0.8,
  measure: () =>
    withFilled(
      async (sql, directory) => await compare(sql, { directory, queries, bare: bareFts5 }),
    ),
}

const onPostgres: Row = {
  ...onSqlite,
  name: 'library-search-pg',
  measure: () =>
    withFilled(async (filled, directory) => {
      await using server = await startPostgres({ settings: serverSettings })
      const sql = await openPostgres({
        address: server.url,
        holder: { place: 'here', program: 'a benchmark' },
        world,
        telemetry,
      })
      try {
        await using _ = await openOn(sql, { directory, world }) // makes the tables
        await copyRows(filled, sql)
        return await compare(sql, {
          directory,
          queries: queriesOnPostgres,
          bare: bareVectors,
        })
      } finally {
        await sql.close()
      }
    }),
}

/** As servers of this size have them; what nobody waits for is not waited for while rows are filled in. */
const serverSettings = [
  'shared_buffers=1GB',
  'maintenance_work_mem=512MB',
  'max_wal_size=8GB',
  'fsync=off',
]

export const librarySearchRows: readonly Row[] = [onSqlite, onPostgres]

const world = systemWorld()
/** Beside the sources: a real disk, where a temporary directory may be memory. */
const home = new URL('../.data/', import.meta.url).pathname

async function withFilled(
  work: (sql: Sql, directory: string) => Promise<Measured>,
): Promise<Measured> {
  await mkdir(home, { recursive: true })
  const directory = await mkdtemp(join(home, 'libraries-'))
  const sql = openSqlite({ path: join(directory, 'libraries.sqlite'), telemetry })
  try {
    await using _ = await openOn(sql, { directory, world }) // makes the tables
    let batch: Parameters<typeof libraryRoom.apply>[1][] = []
    const write = async (): Promise<void> => {
      const changes = batch
      batch = []
      await sql.transaction(async (tx) => {
        for (const change of changes) await libraryRoom.apply(tx, change)
      })
    }
    for (const change of libraryChanges(libraries)) {
      batch.push(change)
      if (batch.length >= batchChanges) await write()
    }
    await write()
    return await work(sql, directory)
  } finally {
    await sql.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Rows as they are; what words are found by, which each database has for itself, from them. */
async function copyRows(from: Sql, to: Sql): Promise<void> {
  for (const { name, columns, key } of await listTables(from)) {
    if (!name.startsWith('library')) continue
    const list = (names: readonly string[]): string => names.map(quoted).join(', ')
    const places = (count: number): readonly string[] => Array(count - 1).fill(', ')
    const insert = templateOf([
      `insert into ${name} (${list(columns)}) values (`,
      ...places(columns.length),
      ')',
    ])
    const end = `order by ${list(key)} limit 2000`
    const first = templateOf([`select * from ${name} ${end}`])
    const next = templateOf([
      `select * from ${name} where (${list(key)}) > (`,
      ...places(key.length),
      `) ${end}`,
    ])
    let page = await from.query(first)
    for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
      const valuesOf = (row: SqlRow, names: readonly string[]) =>
        names.map((one) => row[one] ?? null)
      const rows = page
      await to.transaction(async (tx) => {
        await Promise.all(rows.map((row) => tx.query(insert, ...valuesOf(row, columns))))
      })
      page = await from.query(next, ...valuesOf(last, key))
    }
  }
  await to.transaction((tx) => tx.query`analyze`)
  const indexes = await dropIndexes(to)
  for (let id = 0; id < 2 * libraries; id += indexedAtOnce) await indexRows(to, id)
  for (const create of indexes) await to.transaction((tx) => tx.query(templateOf([create])))
  await to.transaction((tx) => tx.query`analyze`)
}

/** Those that words are found by: made of all rows at once they are what they become row by row, much sooner. How each is made. */
async function dropIndexes(sql: Sql): Promise<readonly string[]> {
  const indexes = await sql.query<{ indexname: string; indexdef: string }>`
    select indexname, indexdef from pg_indexes
    where tablename like 'derived_library_%' and indexdef like '% USING gin %'`
  if (indexes.length === 0) throw new Error('no index that words are found by')
  await sql.transaction(async (tx) => {
    for (const { indexname } of indexes)
      await tx.query(templateOf([`drop index ${quoted(indexname)}`]))
  })
  return indexes.map(({ indexdef }) => indexdef)
}

/** Ids; no statement may take half a minute. */
const indexedAtOnce = 4_000

/** `indexLibrary`, for those with ids behind `first`. */
async function indexRows(sql: Sql, first: number): Promise<void> {
  const last = first + indexedAtOnce
  await sql.transaction(async (tx) => {
    await tx.query`
      insert into derived_library_head (rowid, name, tags, description)
      select l.search_row, replace(l.name || ' ' || l.scope, '-', ' ')::tsvector,
        coalesce((select string_agg(t.tag, ' ') from library_tag t where t.library = l.id), '')::tsvector,
        l.description::tsvector
      from library l where l.id > ${first} and l.id <= ${last}`
    await tx.query`
      insert into derived_library_text (rowid, name, tags, description, headings, bodies)
      select f.rowid, f.name, f.tags, f.description, w.headings::tsvector, w.bodies::tsvector
      from derived_library_head f join library l on l.search_row = f.rowid join library_words w on w.version = l.shown
      where l.id > ${first} and l.id <= ${last}`
  })
}

type Bare = (sql: Sql, words: readonly string[]) => Promise<readonly unknown[]>

const bareFts5: Bare = (sql, words) => {
  const match = words.map((word) => `"${word}"`).join(' AND ')
  return sql.query`
    select rowid from derived_library_text where derived_library_text match ${match} order by rank limit 20`
}

const bareVectors: Bare = (sql, words) => {
  const query = words.map((word) => `'${word}'`).join(' & ')
  return sql.query`
    select rowid from derived_library_text
    where (name || tags || description || headings || bodies) @@ ${query}::tsquery
    order by ts_rank((name || tags || description || headings || bodies), ${query}::tsquery) desc limit 20`
}

async function compare(
  sql: Sql,
  {
    directory,
    queries,
    bare,
  }: { readonly directory: string; readonly queries: number; readonly bare: Bare },
): Promise<Measured> {
  await using registry = await openOn(sql, { directory, world })
  const asked = askedFor(queries)
  const times: number[] = []
  const measured = await inTurn(
    () => rateOf(asked, (words) => find(registry.libraries, words), times),
    () => rateOf(asked, (words) => bare(sql, words)),
  )
  const sorted = times.toSorted((one, other) => one - other)
  const at = (share: number): string => (sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(1)
  console.log(`  search: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`)
  return measured
}

/** One, two or three words. */
function askedFor(count: number): readonly (readonly string[])[] {
  const words = new ZipfWords('queries')
  return Array.from({ length: count }, () => {
    const chance = words.chance()
    return words.words(chance < 0.6 ? 1 : chance < 0.9 ? 2 : 3)
  })
}

async function find(registry: Libraries, words: readonly string[]): Promise<void> {
  await registry.find(anonymous, { text: words.join(' ') })
}

/** A second. What each took is added to `times`. */
async function rateOf(
  asked: readonly (readonly string[])[],
  ask: (words: readonly string[]) => Promise<unknown>,
  times: number[] = [],
): Promise<number> {
  const startedAt = performance.now()
  for (const words of asked) {
    const begun = performance.now()
    await ask(words)
    times.push(performance.now() - begun)
  }
  return (asked.length * 1000) / (performance.now() - startedAt)
}
