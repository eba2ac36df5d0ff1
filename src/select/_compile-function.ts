/** Calls as functions of a record. NULL and MISSING as an argument make NULL of most. */
import type { Evaluate } from '#select/_resolve'
import { isAbsent, isEqual } from '#select/compare'
import { selectFault } from '#select/faults'
import type { Call, Expression, ExtractPart } from '#select/syntax'
import { charLength, substring, trim } from '#select/text-functions'
import {
  addToTimestamp,
  betweenTimestamps,
  fieldsOf,
  parseTimestamp,
  type Timestamp,
  timestampOf,
} from '#select/timestamp'
import { timestampReader, timestampWriter } from '#select/timestamp-pattern'
import { parseNumber, type Value } from '#select/value'

interface Parts {
  readonly part: (inner: Expression) => Evaluate
  readonly now: number
}

type Dated = Extract<Expression, { kind: 'extract' | 'date-add' | 'date-diff' }>

export function compileFunction(expression: Call | Dated, { part, now }: Parts): Evaluate {
  switch (expression.kind) {
    case 'extract': {
      const { part: wanted } = expression
      return strict([part(expression.operand)], (value) => extract(wanted, timestampIn(value)))
    }
    case 'date-add': {
      const { part: unit } = expression
      return strict([part(expression.count), part(expression.operand)], (count, value) => {
        const added = addToTimestamp(timestampIn(value), unit, integerIn(count))
        if (added !== undefined) return added
        throw selectFault('select/bad-arguments', {
          reason: 'DATE_ADD leads out of the years 1 to 9999.',
        })
      })
    }
    case 'date-diff': {
      const { part: unit } = expression
      return strict([part(expression.from), part(expression.to)], (from, to) =>
        betweenTimestamps(unit, timestampIn(from), timestampIn(to)),
      )
    }
    case 'call':
      return compileCall(expression, { part, now })
  }
}

function compileCall({ name, args: written }: Call, { part, now }: Parts): Evaluate {
  const args = written.map(part)
  switch (name) {
    case 'char_length':
      return strict(args, (text) => charLength(textIn(text)))
    case 'lower':
      return strict(args, (text) => textIn(text).toLowerCase())
    case 'upper':
      return strict(args, (text) => textIn(text).toUpperCase())
    case 'substring':
      return strict(args, (text, start, count) =>
        substring(textIn(text), integerIn(start), count === undefined ? count : integerIn(count)),
      )
    case 'trim_both':
      return strict(args, (text, set) => trimmed('both', text, set))
    case 'trim_leading':
      return strict(args, (text, set) => trimmed('leading', text, set))
    case 'trim_trailing':
      return strict(args, (text, set) => trimmed('trailing', text, set))
    case 'utcnow': {
      const timestamp = timestampOf(now)
      return () => timestamp
    }
    case 'to_string': {
      const writerOf = latest(timestampWriter)
      return strict(args, (value, pattern) => writerOf(textIn(pattern))(timestampIn(value)))
    }
    case 'to_timestamp': {
      const readerOf = latest(timestampReader)
      return strict(args, (value, pattern) => {
        const text = textIn(value)
        const read = pattern === undefined ? parseTimestamp(text) : readerOf(textIn(pattern))(text)
        if (read !== undefined) return read
        throw selectFault('select/cast-failed', { reason: 'A text is no timestamp.' })
      })
    }
    case 'coalesce':
      return (row) => {
        for (const argument of args) {
          const value = argument(row)
          if (!isAbsent(value)) return value
        }
        return null
      }
    case 'nullif': {
      const [left = nothing, right = nothing] = args
      return (row) => {
        const value = left(row)
        return isEqual(value, right(row)) ? null : value
      }
    }
  }
}

const nothing: Evaluate = () => undefined

type Given = NonNullable<Value>

/** NULL if one of the arguments is absent. Those that were not written are `undefined`. */
function strict(
  args: readonly Evaluate[],
  apply: (first: Given, second: Given, third: Given | undefined) => Value,
): Evaluate {
  const [first = nothing, second, third] = args
  return (row) => {
    const [a, b, c] = [first(row), second?.(row), third?.(row)]
    if (isAbsent(a) || (second && isAbsent(b)) || (third && isAbsent(c))) return null
    return apply(a, b as Given, c as Given | undefined) // absent only where none was written
  }
}

/** Patterns are nearly always the same for all records. */
function latest<Made>(make: (pattern: string) => Made): (pattern: string) => Made {
  let known: { readonly pattern: string; readonly made: Made } | undefined
  return (pattern) => {
    if (known?.pattern !== pattern) known = { pattern, made: make(pattern) }
    return known.made
  }
}

function trimmed(
  ends: 'both' | 'leading' | 'trailing',
  text: Given,
  set: Given | undefined,
): string {
  return trim(textIn(text), set === undefined ? { ends } : { ends, characters: textIn(set) })
}

function extract(part: ExtractPart, timestamp: Timestamp): bigint {
  const fields = fieldsOf(timestamp)
  switch (part) {
    case 'timezone_hour':
      return BigInt(Math.trunc(fields.offsetMinutes / 60))
    case 'timezone_minute':
      return BigInt(fields.offsetMinutes % 60)
    default:
      return BigInt(fields[part])
  }
}

function textIn(value: Given): string {
  if (typeof value === 'string') return value
  throw wrongType('text')
}

function timestampIn(value: Given): Timestamp {
  const read = typeof value === 'string' ? parseTimestamp(value) : value
  if (typeof read === 'object' && read.kind === 'timestamp') return read
  throw wrongType('a timestamp')
}

/** Within what a `number` holds exactly. */
function integerIn(value: Given): number {
  const read = typeof value === 'string' ? parseNumber(value) : value
  if (typeof read === 'bigint' && Number.isSafeInteger(Number(read))) return Number(read)
  throw wrongType('an integer')
}

function wrongType(wanted: string): Error {
  return selectFault('select/wrong-argument-type', {
    reason: `An argument of a function is not ${wanted}.`,
  })
}
