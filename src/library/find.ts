/**
 * Search and list. All words of a query must be found. What comes first is decided by where they are found, and can be told of each hit: by the
 * name asked for itself; then by whole words, then by the beginnings of words, then by words that are spelled nearly so; of these by the least field
 * (name, tags, description, headings, bodies) that, with those before it, has all words; of these by downloads, in powers of two, the newer library
 * first. Both databases give the same hits in the same order.
 *
 * Each of these is a set whose rows the index gives in the order wanted (`searchRowOf`), so that reading stops when the page is full.
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
  tableOf,
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
/** Behind this, a cursor goes on; and so far is counted. */
const offsetMax = 10_000
const wordsMax = 16
const textCharsMax = 500
/** Of the last word's beginning: of one character there is too much. */
const beginningCharsMin = 2
/** With fewer hits, words that are spelled nearly so are looked for as well. */
const fewHits = 3
/** Where something else than relevance decides, so many matches are read and sorted; of more, libraries are walked in that order. */
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

export async function find(parts: LibraryParts, actor: Actor, query: FindQuery): Promise<Found> {
  assertLetIn(parts, actor)
  const plan = planOf(actor, query)
  return await reading(parts, (sql) => answer(sql, plan, query.cursor))
}

interface Search {
  readonly sql: Queryable
  readonly dialect: Awaited<ReturnType<typeof dialectOf>>
}

async function answer(sql: Queryable, asked: Plan, cursor: string | undefined): Promise<Found> {
  const search: Search = { sql, dialect: await dialectOf(sql) }
  const matches = await countUpTo(search, asked, offsetMax + 1)
  const near = matches < fewHits ? await nearStage(search, asked) : undefined
  const plan = near === undefined ? asked : { ...asked, stages: [...asked.stages, near.terms] }
  const all = near === undefined ? matches : await countUpTo(search, plan, offsetMax + 1)
  const from = cursor === undefined ? undefined : readCursor(cursor)
  const offset = from === undefined ? (plan.page - 1) * plan.perPage : 0
  const found = await collect(search, plan, { from, most: offset + plan.perPage + 1 })
  const page = found.slice(offset, offset + plan.perPage)
  const last = found.length > offset + plan.perPage ? page.at(-1) : undefined
  const hits = await hitsOf(
    sql,
    page.map(({ row }) => row.id),
  )
  return {
    libraries:
      plan.stages.length === 0
        ? hits.map(({ facts }) => facts)
        : await explain(sql, hits, { stages: plan.stages, name: plan.name }),
    total: Math.min(all, offsetMax),
    isMore: all > offsetMax,
    page: plan.page,
    perPage: plan.perPage,
    ...(last === undefined ? {} : { next: writeCursor(last) }),
    ...(near === undefined || all === matches ? {} : { corrected: near.text }),
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
  const isWordless = words.length === 0 && text.trim() !== '' // nothing can be found by it
  return {
    actor,
    sort: sort === 'relevance' && words.length === 0 ? 'downloads' : sort,
    isDescending: (query.order ?? (sort === 'name' ? 'asc' : 'desc')) === 'desc',
    perPage,
    page,
    filters: [...filtersOf(query), ...(isWordless ? [clause`1 = 0`] : [])],
    stages: stagesOf(words),
    name: nameIn(text),
  }
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

/** A set of rows, apart from those before it. */
type RowSet =
  | { readonly kind: 'all' }
  /** Some other order than that of relevance. */
  | { readonly kind: 'matches'; readonly match: Match }
  | { readonly kind: 'named'; readonly match: Match }
  | {
      readonly kind: 'tier'
      readonly match: Match
      /** The tier before it. */
      readonly but: readonly Match[]
      /** All of the stage before it. */
      readonly former: Match | undefined
    }

/** In the order in which they come. */
function setsOf({ sort, stages }: Plan): readonly RowSet[] {
  const last = stages.at(-1)
  if (last === undefined) return [{ kind: 'all' }]
  const all: Match = { terms: last, fields: searchFields.length }
  if (sort !== 'relevance') return [{ kind: 'matches', match: all }]
  const tiers = stages.flatMap((terms, stage) =>
    searchFields.map((_, index): RowSet => {
      const fields = index + 1
      const former = stages[stage - 1]
      return {
        kind: 'tier',
        match: { terms, fields },
        but: index === 0 ? [] : [{ terms, fields: index }],
        former: former && { terms: former, fields: searchFields.length },
      }
    }),
  )
  return [{ kind: 'named', match: all }, ...tiers]
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
    const more = await readSet(search, plan, rows, { after, limit: most - found.length })
    found.push(...more.map((row) => ({ set, row })))
  }
  return found
}

interface Wanted {
  readonly after: Row | undefined
  readonly limit: number
}

async function readSet(
  search: Search,
  plan: Plan,
  rows: RowSet,
  wanted: Wanted,
): Promise<readonly Row[]> {
  switch (rows.kind) {
    case 'all':
      return await readSorted(search, plan, undefined, wanted)
    case 'matches':
      return await readSorted(search, plan, rows.match, wanted)
    case 'named':
      return await readNamed(search, plan, rows.match, wanted)
    case 'tier':
      return await readTier(search, plan, rows, wanted)
  }
}

const columns = clause`l.id, l.name, l.scope, l.downloads, l.updated_at, l.search_row`
interface Columns extends SqlRow, Omit<Row, 'place'> {
  readonly id: number
  readonly name: string
  readonly scope: string
  readonly downloads: number
  readonly updated_at: number
  readonly search_row: number
}

/** By place, from two ranges of rows: what everybody may see, and the rest. SQLite takes the tables of a cross join in their order. */
async function readTier(
  search: Search,
  plan: Plan,
  { match, but, former }: Extract<RowSet, { kind: 'tier' }>,
  { after, limit }: Wanted,
): Promise<readonly Row[]> {
  const { sql, dialect } = search
  const place = after?.place ?? -1
  const read = async (first: number, more: readonly Clause[]): Promise<readonly Row[]> => {
    const conditions = allOf([
      matching(dialect, match, but),
      clause`f.rowid > ${first + place} and f.rowid < ${first + firstHiddenRow}`,
      ...(former === undefined ? [] : [notIn(dialect, former)]),
      clause`l.search_row = f.rowid and l.name <> ${plan.name}`,
      ...plan.filters,
      ...more,
    ])
    const statement = clause`select ${columns} from ${tableOf(match)} cross join library l
      where ${conditions} order by f.rowid limit ${limit}`
    return (await run<Columns>(sql, statement)).map(rowOf)
  }
  const everybodys = await read(0, [])
  if (seesOnlyPublic(plan.actor)) return everybodys
  const hidden = await read(firstHiddenRow, [visibleTo(plan.actor)])
  return [...everybodys, ...hidden].sort((one, other) => one.place - other.place).slice(0, limit)
}

/** Whoever comes here has seen all of the stage before, so it is not large. */
function notIn(dialect: Search['dialect'], former: Match): Clause {
  return clause`f.rowid not in (select f.rowid from ${tableOf(former)} where ${matching(dialect, former, [])})`
}

function rowOf({ id, name, scope, downloads, updated_at, search_row: row }: Columns): Row {
  return { id, name, scope, downloads, updated_at, place: row % firstHiddenRow }
}

/** As many as scopes that have a library of the name. */
async function readNamed(
  { sql, dialect }: Search,
  { actor, filters, name }: Plan,
  match: Match,
  { after, limit }: Wanted,
): Promise<readonly Row[]> {
  const conditions = allOf([clause`l.name = ${name}`, visibleTo(actor), ...filters])
  const rows = await run<Columns>(
    sql,
    clause`select ${columns} from library l cross join ${tableOf(match)}
      where ${conditions} and f.rowid = l.search_row and ${matching(dialect, match, [])}`,
  )
  return rows
    .map(rowOf)
    .filter(({ place }) => place > (after?.place ?? -1))
    .sort((one, other) => one.place - other.place)
    .slice(0, limit)
}

/** In the order that was asked for. */
async function readSorted(
  search: Search,
  plan: Plan,
  match: Match | undefined,
  { after, limit }: Wanted,
): Promise<readonly Row[]> {
  const conditions = allOf([
    clause`l.shown is not null`,
    visibleTo(plan.actor),
    ...plan.filters,
    ...afterRow(plan, after),
  ])
  const order = clause`order by ${orderOf(plan)} limit ${limit}`
  const statement =
    match === undefined
      ? clause`select ${columns} from library l where ${conditions} ${order}`
      : (await countMatches(search, match, { most: sortedMax + 1 })) > sortedMax
        ? walked(search, match, { conditions, order })
        : clause`select ${columns} from ${tableOf(match)} cross join library l
            where ${matching(search.dialect, match, [])} and l.search_row = f.rowid and ${conditions} ${order}`
  return (await run<Columns>(search.sql, statement)).map(rowOf)
}

/** Libraries in order, each looked up among the matches, until there are enough. */
function walked(
  { dialect }: Search,
  match: Match,
  { conditions, order }: { readonly conditions: Clause; readonly order: Clause },
): Clause {
  const isMatch = clause`f.rowid = l.search_row and ${matching(dialect, match, [])}`
  if (dialect === 'sqlite')
    return clause`select ${columns} from library l cross join ${tableOf(match)}
      where ${isMatch} and ${conditions} ${order}`
  return clause`select ${columns} from library l, lateral (
      select 1 from ${tableOf(match)} where ${isMatch} offset 0) as matches
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

/** All that the actor may see, up to `most`. What everybody may see is counted where the words are, without a look at each library. */
async function countUpTo(search: Search, plan: Plan, most: number): Promise<number> {
  const { actor, filters, stages } = plan
  const terms = stages.at(-1)
  const conditions = allOf([clause`l.shown is not null`, visibleTo(actor), ...filters])
  if (terms === undefined)
    return await counted(search, clause`select 1 from library l where ${conditions} limit ${most}`)
  const match: Match = { terms, fields: searchFields.length }
  if (filters.length > 0) return await countMatches(search, match, { most, conditions })
  const range = clause`f.rowid < ${firstHiddenRow}`
  const everybodys = await countMatches(search, match, { most, range })
  if (seesOnlyPublic(actor) || everybodys >= most) return everybodys
  const hidden = {
    most: most - everybodys,
    range: clause`f.rowid >= ${firstHiddenRow}`,
    conditions,
  }
  return everybodys + (await countMatches(search, match, hidden))
}

async function countMatches(
  search: Search,
  match: Match,
  {
    most,
    range = clause`1 = 1`,
    conditions,
  }: { readonly most: number; readonly range?: Clause; readonly conditions?: Clause },
): Promise<number> {
  const matches = clause`${matching(search.dialect, match, [])} and ${range}`
  return await counted(
    search,
    conditions === undefined
      ? clause`select 1 from ${tableOf(match)} where ${matches} limit ${most}`
      : clause`select 1 from ${tableOf(match)} cross join library l
          where ${matches} and l.search_row = f.rowid and ${conditions} limit ${most}`,
  )
}

async function counted({ sql }: Search, rows: Clause): Promise<number> {
  const [row] = await run<{ count: number }>(
    sql,
    clause`select count(*) as count from (${rows}) as found`,
  )
  return row?.count ?? 0
}
