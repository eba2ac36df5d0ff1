/** What stands alone in an expression: literals, columns, parentheses and everything that looks like a call. */
import { readBracket, readName } from '#select/_parse-step'
import { reserved } from '#select/_reserved'
import type { TokenReader } from '#select/_token-reader'
import { selectFault } from '#select/faults'
import type {
  AggregateName,
  Expression,
  ExtractPart,
  FunctionName,
  Name,
  Step,
  Type,
} from '#select/syntax'
import { type DatePart, parseTimestamp } from '#select/timestamp'
import { parseNumber } from '#select/value'

type Read = () => Expression

export function parseOperand(reader: TokenReader, read: Read): Expression {
  const { kind, text, at } = reader.next
  switch (kind) {
    case 'text':
      reader.take()
      return { kind: 'literal', value: text }
    case 'number':
      reader.take()
      return { kind: 'literal', value: numberLiteral(text) }
    case 'timestamp':
      reader.take()
      return { kind: 'literal', value: timestampLiteral(text, at) }
    case 'symbol': {
      if (!reader.accept('(')) throw reader.unexpected()
      const expression = read()
      reader.expect(')')
      return expression
    }
    case 'quoted':
      return readPath(reader)
    case 'name':
      return readWord(reader, read)
    case 'end':
      throw reader.unexpected()
  }
}

function readWord(reader: TokenReader, read: Read): Expression {
  const { text } = reader.next
  const word = text.toUpperCase()
  const literal = literals.get(word)
  if (literal !== undefined) {
    reader.take()
    return literal
  }
  if (reader.accept('CASE')) return readCase(reader, read)
  if (reader.is(word, '(')) {
    reader.expect(word, '(')
    const call = readCall(word, reader, read)
    reader.expect(')')
    return call
  }
  if (reserved.has(word)) throw reader.unexpected()
  return readPath(reader)
}

const literals: ReadonlyMap<string, Expression> = new Map([
  ['TRUE', { kind: 'literal', value: true }],
  ['FALSE', { kind: 'literal', value: false }],
  ['NULL', { kind: 'literal', value: null }],
  ['MISSING', { kind: 'literal', value: undefined }],
])

/** `name.name[0]['name']` */
function readPath(reader: TokenReader): Expression {
  const { at } = reader.next
  const steps: [Name, ...Step[]] = [readName(reader)]
  for (;;) {
    if (reader.accept('.')) {
      if (reader.is('*')) throw wildcardPath()
      steps.push(readName(reader))
    } else if (reader.accept('[')) {
      if (reader.is('*')) throw wildcardPath()
      steps.push(readBracket(reader))
    } else return { kind: 'path', steps, at }
  }
}

function wildcardPath(): Error {
  return selectFault('select/bad-path', {
    reason: 'Wildcards in paths are allowed in the FROM clause only.',
  })
}

function readCase(reader: TokenReader, read: Read): Expression {
  const operand = reader.is('WHEN') ? undefined : read()
  const branches: { when: Expression; result: Expression }[] = []
  while (reader.accept('WHEN')) {
    const when = read()
    reader.expect('THEN')
    branches.push({ when, result: read() })
  }
  if (branches.length === 0) throw reader.unexpected('WHEN')
  const otherwise = reader.accept('ELSE') ? read() : undefined
  reader.expect('END')
  return { kind: 'case', operand, branches, otherwise }
}

function readCall(word: string, reader: TokenReader, read: Read): Expression {
  const type = types[word]
  if (type !== undefined) return { kind: 'cast', operand: read(), type }
  switch (word) {
    case 'AVG':
    case 'COUNT':
    case 'MAX':
    case 'MIN':
    case 'SUM': {
      const name = word.toLowerCase() as AggregateName // these five are its names
      if (word === 'COUNT' && reader.accept('*')) return { kind: 'aggregate', name, argument: '*' }
      return { kind: 'aggregate', name, argument: read() }
    }
    case 'CAST': {
      const operand = read()
      reader.expect('AS')
      return { kind: 'cast', operand, type: readType(reader) }
    }
    case 'EXTRACT': {
      const part = readExtractPart(reader)
      reader.expect('FROM')
      return { kind: 'extract', part, operand: read() }
    }
    case 'DATE_ADD': {
      const { part, first, second } = readDateCall(reader, read)
      return { kind: 'date-add', part, count: first, operand: second }
    }
    case 'DATE_DIFF': {
      const { part, first, second } = readDateCall(reader, read)
      return { kind: 'date-diff', part, from: first, to: second }
    }
    case 'SUBSTRING':
      return readSubstring(reader, read)
    case 'TRIM':
      return readTrim(reader, read)
    default:
      return readPlainCall(word, reader, read)
  }
}

function readDateCall(reader: TokenReader, read: Read) {
  const part = readDatePart(reader)
  reader.expect(',')
  const first = read()
  reader.expect(',')
  return { part, first, second: read() }
}

/** With commas, or `text FROM first FOR count`. */
function readSubstring(reader: TokenReader, read: Read): Expression {
  const args = [read()]
  const isSpoken = reader.accept('FROM')
  if (!isSpoken) reader.expect(',')
  args.push(read())
  if (isSpoken ? reader.accept('FOR') : reader.accept(',')) args.push(read())
  return { kind: 'call', name: 'substring', args }
}

/** `[LEADING | TRAILING | BOTH] [characters] FROM text`, or the text alone. */
function readTrim(reader: TokenReader, read: Read): Expression {
  const name = reader.accept('LEADING')
    ? 'trim_leading'
    : reader.accept('TRAILING')
      ? 'trim_trailing'
      : 'trim_both'
  if (name === 'trim_both') reader.accept('BOTH')
  const first = reader.is('FROM') ? undefined : read()
  if (!reader.accept('FROM')) {
    if (first === undefined) throw reader.unexpected('FROM')
    return { kind: 'call', name, args: [first] }
  }
  const text = read()
  return { kind: 'call', name, args: first === undefined ? [text] : [text, first] }
}

/** By how many arguments they may have. */
const functions: Readonly<
  Record<string, readonly [name: FunctionName, atLeast: number, atMost: number]>
> = {
  CHAR_LENGTH: ['char_length', 1, 1],
  CHARACTER_LENGTH: ['char_length', 1, 1],
  COALESCE: ['coalesce', 1, Number.POSITIVE_INFINITY],
  LOWER: ['lower', 1, 1],
  NULLIF: ['nullif', 2, 2],
  TO_STRING: ['to_string', 2, 2],
  TO_TIMESTAMP: ['to_timestamp', 1, 2],
  UPPER: ['upper', 1, 1],
  UTCNOW: ['utcnow', 0, 0],
}

function readPlainCall(word: string, reader: TokenReader, read: Read): Expression {
  const found = Object.hasOwn(functions, word) ? functions[word] : undefined
  if (found === undefined) {
    throw selectFault('select/unsupported-function', {
      reason: `The function ${word.slice(0, 40)} is not supported.`,
    })
  }
  const [name, atLeast, atMost] = found
  const args: Expression[] = []
  if (!reader.is(')')) {
    do args.push(read())
    while (reader.accept(','))
  }
  if (args.length < atLeast || args.length > atMost) {
    throw selectFault('select/bad-arguments', {
      reason: `Incorrect number of arguments in the call of ${word}.`,
    })
  }
  return { kind: 'call', name, args }
}

/** Also called as functions: `int(_1)` is `CAST(_1 AS INT)`. */
const types: Readonly<Record<string, Type | undefined>> = Object.assign(Object.create(null), {
  BOOL: { name: 'bool' },
  BOOLEAN: { name: 'bool' },
  DECIMAL: { name: 'decimal' },
  FLOAT: { name: 'float' },
  INT: { name: 'int' },
  INTEGER: { name: 'int' },
  NUMERIC: { name: 'decimal' },
  STRING: { name: 'string' },
  TIMESTAMP: { name: 'timestamp' },
})

/** `DECIMAL(precision, scale)` */
function readType(reader: TokenReader): Type {
  const { kind, text } = reader.next
  const type = kind === 'name' ? types[text.toUpperCase()] : undefined
  if (type === undefined) throw selectFault('select/unknown-type')
  reader.take()
  if (type.name !== 'decimal' || !reader.accept('(')) return type
  const precision = readCount(reader)
  const scale = reader.accept(',') ? readCount(reader) : 0
  reader.expect(')')
  if (precision < 1 || scale > precision) throw selectFault('select/unknown-type')
  return { name: 'decimal', precision, scale }
}

function readCount(reader: TokenReader): number {
  const { kind, text } = reader.next
  if (kind !== 'number' || !/^\d{1,2}$/.test(text)) throw selectFault('select/unknown-type')
  reader.take()
  return Number(text)
}

const dateParts: ReadonlySet<string> = new Set(['year', 'month', 'day', 'hour', 'minute', 'second'])
const zoneParts: ReadonlySet<string> = new Set(['timezone_hour', 'timezone_minute'])

function readDatePart(reader: TokenReader): DatePart {
  const { text } = reader.take()
  const part = text.toLowerCase()
  if (!dateParts.has(part)) {
    throw selectFault('select/bad-date-part', {
      reason: `Expected a date part, found "${text.slice(0, 40)}".`,
    })
  }
  return part as DatePart // the set has no others
}

function readExtractPart(reader: TokenReader): ExtractPart {
  const part = reader.next.text.toLowerCase()
  if (!zoneParts.has(part)) return readDatePart(reader)
  reader.take()
  return part as ExtractPart // the set has no others
}

function numberLiteral(text: string) {
  const value = parseNumber(text)
  if (value === undefined) {
    throw selectFault('select/invalid-literal', {
      reason: `The number ${text.slice(0, 40)} is too long.`,
    })
  }
  return value
}

function timestampLiteral(text: string, at: number) {
  const value = parseTimestamp(text)
  if (value === undefined) {
    throw selectFault('select/invalid-literal', {
      reason: `Invalid timestamp at character ${at}.`,
    })
  }
  return value
}
