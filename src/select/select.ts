/** A query over one object, from its bytes to the bytes of the answer. */
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type CsvFormat, csvRecords, type Fields, type Span, wholeSpan } from '#select/csv-records'
import { Effort } from '#select/effort'
import { selectFault } from '#select/faults'
import { jsonRecords } from '#select/json-records'
import { batchBytesMax } from '#select/limits'
import { answerWriter, type OutputFormat } from '#select/output'
import { makePlan } from '#select/plan'
import type { Row, Shape } from '#select/record'
import type { Query } from '#select/syntax'

export interface InputFormat {
  readonly compression: 'none' | 'gzip'
  readonly records:
    | { readonly kind: 'csv'; readonly csv: CsvFormat; readonly header: 'none' | 'ignore' | 'use' }
    | { readonly kind: 'json' }
}

/** What is read. */
export interface SelectSource {
  /** From a place to the object's end. A piece belongs to the consumer until the next pull. */
  read(first: number): AsyncIterable<Uint8Array>
  /** Records that begin between these bytes, both included; of all when not given. Only of what is not compressed. */
  readonly scan?: { readonly first: number; readonly last: number }
}

/** Part of an answer, perhaps empty, and what has been read so far. */
export interface SelectedBatch {
  readonly records: Uint8Array
  readonly scanned: number
  readonly processed: number
}

/**
 * Pulls only when pulled, and does no more between two batches than `batchRecordsMax` records, `batchBytesMax` bytes of them or the effort of `batchEffortMax`
 * need, and one record: whoever pulls decides when others have their turn. Holds a piece, a record and a batch.
 */
export async function* select(
  query: Query,
  {
    source,
    input,
    output,
    now,
  }: {
    readonly source: SelectSource
    readonly input: InputFormat
    readonly output: OutputFormat
    readonly now: number
  },
): AsyncGenerator<SelectedBatch, void, undefined> {
  const tally = { scanned: 0, processed: 0 }
  const { shape, rows } = await openRows(query, { source, input, tally })
  const effort = new Effort()
  const plan = makePlan(query, { shape, now, effort })
  const write = answerWriter(output, shape)
  for await (const batch of plan.isDone ? [] : rows) {
    let text = ''
    for (const row of batch) {
      const answer = plan.take(row)
      if (answer !== undefined) text += write(answer)
      effort.endRecord()
      if (text.length >= batchBytesMax || effort.isEnough) {
        yield { records: Buffer.from(text), ...tally }
        text = ''
        effort.endBatch()
      }
      if (plan.isDone) break
    }
    yield { records: Buffer.from(text), ...tally }
    if (plan.isDone) break
  }
  const answer = plan.end()
  if (answer !== undefined) yield { records: Buffer.from(write(answer)), ...tally }
}

interface Tally {
  scanned: number
  processed: number
}

interface Rows {
  readonly shape: Shape
  readonly rows: AsyncIterable<readonly Row[]>
}

interface Opening {
  readonly source: SelectSource
  readonly input: InputFormat
  readonly tally: Tally
}

async function openRows(query: Query, { source, input, tally }: Opening): Promise<Rows> {
  const { records } = input
  if (records.kind === 'json') {
    const { bytes, span } = opened({ source, input, tally }, 1)
    return {
      shape: { kind: 'json' },
      rows: jsonRecords(bytes, { path: query.source.path, span }),
    }
  }
  if (query.source.path.length > 0) {
    throw selectFault('select/bad-path', {
      reason: 'Records of CSV have no path in the FROM clause.',
    })
  }
  const { csv, header } = records
  const { bytes, span } = opened({ source, input, tally }, Buffer.byteLength(csv.recordDelimiter))
  const isHeaderHere = header !== 'none' && !span.skipsFirst
  const batches = csvRecords(bytes, csv, span)
  const used = header === 'use' && span.skipsFirst ? await firstRecord(source, csv) : undefined
  const { first, rest } = isHeaderHere ? await headOf(batches) : { first: used, rest: batches }
  const rows = asRows(rest)
  if (header !== 'use') return { shape: { kind: 'csv', header: undefined }, rows }
  return { shape: first === undefined ? { kind: 'empty' } : { kind: 'csv', header: first }, rows }
}

/** Reading begins a delimiter before the place, which may be the end of the record before. */
function opened(
  { source, input, tally }: Opening,
  delimiterBytes: number,
): { readonly bytes: AsyncIterable<Uint8Array>; readonly span: Span } {
  const { scan } = source
  const offset = Math.max(0, (scan?.first ?? 0) - delimiterBytes)
  const span =
    scan === undefined ? wholeSpan : { offset, skipsFirst: scan.first > 0, last: scan.last }
  const read = counted(source.read(offset), (bytes) => {
    tally.scanned += bytes
    if (input.compression === 'none') tally.processed += bytes
  })
  if (input.compression === 'none') return { bytes: read, span }
  const unpacked = counted(gunzip(read), (bytes) => {
    tally.processed += bytes
  })
  return { bytes: unpacked, span }
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of source) {
    count(piece.length)
    yield piece
  }
}

/** The record that a scan from the middle has no part of. */
async function firstRecord(source: SelectSource, csv: CsvFormat): Promise<Fields | undefined> {
  const { first } = await headOf(csvRecords(source.read(0), csv, wholeSpan), { closes: true })
  return first
}

async function headOf(
  batches: AsyncGenerator<readonly Fields[], void, undefined>,
  { closes = false }: { readonly closes?: boolean } = {},
): Promise<{
  readonly first: Fields | undefined
  readonly rest: AsyncIterable<readonly Fields[]>
}> {
  const { value } = await batches.next()
  if (closes) await batches.return()
  const [first, ...others] = value ?? []
  return { first, rest: following(others, batches) }
}

async function* following(
  others: readonly Fields[],
  batches: AsyncIterable<readonly Fields[]>,
): AsyncGenerator<readonly Fields[], void, undefined> {
  if (others.length > 0) yield others
  yield* batches
}

async function* asRows(
  batches: AsyncIterable<readonly Fields[]>,
): AsyncGenerator<readonly Row[], void, undefined> {
  for await (const batch of batches) yield batch.map((fields) => ({ kind: 'csv', fields }))
}

/** `select/invalid-compression`, `select/truncated-input`; what the source throws stays what it is. */
async function* gunzip(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const unpacked = createGunzip()
  pipeline(Readable.from(ownPieces(source)), unpacked, () => {}) // its errors come out of `unpacked`
  try {
    for await (const piece of unpacked) yield piece
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'Z_BUF_ERROR') throw selectFault('select/truncated-input', {}, cause)
    if (typeof code === 'string' && code.startsWith('Z_'))
      throw selectFault('select/invalid-compression', {}, cause)
    throw cause
  }
}

/** A stream pulls ahead of whoever unpacks. */
async function* ownPieces(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of source) yield Uint8Array.from(piece)
}
