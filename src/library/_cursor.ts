/** Where a page ended, for who asks for the next one. Nothing in it is a secret, and what it says is checked as any other input. */
import { libraryFault } from '#library/faults'

/** What a row stands by, in its order. */
export interface Row {
  readonly id: number
  readonly name: string
  readonly scope: string
  readonly downloads: number
  readonly updated_at: number
  /** Among hits that are found alike. */
  readonly place: number
}

export interface Position {
  /** Which of the sets of a search. */
  readonly set: number
  readonly row: Row
}

export function writeCursor({ set, row }: Position): string {
  const { id, name, scope, downloads, updated_at, place } = row
  const json = JSON.stringify([set, id, name, scope, downloads, updated_at, place])
  return Buffer.from(json).toString('base64url')
}

/** `library/malformed-cursor` */
export function readCursor(text: string): Position {
  const [set, id, name, scope, downloads, updated_at, place, ...more] = parse(text)
  if (
    !(isCount(set) && isCount(id) && isCount(downloads) && isCount(updated_at) && isCount(place)) ||
    !(typeof name === 'string' && typeof scope === 'string' && more.length === 0)
  )
    throw libraryFault('library/malformed-cursor')
  return { set, row: { id, name, scope, downloads, updated_at, place } }
}

function parse(text: string): readonly unknown[] {
  try {
    const json: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return Array.isArray(json) ? json : []
  } catch {
    return []
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
