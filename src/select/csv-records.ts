/**
 * Records of CSV as S3 Select reads it. Bytes become text with one character per byte, so that a record's end is found by searching and its place is
 * known exactly; only records with other characters than ASCII are decoded.
 */
import { selectFault } from '#select/faults'
import { batchBytesMax, batchRecordsMax, recordBytesMax } from '#select/limits'

export interface CsvFormat {
  readonly fieldDelimiter: string
  readonly recordDelimiter: string
  readonly quote: string
  /** In front of a quote within quotes; may be the quote itself. */
  readonly quoteEscape: string
  /** Records that begin with it are left out. */
  readonly comment: string
  readonly allowsQuotedDelimiter: boolean
}

export interface Span {
  /** Place of the first byte of the source in its object. */
  readonly offset: number
  /** The source begins in the middle of a record, which belongs to whoever read what is before. */
  readonly skipsFirst: boolean
  /** Records that begin behind this place are not read. */
  readonly last: number
}

export const wholeSpan: Span = {
  offset: 0,
  skipsFirst: false,
  last: Number.POSITIVE_INFINITY,
}

export type Fields = readonly string[]

/**
 * Batches of records, each of its fields; empty lines are left out. Behind a line feed as delimiter a carriage return in front of it belongs to it. Pulls
 * only when pulled; holds a piece and a record. `select/record-too-large`, `select/csv-quoted-delimiter`, `select/invalid-encoding`
 */
export async function* csvRecords(
  source: AsyncIterable<Uint8Array>,
  format: CsvFormat,
  span: Span,
): AsyncGenerator<readonly Fields[], void, undefined> {
  const reader = new CsvReader(format, span)
  for await (const piece of source) {
    reader.feed(piece)
    yield* batches(reader)
    if (reader.isDone) return
  }
  reader.end()
  yield* batches(reader)
}

function* batches(reader: CsvReader): Generator<readonly Fields[], void, undefined> {
  for (let batch = reader.take(); batch.length > 0; batch = reader.take()) yield batch
}

/** Some programs put it in front of UTF-8. */
const byteOrderMark = '\xef\xbb\xbf'

class CsvReader {
  readonly #format: CsvFormat
  readonly #last: number
  /** One character per byte. */
  #text = ''
  #at = 0
  /** The place of the text's first byte. */
  #base: number
  #skips: boolean
  #hasEnded = false
  isDone = false

  constructor(format: CsvFormat, { offset, skipsFirst, last }: Span) {
    this.#format = bytewise(format)
    this.#base = offset
    this.#skips = skipsFirst
    this.#last = last
  }

  feed(piece: Uint8Array): void {
    this.#base += this.#at
    this.#text = this.#text.slice(this.#at) + latin1(piece)
    this.#at = 0
  }

  end(): void {
    this.#hasEnded = true
  }

  /** The records that are here, up to a batch; none when more bytes are needed. */
  take(): readonly Fields[] {
    const batch: Fields[] = []
    const begin = this.#at
    while (batch.length < batchRecordsMax && this.#at - begin < batchBytesMax) {
      const record = this.#next()
      if (record === undefined) break
      if (record !== 'nothing') batch.push(record)
    }
    return batch
  }

  /** `nothing` for a line that is no record, `undefined` when the end of the next one is not here. */
  #next(): Fields | 'nothing' | undefined {
    const { recordDelimiter, comment, quote } = this.#format
    if (this.isDone) return undefined
    if (this.#isAtMark()) this.#at += byteOrderMark.length
    if (this.#base + this.#at > this.#last) {
      this.isDone = true
      return undefined
    }
    const start = this.#at
    const end = this.#text.indexOf(recordDelimiter, start)
    if (end < 0 && !this.#hasEnded) return this.#wait()
    if (end < 0 && start >= this.#text.length) return undefined
    const line = this.#text.slice(start, end < 0 ? this.#text.length : end)
    if (this.#skips) {
      this.#skips = false
      this.#at = start + line.length + recordDelimiter.length
      return 'nothing'
    }
    const isComment = comment !== '' && line.startsWith(comment)
    if (isComment || !line.includes(quote)) {
      this.#at = Math.min(start + line.length + recordDelimiter.length, this.#text.length)
      if (line.length > recordBytesMax) throw selectFault('select/record-too-large')
      const bare = recordDelimiter === '\n' && line.endsWith('\r') ? line.slice(0, -1) : line
      return isComment || bare === ''
        ? 'nothing'
        : this.#decoded(bare.split(this.#format.fieldDelimiter))
    }
    return this.#quoted(start)
  }

  #isAtMark(): boolean {
    return this.#base + this.#at === 0 && this.#text.startsWith(byteOrderMark)
  }

  #wait(): undefined {
    if (this.#text.length - this.#at > recordBytesMax) throw selectFault('select/record-too-large')
  }

  /** A record with quotes in it, field by field. A quote within a field, not at its beginning, stands for itself. */
  #quoted(start: number): Fields | undefined {
    const { quote, fieldDelimiter, recordDelimiter } = this.#format
    const text = this.#text
    const fields: string[] = []
    for (let at = start; ; ) {
      let field = ''
      if (text.startsWith(quote, at)) {
        const closed = this.#quotedField(at)
        if (closed === undefined) return this.#wait()
        field = closed.field
        at = closed.behind
      }
      const end = this.#fieldEnd(at)
      if (end === text.length && !this.#hasEnded) return this.#wait()
      field += text.slice(at, end)
      if (text.startsWith(fieldDelimiter, end)) {
        fields.push(field)
        at = end + fieldDelimiter.length
        continue
      }
      const isReturned = recordDelimiter === '\n' && field.endsWith('\r') && text[end - 1] === '\r'
      fields.push(isReturned ? field.slice(0, -1) : field)
      if (end - start > recordBytesMax) throw selectFault('select/record-too-large')
      this.#at = Math.min(end + recordDelimiter.length, text.length)
      return this.#decoded(fields)
    }
  }

  /** Where a field without quotes ends: at a delimiter, or at the end of the text. */
  #fieldEnd(from: number): number {
    const { fieldDelimiter, recordDelimiter } = this.#format
    const text = this.#text
    for (let at = from; at < text.length; at += 1)
      if (text.startsWith(fieldDelimiter, at) || text.startsWith(recordDelimiter, at)) return at
    return text.length
  }

  /** What is between quotes, and the place behind them; `undefined` when the closing one is not here yet. */
  #quotedField(open: number): { readonly field: string; readonly behind: number } | undefined {
    const { quote, quoteEscape, recordDelimiter, allowsQuotedDelimiter } = this.#format
    const text = this.#text
    let field = ''
    for (let from = open + quote.length; ; ) {
      const at = nearest(text, quote, quoteEscape, from)
      const run = text.slice(from, at < 0 ? text.length : at)
      if (!allowsQuotedDelimiter && run.includes(recordDelimiter))
        throw selectFault('select/csv-quoted-delimiter')
      if (at < 0) {
        if (this.#hasEnded) throw selectFault('select/truncated-input')
        return undefined
      }
      field += run
      const mark = text.startsWith(quoteEscape, at) ? quoteEscape : quote
      const behind = at + mark.length
      if (behind + quote.length > text.length && !this.#hasEnded) return undefined
      const isQuote = text.startsWith(quote, behind)
      if (
        mark === quoteEscape &&
        (isQuote || (quoteEscape !== quote && text.startsWith(quoteEscape, behind)))
      ) {
        field += isQuote ? quote : quoteEscape
        from = behind + (isQuote ? quote : quoteEscape).length
      } else if (mark === quote) {
        return { field, behind }
      } else {
        field += quoteEscape
        from = behind
      }
    }
  }

  #decoded(fields: readonly string[]): Fields {
    return fields.some(isBeyondAscii) ? fields.map(decode) : fields
  }
}

/** The first of both, or -1. Does not look for the escape behind the quote. */
function nearest(text: string, quote: string, quoteEscape: string, from: number): number {
  const at = text.indexOf(quote, from)
  if (quote === quoteEscape) return at
  const escaped = text.slice(from, at < 0 ? text.length : at).indexOf(quoteEscape)
  return escaped < 0 ? at : from + escaped
}

function bytewise(format: CsvFormat): CsvFormat {
  const bytes = (text: string): string => Buffer.from(text).toString('latin1')
  return {
    ...format,
    fieldDelimiter: bytes(format.fieldDelimiter),
    recordDelimiter: bytes(format.recordDelimiter),
    quote: bytes(format.quote),
    quoteEscape: bytes(format.quoteEscape),
    comment: bytes(format.comment),
  }
}

function latin1({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1')
}

function isBeyondAscii(field: string): boolean {
  return /[\x80-\xff]/.test(field)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(field: string): string {
  if (!isBeyondAscii(field)) return field
  try {
    return utf8.decode(Buffer.from(field, 'latin1'))
  } catch (cause) {
    throw selectFault('select/invalid-encoding', {}, cause)
  }
}
