/** Expressions by precedence: OR, AND, NOT, comparisons, `||`, `+ -`, `* / %`, signs, and what stands alone. */
import { parseOperand } from '#select/_parse-operand'
import type { TokenReader } from '#select/_token-reader'
import type { Arithmetic, Comparison, Expression } from '#select/syntax'

const comparisons: Readonly<Record<string, Comparison>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}
const sums: ReadonlySet<string> = new Set(['+', '-'])
const products: ReadonlySet<string> = new Set(['*', '/', '%'])

export function parseExpression(reader: TokenReader): Expression {
  return reader.nested(() => readAny(reader))
}

function readAny(reader: TokenReader): Expression {
  const operands = [readAll(reader)]
  while (reader.accept('OR')) operands.push(readAll(reader))
  return alone(operands) ?? { kind: 'or', operands }
}

function readAll(reader: TokenReader): Expression {
  const operands = [readNot(reader)]
  while (reader.accept('AND')) operands.push(readNot(reader))
  return alone(operands) ?? { kind: 'and', operands }
}

function readNot(reader: TokenReader): Expression {
  if (!reader.accept('NOT')) return readComparison(reader)
  return { kind: 'not', operand: reader.nested(() => readNot(reader)) }
}

/** `a = b = c` is `(a = b) = c`. */
function readComparison(reader: TokenReader): Expression {
  let left = readConcatenation(reader)
  for (let found = readTest(reader, left); found !== undefined; found = readTest(reader, left)) {
    if (left.kind === 'comparison') reader.chain()
    left = found
  }
  return left
}

function readTest(reader: TokenReader, operand: Expression): Expression | undefined {
  const { kind, text } = reader.next
  const operator = kind === 'symbol' ? comparisons[text] : undefined
  if (operator !== undefined) {
    reader.take()
    return { kind: 'comparison', operator, left: operand, right: readConcatenation(reader) }
  }
  if (reader.accept('IS')) {
    const isNegated = reader.accept('NOT')
    const what = reader.accept('MISSING') ? 'missing' : 'null'
    if (what === 'null') reader.expect('NULL')
    return negatedIf(isNegated, { kind: 'is', operand, what })
  }
  const isNegated = reader.is('NOT')
  if (isNegated) reader.take()
  const test = readWordTest(reader, operand)
  if (test !== undefined) return negatedIf(isNegated, test)
  if (isNegated) throw reader.unexpected('LIKE, IN or BETWEEN')
  return undefined
}

function readWordTest(reader: TokenReader, operand: Expression): Expression | undefined {
  if (reader.accept('LIKE')) {
    const pattern = readConcatenation(reader)
    const escapedBy = reader.accept('ESCAPE') ? readConcatenation(reader) : undefined
    return { kind: 'like', text: operand, pattern, escapedBy }
  }
  if (reader.accept('BETWEEN')) {
    const low = readConcatenation(reader)
    reader.expect('AND')
    return { kind: 'between', operand, low, high: readConcatenation(reader) }
  }
  if (!reader.accept('IN')) return undefined
  reader.expect('(')
  const list: Expression[] = []
  do list.push(parseExpression(reader))
  while (reader.accept(','))
  reader.expect(')')
  return { kind: 'in', operand, list }
}

function readConcatenation(reader: TokenReader): Expression {
  let left = readSum(reader)
  while (reader.accept('||')) {
    if (left.kind === 'concatenation') reader.chain()
    left = { kind: 'concatenation', left, right: readSum(reader) }
  }
  return left
}

function readSum(reader: TokenReader): Expression {
  return readArithmetic(reader, sums, () =>
    readArithmetic(reader, products, () => readSign(reader)),
  )
}

function readArithmetic(
  reader: TokenReader,
  operators: ReadonlySet<string>,
  readOperand: () => Expression,
): Expression {
  let left = readOperand()
  while (reader.isOneOf(operators)) {
    if (left.kind === 'arithmetic') reader.chain()
    const operator = reader.take().text as Arithmetic // the sets have no others
    left = { kind: 'arithmetic', operator, left, right: readOperand() }
  }
  return left
}

function readSign(reader: TokenReader): Expression {
  if (reader.accept('+')) return reader.nested(() => readSign(reader))
  if (reader.accept('-')) return { kind: 'negate', operand: reader.nested(() => readSign(reader)) }
  return parseOperand(reader, () => parseExpression(reader))
}

function negatedIf(isNegated: boolean, operand: Expression): Expression {
  return isNegated ? { kind: 'not', operand } : operand
}

function alone(operands: readonly Expression[]): Expression | undefined {
  return operands.length === 1 ? operands[0] : undefined
}
