/** What a SelectObjectContent asks for. https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html */
import { s3Fault } from '#api/s3/faults'
import { childOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { selectFault } from '#select/faults'
import type { OutputFormat } from '#select/output'
import { parseQuery } from '#select/parse-query'
import type { InputFormat } from '#select/select'
import type { Query } from '#select/syntax'

export interface SelectRequest {
  readonly query: Query
  readonly input: InputFormat
  readonly output: OutputFormat
  readonly wantsProgress: boolean
  readonly scan: ScanRange | undefined
}

/** Bytes in which records begin; an end alone counts from the object's end. */
export interface ScanRange {
  readonly first: number | undefined
  readonly last: number | undefined
}

export function readSelectRequest(document: XmlElement): SelectRequest {
  const expression = required(textOf(document, 'Expression'), 'Expression')
  const type = required(textOf(document, 'ExpressionType'), 'ExpressionType')
  if (type.toUpperCase() !== 'SQL') throw selectFault('select/invalid-expression-type')
  const input = readInput(required(childOf(document, 'InputSerialization'), 'InputSerialization'))
  const output = readOutput(
    required(childOf(document, 'OutputSerialization'), 'OutputSerialization'),
  )
  const progress = childOf(document, 'RequestProgress')
  const scan = readScanRange(childOf(document, 'ScanRange'), input)
  return {
    query: parseQuery(expression),
    input: input.format,
    output,
    wantsProgress: progress !== undefined && isTrue(textOf(progress, 'Enabled')),
    scan,
  }
}

interface ReadInput {
  readonly format: InputFormat
  /** Where a record begins can be seen from anywhere. */
  readonly isScannable: boolean
}

function readInput(element: XmlElement): ReadInput {
  if (childOf(element, 'Parquet') !== undefined) throw notOffered('Parquet is not offered.')
  const csv = childOf(element, 'CSV')
  const json = childOf(element, 'JSON')
  if (csv !== undefined && json !== undefined) throw selectFault('select/several-formats')
  const compression = readCompression(textOf(element, 'CompressionType'))
  if (json !== undefined) {
    const type = textOf(json, 'Type')?.toUpperCase()
    if (type !== 'LINES' && type !== 'DOCUMENT') throw selectFault('select/invalid-json-type')
    return {
      format: { compression, records: { kind: 'json' } },
      isScannable: compression === 'none' && type === 'LINES',
    }
  }
  if (csv === undefined) throw selectFault('select/invalid-data-source')
  const allowsQuotedDelimiter = isTrue(textOf(csv, 'AllowQuotedRecordDelimiter'))
  const quote = characters(csv, 'QuoteCharacter', { without: '"' })
  const format = {
    fieldDelimiter: characters(csv, 'FieldDelimiter', { without: ',' }),
    recordDelimiter: characters(csv, 'RecordDelimiter', { without: '\n', most: 2 }),
    quote,
    quoteEscape: characters(csv, 'QuoteEscapeCharacter', { without: quote }),
    comment: characters(csv, 'Comments', { without: '#' }),
    allowsQuotedDelimiter,
  }
  if (
    format.fieldDelimiter === format.recordDelimiter ||
    [format.fieldDelimiter, format.recordDelimiter].includes(quote)
  )
    throw selectFault('select/invalid-parameter', { reason: 'Delimiters and quotes must differ.' })
  const header = readHeaderUse(textOf(csv, 'FileHeaderInfo'))
  return {
    format: { compression, records: { kind: 'csv', csv: format, header } },
    isScannable: compression === 'none' && !allowsQuotedDelimiter,
  }
}

function readCompression(text: string | undefined): InputFormat['compression'] {
  switch ((text || 'NONE').toUpperCase()) {
    case 'NONE':
      return 'none'
    case 'GZIP':
      return 'gzip'
    case 'BZIP2':
      throw notOffered('BZIP2 is not offered; GZIP is.')
    default:
      throw selectFault('select/invalid-compression')
  }
}

function readHeaderUse(text: string | undefined): 'none' | 'ignore' | 'use' {
  switch ((text || 'NONE').toUpperCase()) {
    case 'NONE':
      return 'none'
    case 'IGNORE':
      return 'ignore'
    case 'USE':
      return 'use'
    default:
      throw selectFault('select/invalid-header-use')
  }
}

function readOutput(element: XmlElement): OutputFormat {
  const csv = childOf(element, 'CSV')
  const json = childOf(element, 'JSON')
  if ((csv === undefined) === (json === undefined)) throw selectFault('select/several-formats')
  if (csv === undefined) {
    const recordDelimiter = json && textOf(json, 'RecordDelimiter')
    return { kind: 'json', recordDelimiter: checked(recordDelimiter || '\n', 'RecordDelimiter', 2) }
  }
  const quotes = (textOf(csv, 'QuoteFields') || 'ASNEEDED').toUpperCase()
  if (quotes !== 'ALWAYS' && quotes !== 'ASNEEDED') throw selectFault('select/invalid-quote-fields')
  const quote = characters(csv, 'QuoteCharacter', { without: '"' })
  return {
    kind: 'csv',
    fieldDelimiter: characters(csv, 'FieldDelimiter', { without: ',' }),
    recordDelimiter: characters(csv, 'RecordDelimiter', { without: '\n', most: 2 }),
    quote,
    quoteEscape: characters(csv, 'QuoteEscapeCharacter', { without: quote }),
    quotes: quotes === 'ALWAYS' ? 'always' : 'as-needed',
  }
}

function readScanRange(
  element: XmlElement | undefined,
  { isScannable }: ReadInput,
): ScanRange | undefined {
  if (element === undefined) return undefined
  const [first, last] = [place(element, 'Start'), place(element, 'End')]
  if (first === undefined && last === undefined) return undefined
  if (!isScannable) throw selectFault('select/unsupported-scan')
  return { first, last }
}

function place(element: XmlElement, name: string): number | undefined {
  const text = textOf(element, name)?.trim()
  if (text === undefined || text === '') return undefined
  if (!/^\d{1,15}$/.test(text)) throw selectFault('select/invalid-scan-range')
  return Number(text)
}

/** A parameter of one character, or a few; left out or empty, it is `without`. */
function characters(
  element: XmlElement,
  name: string,
  { without, most = 1 }: { readonly without: string; readonly most?: number },
): string {
  return checked(textOf(element, name) || without, name, most)
}

function checked(text: string, name: string, most: number): string {
  if ([...text].length <= most) return text
  throw selectFault('select/invalid-parameter', { reason: `${name} is longer than ${most}.` })
}

function isTrue(text: string | undefined): boolean {
  return text?.trim().toLowerCase() === 'true'
}

function required<Found>(found: Found | undefined, name: string): Found {
  if (found !== undefined) return found
  throw selectFault('select/missing-parameter', { reason: `${name} is missing.` })
}

function notOffered(reason: string): Error {
  return s3Fault('s3/not-implemented', { reason })
}
