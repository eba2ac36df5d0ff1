/**
 * Search and list. All words of a query must be found. What comes first is decided by where they are found, and can be told of each hit: by the
 * name asked for itself; then by whole words, then by the beginnings of words, then by words that are spelled nearly so; of these by the least field
 * (name, tags, description, headings, bodies) that, with those before it, has all words; of these by downloads, then by the last change. Both
 * databases give the same hits in the same order.
 *
 * Few matches are read and sorted; of many, libraries are walked in the order wanted until a page is full. Either takes as long as a page is, not as
 * the matches are.
 */
import type { Actor } from '#identity/actor'
import { allOf, type Clause, clause, run } from '#library/_clauses'
import { type Position, type Row, readCursor, writeCursor } from '#library/_cursor'
import { explain } from '#library/_explain'
import { hitsOf } from '#library/_hits'
import {
  type Alternative,
  type Match,
  matching,
  searchFields,
  type Term,
  type Terms,
} from '#library/_matching'
import { assertLetIn, reading } from '#library/_rows'
import { firstHiddenRow } from '#library/_search-index'
import { nearWords } from '#library/_spelling'
import { seesOnlyPublic, visibleTo } from '#library/_visible'
import { libraryFault } from '#library/faults'
import type { FindQuery, FindSort, Found } from '#library/model'
import type { LibraryParts } from '#library/parts'
import { otherNumber, wordsOf } from '#library/words'
import { dialectOf } from '#sql/catalog'
import type { Queryable, SqlRow } from '#sql/sql'

export const perPageDefault = 20
export const perPageMax = 100
/** Behind this, a cursor goes on. */
const offsetMax = 10_000
const wordsMax = 16
const textCharsMax = 500
/** Of the last word's beginning: of one character there is too much. */
const beginningCharsMin = 2
/** With fewer hits, words that are spelled nearly so are looked for as well. */
const fewHits = 3
/** So many matches are read and sorted; of more, libraries are walked. */
const sortedMax = 4_000

/** What a query comes to. */
interface Plan {
  readonly actor: Actor
  readonly sort: FindSort
  readonly isDescending: boolean
  readonly perPage: number
  readonly page: number
  /** Conditions on `library l`, beside the actor's. */
  readonly filters: readonly Clause[]
  /** Each takes what the ones before it take, and more. None without words. */
  readonly stages: readonly Terms[]
  /** As a name is written. */
  readonly name: string
}

type FoundRow = Row & SqlRow

export async function find(parts: LibraryParts, actor: Actor, query: FindQuery): Promise<Found> {
  assertLetIn(parts, actor)
  const plan = planOf(actor, query)
  return await reading(parts, (sql) => answer(sql, plan, query.cursor))
}

async function answer(sql: Queryable, asked: Plan, cursor: string | undefined): Promise<Found> {
  const dialect = await dialectOf(sql)
  const search = { sql, dialect }
  const matches = await count(search, asked)
  const near = matches < fewHits ? await nearStage(search, asked) : undefined
  const plan = near === undefined ? asked : { ...asked, stages: [...asked.stages, near.terms] }
  const total = near === undefined ? matches : await count(search, plan)
  const from = cursor === undefined ? undefined : readCursor(cursor)
  const offset = from === undefined ? (plan.page - 1) * plan.perPage : 0
  const found = await collect(search, plan, { from, most: offset + plan.perPage + 1 })
  const page = found.slice(offset, offset + plan.perPage)
  const last = found.length > offset + plan.perPage ? page.at(-1) : undefined
  const hits = await hitsOf(
    sql,
    page.map(({ row }) => row.id),
  )
  const explained =
    plan.stages.length === 0
      ? hits.map(({ facts }) => facts)
      : await explain(sql, hits, { stages: plan.stages, name: plan.name })
  return {
    libraries: explained,
    total,
    page: plan.page,
    perPage: plan.perPage,
    ...(last === undefined ? {} : { next: writeCursor(last) }),
    ...(near === undefined || total === matches ? {} : { corrected: near.text }),
  }
}

/** `library/malformed-query` */
function planOf(actor: Actor, query: FindQuery): Plan {
  const { text = '', page = 1, perPage = perPageDefault } = query
  if (text.length > textCharsMax) throw malformed('q', `at most ${textCharsMax} characters`)
  if (!Number.isSafeInteger(perPage) || perPage < 1 || perPage > perPageMax)
    throw malformed('per_page', `1 to ${perPageMax}`)
  if (!Number.isSafeInteger(page) || page < 1 || (page - 1) * perPage > offsetMax)
    throw malformed('page', `from 1, and not behind ${offsetMax} libraries: use the cursor`)
  const words = [...new Set(wordsOf(text))]
  if (words.length > wordsMax) throw malformed('q', `at most ${wordsMax} words`)
  const sort = query.sort ?? (words.length > 0 ? 'relevance' : 'name')
  return {
    actor,
    sort: sort === 'relevance' && words.length === 0 ? 'downloads' : sort,
    isDescending: (query.order ?? (sort === 'name' ? 'asc' : 'desc')) === 'desc',
    perPage,
    page,
    filters: [...filtersOf(query), ...(isWordless(text, words) ? [clause`1 = 0`] : [])],
    stages: stagesOf(words),
    name: nameIn(text),
  }
}

/** Something was asked for that nothing can be found by. */
function isWordless(text: string, words: readonly string[]): boolean {
  return words.length === 0 && text.trim() !== ''
}

function malformed(field: string, reason: string): Error {
  return libraryFault('library/malformed-query', { field, reason })
}

function filtersOf({ tag, scope, license, updatedSince }: FindQuery): readonly Clause[] {
  const filters: Clause[] = []
  if (tag !== undefined)
    filters.push(
      clause`exists (select 1 from library_tag t where t.tag = ${tag.toLowerCase()} and t.library = l.id)`,
    )
  if (scope !== undefined) filters.push(clause`l.scope = ${scope.replace(/^@/, '').toLowerCase()}`)
  if (license !== undefined) filters.push(clause`lower(l.license) = ${license.toLowerCase()}`)
  if (updatedSince !== undefined) filters.push(clause`l.updated_at >= ${updatedSince}`)
  return filters
}

/** Whole words, in the singular or the plural; then the last may go on. */
function stagesOf(words: readonly string[]): readonly Terms[] {
  const last = words.at(-1)
  if (last === undefined) return []
  const whole = words.map((word): Term => {
    const other = otherNumber(word)
    const anyOf = [word, ...(other === undefined ? [] : [other])]
    return { word, anyOf: anyOf.map((one) => ({ word: one, match: 'whole' })) }
  })
  if (last.length < beginningCharsMin) return [whole]
  return [whole, whole.with(-1, withMore(whole.at(-1), [{ word: last, match: 'beginning' }]))]
}

function withMore(term: Term | undefined, more: readonly Alternative[]): Term {
  return { word: term?.word ?? '', anyOf: [...(term?.anyOf ?? []), ...more] }
}

/** `@scope/name` names as `name` does. */
function nameIn(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/^@?[^/\s]*\//, '')
}

interface Search {
  readonly sql: Queryable
  readonly dialect: Awaited<ReturnType<typeof dialectOf>>
}

/** Words that somebody uses, near those that nobody does: `undefined` when there are none. */
async function nearStage(
  { sql }: Search,
  { stages }: Plan,
): Promise<{ readonly terms: Terms; readonly text: string } | undefined> {
  const terms = stages.at(-1)
  if (terms === undefined) return undefined
  const near = await Promise.all(terms.map(({ word }) => nearWords(sql, word)))
  if (near.every((words) => words.length === 0)) return undefined
  return {
    terms: terms.map((term, index) =>
      withMore(
        term,
        (near[index] ?? []).map((word) => ({ word, match: 'near' })),
      ),
    ),
    text: terms.map(({ word }, index) => near[index]?.[0] ?? word).join(' '),
  }
}

/** A set of rows, apart from those before it, and what `from` reads it with. */
interface RowSet {
  readonly name?: string
  readonly match?: Match
  readonly but: readonly Match[]
}

/** In the order in which they come. One for all, where something else than relevance decides. */
function setsOf({ sort, stages, name }: Plan): readonly RowSet[] {
  const last = stages.at(-1)
  if (last === undefined) return [{ but: [] }]
  if (sort !== 'relevance')
    return [{ match: { terms: last, fields: searchFields.length }, but: [] }]
  const tiers = stages.flatMap((terms, stage) =>
    searchFields.map((_, index): RowSet => {
      const former = stages[stage - 1]
      return {
        match: { terms, fields: index + 1 },
        but: [
          ...(index === 0 ? [] : [{ terms, fields: index }]),
          ...(former === undefined ? [] : [{ terms: former, fields: searchFields.length }]),
        ],
      }
    }),
  )
  return [{ name, match: { terms: last, fields: searchFields.length }, but: [] }, ...tiers]
}

async function collect(
  search: Search,
  plan: Plan,
  { from, most }: { readonly from: Position | undefined; readonly most: number },
): Promise<readonly Position[]> {
  const found: Position[] = []
  for (const [set, rows] of setsOf(plan).entries()) {
    if (from !== undefined && set < from.set) continue
    if (found.length >= most) break
    const after = from?.set === set ? from.row : undefined
    const limit = most - found.length
    const more = await readSet(search, plan, { rows, after, limit })
    found.push(...more.map((row) => ({ set, row })))
  }
  return found
}

interface Wanted {
  readonly rows: RowSet
  readonly after: Row | undefined
  readonly limit: number
}

async function readSet(search: Search, plan: Plan, wanted: Wanted): Promise<readonly Row[]> {
  const { rows } = wanted
  const conditions = allOf([
    clause`l.shown is not null`,
    ...(rows.name === undefined ? nameApart(plan) : [clause`l.name = ${rows.name}`]),
    visibleTo(plan.actor),
    ...plan.filters,
    ...afterRow(plan, wanted.after),
  ])
  const columns = clause`l.id, l.name, l.scope, l.downloads, l.updated_at`
  const order = clause`order by ${orderOf(plan)} limit ${wanted.limit}`
  if (rows.match === undefined)
    return await run<FoundRow>(
      search.sql,
      clause`select ${columns} from library l where ${conditions} ${order}`,
    )
  const match = matching(search.dialect, rows.match, rows.but)
  const isWalked = rows.name !== undefined || (await countUpTo(search, match)) > sortedMax
  const statement = isWalked ? walked : sorted
  return await run<FoundRow>(search.sql, statement(search, { columns, conditions, match, order }))
}

/** What was asked for by its name has come before. */
function nameApart({ sort, stages, name }: Plan): readonly Clause[] {
  return sort === 'relevance' && stages.length > 0 ? [clause`l.name <> ${name}`] : []
}

interface Pieces {
  readonly columns: Clause
  readonly conditions: Clause
  readonly match: Clause
  readonly order: Clause
}

/** All that match, then sorted. SQLite takes tables in the order of a cross join. */
function sorted({ dialect }: Search, { columns, conditions, match, order }: Pieces): Clause {
  if (dialect === 'sqlite')
    return clause`select ${columns} from derived_library_text f cross join library l
      where ${match} and l.search_row = f.rowid and ${conditions} ${order}`
  return clause`select ${columns} from derived_library_text f join library l on l.search_row = f.rowid
    where ${match} and ${conditions} ${order}`
}

/** Libraries in order, each looked up among the matches, until there are enough. */
function walked({ dialect }: Search, { columns, conditions, match, order }: Pieces): Clause {
  if (dialect === 'sqlite')
    return clause`select ${columns} from library l cross join derived_library_text f
      where f.rowid = l.search_row and ${match} and ${conditions} ${order}`
  return clause`select ${columns} from library l, lateral (
      select 1 from derived_library_text f where f.rowid = l.search_row and ${match} offset 0) as matches
    where ${conditions} ${order}`
}

function orderOf({ sort, isDescending }: Plan): Clause {
  if (sort === 'name')
    return isDescending
      ? clause`l.name desc, l.scope desc, l.id desc`
      : clause`l.name, l.scope, l.id`
  if (sort === 'updated_at')
    return isDescending ? clause`l.updated_at desc, l.id desc` : clause`l.updated_at, l.id`
  return isDescending
    ? clause`l.downloads desc, l.updated_at desc, l.id desc`
    : clause`l.downloads, l.updated_at, l.id`
}

function afterRow({ sort, isDescending }: Plan, row: Row | undefined): readonly Clause[] {
  if (row === undefined) return []
  const { id, name, scope, downloads, updated_at: at } = row
  if (sort === 'name')
    return isDescending
      ? [clause`(l.name, l.scope, l.id) < (${name}, ${scope}, ${id})`]
      : [clause`(l.name, l.scope, l.id) > (${name}, ${scope}, ${id})`]
  if (sort === 'updated_at')
    return isDescending
      ? [clause`(l.updated_at, l.id) < (${at}, ${id})`]
      : [clause`(l.updated_at, l.id) > (${at}, ${id})`]
  return isDescending
    ? [clause`(l.downloads, l.updated_at, l.id) < (${downloads}, ${at}, ${id})`]
    : [clause`(l.downloads, l.updated_at, l.id) > (${downloads}, ${at}, ${id})`]
}

/** Of one set; enough to know whether there are many. */
async function countUpTo({ sql }: Search, match: Clause): Promise<number> {
  const [row] = await run<{ count: number }>(
    sql,
    clause`select count(*) as count from (
      select 1 from derived_library_text f where ${match} limit ${sortedMax + 1}) as found`,
  )
  return row?.count ?? 0
}

/**
 * All that the actor may see. What everybody may see is counted where the words are, without a look at each library; of the rest there is less.
 */
async function count(search: Search, { actor, filters, stages }: Plan): Promise<number> {
  const terms = stages.at(-1)
  const conditions = allOf([clause`l.shown is not null`, visibleTo(actor), ...filters])
  if (terms === undefined)
    return await counted(
      search.sql,
      clause`select count(*) as count from library l where ${conditions}`,
    )
  const match = matching(search.dialect, { terms, fields: searchFields.length }, [])
  const inTables = (where: Clause): Clause =>
    search.dialect === 'sqlite'
      ? clause`select count(*) as count from derived_library_text f cross join library l
          where ${match} and l.search_row = f.rowid and ${where}`
      : clause`select count(*) as count from derived_library_text f join library l on l.search_row = f.rowid
          where ${match} and ${where}`
  if (filters.length > 0) return await counted(search.sql, inTables(conditions))
  const everybodys = await counted(
    search.sql,
    clause`select count(*) as count from derived_library_text f where ${match} and f.rowid < ${firstHiddenRow}`,
  )
  if (seesOnlyPublic(actor)) return everybodys
  const hidden = clause`f.rowid >= ${firstHiddenRow} and ${conditions}`
  return everybodys + (await counted(search.sql, inTables(hidden)))
}

async function counted(sql: Queryable, statement: Clause): Promise<number> {
  const [row] = await run<{ count: number }>(sql, statement)
  return row?.count ?? 0
}
