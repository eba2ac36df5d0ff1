/** Reads the table of rooms from ARCHITECTURE.md: the page is the law, the rules only apply it. */
import assert from 'node:assert/strict'

export interface Room {
  readonly name: string
  /** Rooms named in its row, or `everything` that stands above it. */
  readonly mayImport: readonly string[] | 'everything'
  /** Modules named in its row (a package, or `node:…`), or `anything`. */
  readonly outside: readonly string[] | 'anything'
  /** Its row names timers: it is the home of the clock. */
  readonly hasClock: boolean
  readonly isPlanned: boolean
}

export interface FloorPlan {
  /** In table order, ground first. */
  readonly rooms: ReadonlyMap<string, Room>
  /** Modules every room may use. */
  readonly free: readonly string[]
}

export function readFloorPlan(page: string): FloorPlan {
  const rows = [...page.matchAll(/^\| `([^`]+)` +\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)]
  assert.ok(rows.length > 10, 'ARCHITECTURE.md has lost its table of rooms, or its form')
  const rooms = rows.map(([, name = '', mayImport = '', outside = '', rule = '']): Room => {
    const isAnything = /\banything\b/.test(outside)
    return {
      name,
      mayImport: readMayImport(mayImport.trim()),
      outside: isAnything ? 'anything' : quoted(outside),
      hasClock: isAnything || /\btimers\b/.test(outside),
      isPlanned: rule.includes('_planned._'),
    }
  })
  return { rooms: new Map(rooms.map((room) => [room.name, room])), free: readFree(page) }
}

function readMayImport(cell: string): Room['mayImport'] {
  if (/^(?:everything|anything)\b/.test(cell)) return 'everything'
  return cell === '—' ? [] : cell.split(/,\s*/)
}

/** The sentence over the table: "`outside` is what it may touch besides the language and `node:assert`, …". */
function readFree(page: string): readonly string[] {
  const opening = '`outside` is what it may touch besides the language and '
  const sentence = page.replaceAll(/\s+/g, ' ').split(opening)[1]?.split('.')[0]
  assert.ok(sentence !== undefined, 'ARCHITECTURE.md no longer says what every room may use')
  return quoted(sentence)
}

function quoted(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}
