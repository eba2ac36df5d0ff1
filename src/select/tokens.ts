/** The words of an expression. */
import { selectFault } from '#select/faults'

export interface Token {
  /** `name` is a word as written, keywords included; `quoted` a name in double quotes; `end` stands behind the last one. */
  readonly kind: 'name' | 'quoted' | 'text' | 'number' | 'timestamp' | 'symbol' | 'end'
  /** Without its quotes. */
  readonly text: string
  /** Its place, counted in characters from 1, as people count. */
  readonly at: number
}

const patterns: readonly (readonly [kind: Token['kind'] | 'blank', pattern: RegExp])[] = [
  ['blank', /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)/y],
  ['name', /[\p{L}_$][\p{L}\p{N}_$]*/uy],
  ['number', /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['text', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['timestamp', /`[^`]*`/y],
  ['symbol', /(?:<>|<=|>=|!=|\|\||[-+*/%=<>(),.;[\]])/y],
]

/** `select/invalid-character`, `select/invalid-literal` for a number with letters behind it. */
export function readTokens(expression: string): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < expression.length; ) {
    const { kind, text } = tokenAt(expression, at)
    if (kind !== 'blank') tokens.push({ kind, text: bare(kind, text), at: at + 1 })
    at += text.length
    if (kind === 'number' && /[\p{L}_]/u.test(expression[at] ?? '')) {
      throw selectFault('select/invalid-literal', {
        reason: `Invalid literal in the expression at character ${at + 1}.`,
      })
    }
  }
  tokens.push({ kind: 'end', text: '', at: expression.length + 1 })
  return tokens
}

function tokenAt(
  expression: string,
  at: number,
): { readonly kind: Token['kind'] | 'blank'; readonly text: string } {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const [text] = pattern.exec(expression) ?? []
    if (text !== undefined) return { kind, text }
  }
  throw selectFault('select/invalid-character', {
    reason: `Invalid character in the expression at character ${at + 1}.`,
  })
}

function bare(kind: Token['kind'], text: string): string {
  switch (kind) {
    case 'text':
      return text.slice(1, -1).replaceAll("''", "'")
    case 'quoted':
      return text.slice(1, -1).replaceAll('""', '"')
    case 'timestamp':
      return text.slice(1, -1)
    case 'name':
    case 'number':
    case 'symbol':
    case 'end':
      return text
  }
}
