/** Answers as CSV or JSON. */
import { selectFault } from '#select/faults'
import { recordBytesMax } from '#select/limits'
import type { Answer } from '#select/plan'
import type { Shape } from '#select/record'
import { fromJson, type Json, jsonOfValue, jsonText, textOfValue, type Value } from '#select/value'

export type OutputFormat =
  | {
      readonly kind: 'csv'
      readonly fieldDelimiter: string
      readonly recordDelimiter: string
      readonly quote: string
      readonly quoteEscape: string
      readonly quotes: 'always' | 'as-needed'
    }
  | { readonly kind: 'json'; readonly recordDelimiter: string }

/** Writes answers about records of a shape, each with its delimiter. `select/record-too-large` */
export function answerWriter(format: OutputFormat, shape: Shape): (answer: Answer) => string {
  const write =
    format.kind === 'csv' ? csvWriter(format) : (answer: Answer) => asJson(answer, shape)
  return (answer) => {
    const text = write(answer)
    if (text.length > recordBytesMax) throw selectFault('select/record-too-large')
    return text + format.recordDelimiter
  }
}

function csvWriter(format: OutputFormat & { readonly kind: 'csv' }): (answer: Answer) => string {
  const { fieldDelimiter, recordDelimiter, quote, quoteEscape, quotes } = format
  const marks = [fieldDelimiter, recordDelimiter, quote, '\n', '\r']
  const field = (text: string): string => {
    const isBare = quotes === 'as-needed' && !marks.some((mark) => text.includes(mark))
    return isBare ? text : quote + text.replaceAll(quote, () => quoteEscape + quote) + quote
  }
  return (answer) => fieldsOf(answer).map(field).join(fieldDelimiter)
}

function fieldsOf(answer: Answer): readonly string[] {
  if (answer.kind === 'values') return answer.values.map(textOfValue)
  const { row } = answer
  return row.kind === 'csv'
    ? row.fields
    : membersOf(row.json).map(([, value]) => textOfValue(value))
}

function asJson(answer: Answer, shape: Shape): string {
  if (answer.kind === 'values') {
    const { names, values } = answer
    return objectText(values.map((value, index) => [names[index] ?? '', value]))
  }
  const { row } = answer
  if (row.kind === 'csv') {
    const header = shape.kind === 'csv' ? shape.header : undefined
    return objectText(row.fields.map((field, index) => [header?.[index] ?? `_${index + 1}`, field]))
  }
  const isObject = typeof row.json === 'object' && row.json !== null && !Array.isArray(row.json)
  return isObject ? jsonText(row.json) : objectText(membersOf(row.json))
}

type Member = readonly [name: string, value: Value]

/** What `*` stands for: the members of an object, or anything else as `_1`. */
function membersOf(json: Json | undefined): readonly Member[] {
  if (json === undefined) return []
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    return [['_1', fromJson(json)]]
  return Object.entries(json).map(([name, value]): Member => [name, fromJson(value)])
}

function objectText(members: readonly Member[]): string {
  const written = members.flatMap(([name, value]) =>
    value === undefined ? [] : `${JSON.stringify(name)}:${jsonOfValue(value)}`,
  )
  return `{${written.join(',')}}`
}
