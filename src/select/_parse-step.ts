/** Steps of a path: names, and what stands in brackets. */
import type { TokenReader } from '#select/_token-reader'
import { selectFault } from '#select/faults'
import type { Name, Step } from '#select/syntax'

export function readName(reader: TokenReader): Name {
  const { kind, text } = reader.next
  if (kind !== 'name' && kind !== 'quoted') throw reader.unexpected('a name')
  reader.take()
  return { kind: 'name', name: text, isQuoted: kind === 'quoted' }
}

/** `0]` or `'name']`, behind the opening bracket. `select/bad-path` */
export function readBracket(reader: TokenReader): Step {
  const { kind, text } = reader.take()
  reader.expect(']')
  if (kind === 'text') return { kind: 'name', name: text, isQuoted: true }
  if (kind === 'number' && /^\d{1,9}$/.test(text)) return { kind: 'index', index: Number(text) }
  throw selectFault('select/bad-path')
}
