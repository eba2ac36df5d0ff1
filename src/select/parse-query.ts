/**
 * The SQL of S3 Select. https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-select.html
 * One SELECT over one object: no joins, no grouping, no ordering.
 */
import { parseExpression } from '#select/_parse-expression'
import { readBracket, readName } from '#select/_parse-step'
import { reserved } from '#select/_reserved'
import { TokenReader } from '#select/_token-reader'
import { selectFault } from '#select/faults'
import { expressionBytesMax } from '#select/limits'
import type { Column, Query, Source, SourceStep } from '#select/syntax'

/** Clauses and operators of SQL that are not offered. */
const unoffered: ReadonlySet<string> = new Set(
  'CROSS DISTINCT EXCEPT FULL GROUP HAVING INNER INTERSECT JOIN LEFT NATURAL OFFSET ORDER OUTER RIGHT UNION'.split(
    ' ',
  ),
)

/** `select/too-long`, `select/too-deep`, `select/unexpected-token` and other faults of the room that say where it went wrong. */
export function parseQuery(text: string): Query {
  if (Buffer.byteLength(text) > expressionBytesMax) throw selectFault('select/too-long')
  const reader = new TokenReader(text)
  if (!reader.accept('SELECT')) throw reader.unexpected('SELECT')
  const columns = readColumns(reader)
  if (reader.isAtEnd) throw selectFault('select/missing-from')
  reader.expect('FROM')
  const source = readSource(reader)
  const where = reader.accept('WHERE') ? parseExpression(reader) : undefined
  const limit = reader.accept('LIMIT') ? readLimit(reader) : undefined
  reader.accept(';')
  if (!reader.isAtEnd) throw ending(reader)
  return {
    columns: columns === '*' ? columns : starOf(columns, source, reader),
    source,
    where,
    limit,
  }
}

type ReadColumn = Column | { readonly starOf: string }

function readColumns(reader: TokenReader): '*' | readonly ReadColumn[] {
  if (reader.is('FROM')) throw selectFault('select/missing-select-list')
  if (reader.accept('*')) {
    if (reader.is(',')) throw selectFault('select/star-not-alone')
    return '*'
  }
  if (reader.isOneOf(unoffered)) throw ending(reader)
  const columns: ReadColumn[] = []
  do {
    if (reader.is('*')) throw selectFault('select/star-not-alone')
    columns.push(readColumn(reader))
  } while (reader.accept(','))
  return columns
}

function readColumn(reader: TokenReader): ReadColumn {
  const { text } = reader.next
  if (reader.accept(text.toUpperCase(), '.', '*')) return { starOf: text }
  return { expression: parseExpression(reader), alias: readAlias(reader) }
}

/** `s.*` is `*`, if it is alone and `s` is the source. */
function starOf(
  columns: readonly ReadColumn[],
  source: Source,
  reader: TokenReader,
): Query['columns'] {
  const plain = columns.filter((column): column is Column => !('starOf' in column))
  if (plain.length === columns.length) return plain
  const [column] = columns
  if (column === undefined || !('starOf' in column) || columns.length > 1)
    throw selectFault('select/star-not-alone')
  if (column.starOf.toLowerCase() !== source.alias.toLowerCase()) throw reader.unexpected()
  return '*'
}

function readAlias(reader: TokenReader): string | undefined {
  const isNamed = reader.accept('AS')
  const { kind, text } = reader.next
  const isAlias = kind === 'quoted' || (kind === 'name' && !reserved.has(text.toUpperCase()))
  if (isAlias && (isNamed || !reader.isOneOf(unoffered))) return reader.take().text
  if (isNamed) throw reader.unexpected('a name')
  return undefined
}

/** `S3Object[*].path AS alias`. What follows the last dot is the alias when none is given. */
function readSource(reader: TokenReader): Source {
  const table = reader.take()
  if (table.kind !== 'name' || table.text.toUpperCase() !== 'S3OBJECT') {
    throw selectFault('select/invalid-table-alias', {
      reason: 'The only source of a query is S3Object.',
    })
  }
  reader.accept('[', '*', ']') // every object is a list of records
  const path: SourceStep[] = []
  for (let step = readStep(reader); step !== undefined; step = readStep(reader)) path.push(step)
  const last = path.at(-1)
  const alias = readAlias(reader) ?? (last?.kind === 'name' ? last.name : table.text)
  if (reader.is(',')) throw selectFault('select/several-sources')
  return { path, alias }
}

function readStep(reader: TokenReader): SourceStep | undefined {
  if (reader.accept('.')) {
    if (reader.accept('*')) return { kind: 'members' }
    return readName(reader)
  }
  if (!reader.accept('[')) return undefined
  if (reader.accept('*', ']')) return { kind: 'elements' }
  return readBracket(reader)
}

function readLimit(reader: TokenReader): number {
  const { kind, text } = reader.next
  if (kind !== 'number' || !/^\d{1,15}$/.test(text)) throw selectFault('select/bad-limit')
  reader.take()
  return Number(text)
}

function ending(reader: TokenReader): Error {
  if (!reader.isOneOf(unoffered)) return reader.unexpected()
  return selectFault('select/unsupported-syntax', {
    reason: `${reader.next.text.toUpperCase()} is not supported, at character ${reader.next.at}.`,
  })
}
