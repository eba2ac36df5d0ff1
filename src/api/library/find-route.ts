/** Which operation a path means. Pure. */
import type { BoundRoute, Names } from '#api/rest-route'

export interface FoundRoute {
  readonly route: BoundRoute
  /** As sent. */
  readonly names: Names
}

interface Pattern {
  readonly route: BoundRoute
  readonly segments: readonly string[]
}

export class RouteTable {
  readonly #byCount = new Map<number, Pattern[]>()
  /** Of any number of segments. */
  readonly #open: Pattern[] = []

  constructor(routes: readonly BoundRoute[]) {
    const patterns = routes
      .map((route) => ({ route, segments: route.path.split('/') }))
      .sort((one, other) => namesIn(one) - namesIn(other)) // `versions` is no version
    for (const pattern of patterns) {
      if (pattern.route.path.endsWith('*}')) this.#open.push(pattern)
      else this.#ofCount(pattern.segments.length).push(pattern)
    }
  }

  /** All that the path may mean, by method; the first of a method is meant. */
  find(path: string): readonly FoundRoute[] {
    const segments = path.split('/')
    const candidates = [...this.#ofCount(segments.length), ...this.#open]
    return candidates.flatMap(({ route, segments: wanted }) => {
      const names = match(wanted, segments)
      return names === undefined ? [] : [{ route, names }]
    })
  }

  #ofCount(count: number): Pattern[] {
    const known = this.#byCount.get(count) ?? []
    this.#byCount.set(count, known)
    return known
  }
}

function namesIn({ segments }: Pattern): number {
  return segments.filter((segment) => segment.startsWith('{')).length
}

function match(wanted: readonly string[], asked: readonly string[]): Names | undefined {
  const names: Record<string, string> = {}
  for (const [index, pattern] of wanted.entries()) {
    const [, name, isRest] = /^\{(\w+)(\*?)\}$/.exec(pattern) ?? []
    const segment = isRest === '*' ? asked.slice(index).join('/') : (asked[index] ?? '')
    if (name === undefined ? pattern !== segment : segment === '') return undefined
    if (name !== undefined) names[name] = segment
  }
  return names
}
