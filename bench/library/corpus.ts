/** Libraries as they might be: words by Zipf's law (the n-th most frequent one is n times rarer than the first), the same from the same seed. */
import type { LibraryChange } from '#library/changes'
import { Generator as Chance } from '#world/generator'

const vocabulary = 50_000
const syllables =
  'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu bra cle dri flo gru'.split(' ')

/** A word of the rank, from 0: pronounceable, and no other rank's. */
function wordOf(rank: number): string {
  let rest = rank + syllables.length
  let word = ''
  for (; rest > 0; rest = Math.floor(rest / syllables.length))
    word = (syllables[rest % syllables.length] ?? '') + word
  return word
}

export class ZipfWords {
  readonly #chance: Chance
  readonly #sums: Float64Array
  readonly #words: readonly string[]

  constructor(seed: string) {
    this.#chance = new Chance(seed)
    this.#words = Array.from({ length: vocabulary }, (_, rank) => wordOf(rank))
    this.#sums = new Float64Array(vocabulary)
    let sum = 0
    for (let rank = 0; rank < vocabulary; rank += 1) {
      sum += 1 / (rank + 1)
      this.#sums[rank] = sum
    }
  }

  /** From 0 to 1. */
  chance(): number {
    return (this.#chance.next() >>> 0) / 2 ** 32
  }

  word(): string {
    const wanted = this.chance() * (this.#sums.at(-1) ?? 0)
    let [low, high] = [0, vocabulary - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sums[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return this.#words[low] ?? ''
  }

  words(count: number): readonly string[] {
    return Array.from({ length: count }, () => this.word())
  }
}

const day = 86_400_000

/** What a snapshot has of `count` libraries: one version each, nine in ten for everybody, a few much used. */
export function* libraryChanges(
  count: number,
): Generator<{ readonly sequence: bigint; readonly at: number; readonly body: LibraryChange }> {
  const words = new ZipfWords('libraries')
  for (let n = 0; n < count; n += 1) {
    const id = 2 * n + 1
    const at = Date.UTC(2026, 0, 1) + Math.floor(words.chance() * 300 * day)
    const scope = `team-${Math.floor(n / 50)}`
    const name = `${words.word()}-${words.word()}-${n}`
    const visibility = n % 20 === 0 ? 'private' : n % 20 === 1 ? 'internal' : 'public'
    const downloads = Math.floor(1 / (words.chance() + 1e-5))
    const sequence = BigInt(id + 1)
    yield { sequence, at, body: versionPut(words, { library: id, name, digest: n }) }
    yield { sequence, at, body: { kind: 'library/counted', counts: [[id + 1, 20_000, downloads]] } }
    yield {
      sequence: BigInt(id),
      at,
      body: {
        ...{ kind: 'library/put', scope, name, owner: scope, visibility },
        settings: { staged: false, trustedOnly: false },
      },
    }
  }
}

function versionPut(
  words: ZipfWords,
  {
    library,
    name,
    digest,
  }: { readonly library: number; readonly name: string; readonly digest: number },
): LibraryChange {
  const manifest = {
    ...{
      schema: 1,
      name,
      version: '1.0.0',
      versionText: '1.0.0',
      authors: [],
      include: [],
      exclude: [],
    },
    ...{
      description: words.words(12).join(' '),
      tags: [...new Set(words.words(3))],
      dependencies: {},
    },
    license: words.chance() < 0.6 ? 'MIT' : 'Apache-2.0',
  }
  return {
    kind: 'library/version-put',
    library,
    version: '1.0.0',
    state: 'live',
    digest: String(digest).padStart(64, '0'),
    treeDigest: '0'.repeat(64),
    bytes: 10_000,
    unpackedBytes: 30_000,
    manifest: JSON.stringify(manifest),
    document: '{}',
    findings: [],
    files: [['README.md', 1_000, '0'.repeat(64)]],
    headings: [...new Set(words.words(20))].join(' '),
    bodies: [...new Set(words.words(300))].join(' '),
    publisher: 'someone',
    publishedBy: 'someone',
    publishedVia: 'api',
  }
}
