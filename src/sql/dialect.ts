/**
 * One text for both databases: statements are written in the part of SQL that SQLite and PostgreSQL share, and what must differ is
 * replaced here. Integers are `bigint` and text is ordered by its bytes, as in SQLite.
 */
import type { SqlValue } from '#sql/sql'

export interface PostgresStatement {
  readonly text: string
  readonly values: readonly (string | Buffer | null)[]
}

/** By template, then by the types of its values, which stand in the text. */
const known = new WeakMap<TemplateStringsArray, Map<string, string>>()

export function toPostgres(
  template: TemplateStringsArray,
  values: readonly SqlValue[],
): PostgresStatement {
  const casts = values.map(castOf)
  const signature = casts.join()
  const texts = known.get(template) ?? new Map<string, string>()
  known.set(template, texts)
  const text = texts.get(signature) ?? spell(template, casts)
  texts.set(signature, text)
  return { text, values: values.map(bind) }
}

function spell([first = '', ...rest]: readonly string[], casts: readonly string[]): string {
  const text = rest.reduce(
    (before, after, index) => `${before}$${index + 1}${casts[index]}${after}`,
    first,
  )
  return /^\s*(create|alter) table\b/i.test(text) ? spellTable(text) : spellCatalog(text)
}

/** Names in quotes, and that of the table, stay what they are. */
function spellTable(text: string): string {
  return text
    .replace(/\)\s*(strict|without rowid)\s*$/i, ')')
    .replace(/(?<!")\binteger\b/gi, 'bigint')
    .replace(/(?<!"|\btable\s+)\bblob\b/gi, 'bytea')
    .replace(/(?<!")\btext\b/gi, 'text collate "C"')
}

/** SQLite's lists of tables and columns, as far as they are asked for, without the lease, which is not the product's. */
function spellCatalog(text: string): string {
  return text
    .replace(
      /\bfrom pragma_table_info\(\$1\)/,
      `from (select attname::text as name, attnum as cid,
        coalesce(array_position(string_to_array(indkey::text, ' '), attnum::text), 0) as pk
        from pg_attribute left join pg_index on indrelid = attrelid and indisprimary
        where attrelid = to_regclass(quote_ident($1)) and attnum > 0 and not attisdropped) as columns`,
    )
    .replace(
      /\bfrom sqlite_schema\b/,
      `from (select relname::text as name, 'table' as type from pg_class
      where relnamespace = current_schema()::regnamespace and relkind = 'r' and relname <> 'store_lease') as tables`,
    )
}

/** A parameter's type is what its value is, as in SQLite: `${5} / 2` is 2. That of text and null, the server infers. */
function castOf(value: SqlValue): string {
  if (typeof value === 'bigint') return '::bigint'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? '::bigint' : '::float8'
  return value instanceof Uint8Array ? '::bytea' : ''
}

function bind(value: SqlValue): string | Buffer | null {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return String(value)
}

type Reader = (text: string) => SqlValue

/** PostgreSQL's type ids (https://www.postgresql.org/docs/current/catalog-pg-type.html), and how their text becomes a value. */
const readers = new Map<number, Reader>([
  [16, (text) => (text === 't' ? 1 : 0)], // bool
  [17, (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))], // bytea: \x and hexadecimal
  [20, integer], // int8
  [21, Number], // int2
  [23, Number], // int4
  [700, Number], // float4
  [701, Number], // float8
  [1700, (text) => (/^-?\d+$/.test(text) ? integer(text) : Number(text))], // numeric: what sums of int8 are
])

export function readerOf(typeId: number): Reader {
  return readers.get(typeId) ?? String
}

function integer(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}
