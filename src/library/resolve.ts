/**
 * Which version of each library is installed, when libraries need others: one version of each, the newest that satisfies all who ask for it.
 *
 * A search that goes back: libraries are decided in the order in which they are first asked for, newest version first. When a library has no version left, the
 * search returns to the latest decision that had a part in it (conflict-directed backjumping, Prosser 1993), so that choices that do not matter are not
 * tried in all combinations.
 */
import { isInRange, type Range } from '#library/range'
import { newestFirst, type Version } from '#library/version'

/** A version that could be chosen. */
export interface Candidate {
  readonly version: Version
  /** By `@scope/name`. */
  readonly dependencies: ReadonlyMap<string, Range>
  readonly isYanked: boolean
}

/** All versions of a library (`@scope/name`), in any order; none when there is no such library. Asked once for each. */
export type Candidates = (library: string) => Promise<readonly Candidate[]>

export interface Requirement {
  readonly library: string
  readonly range: Range
  /** `@scope/name@version`; `undefined`: the project itself. */
  readonly by: string | undefined
}

export type Resolution =
  | { readonly state: 'resolved'; readonly versions: ReadonlyMap<string, Candidate> }
  | {
      readonly state: 'conflict'
      readonly library: string
      readonly requirements: readonly Requirement[]
      /** Sentences, one a line: who asks for what, and what there is. */
      readonly explanation: string
    }

/** More than any real tree takes; after so many the search is given up as a conflict. */
const decisionsMax = 50_000

export interface ResolveOptions {
  readonly candidates: Candidates
  /** Kept while they satisfy all; the only way to a yanked version. */
  readonly locked?: ReadonlyMap<string, Version>
  readonly signal: AbortSignal
}

/** The same candidates and lock give the same versions. */
export async function resolveDependencies(
  wanted: ReadonlyMap<string, Range>,
  { candidates, locked = new Map(), signal }: ResolveOptions,
): Promise<Resolution> {
  const known = new Map<string, readonly Candidate[]>()
  const choicesOf = async (library: string): Promise<readonly Candidate[]> => {
    signal.throwIfAborted()
    const found = known.get(library) ?? inOrder(await candidates(library), locked.get(library))
    known.set(library, found)
    return found
  }
  const root = [...wanted].map(([library, range]) => ({ library, range, by: undefined }))
  return await new Search(root, choicesOf).run()
}

/** The locked one first, then the newest; yanked ones only when locked. */
function inOrder(all: readonly Candidate[], locked: Version | undefined): readonly Candidate[] {
  const byVersion = new Map(all.map((candidate) => [candidate.version, candidate]))
  const sorted = newestFirst(byVersion.keys()).flatMap((version) => byVersion.get(version) ?? [])
  const kept = sorted.filter(({ version }) => version === locked)
  return [...kept, ...sorted.filter(({ version, isYanked }) => version !== locked && !isYanked)]
}

interface Decision {
  readonly library: string
  readonly choices: readonly Candidate[]
  next: number
  /** Libraries whose choice has a part in what was refused here. */
  readonly blamed: Set<string>
}

interface Conflict {
  readonly library: string
  readonly requirements: readonly Requirement[]
  readonly choices: readonly Candidate[]
}

class Search {
  readonly #root: readonly Requirement[]
  readonly #choicesOf: (library: string) => Promise<readonly Candidate[]>
  readonly #decisions: Decision[] = []
  #firstConflict: Conflict | undefined

  constructor(
    root: readonly Requirement[],
    choicesOf: (library: string) => Promise<readonly Candidate[]>,
  ) {
    this.#root = root
    this.#choicesOf = choicesOf
  }

  async run(): Promise<Resolution> {
    for (let count = 0; count < decisionsMax; count += 1) {
      const requirements = this.#requirements()
      const open = requirements.find(({ library }) => this.#chosen(library) === undefined)
      if (open === undefined) return this.#resolved()
      const choices = await this.#choicesOf(open.library)
      this.#decisions.push({ library: open.library, choices, next: 0, blamed: new Set() })
      if (!this.#advance()) break
    }
    return explained(this.#firstConflict)
  }

  #resolved(): Resolution {
    const versions = this.#decisions
      .flatMap(({ library, choices, next }) => {
        const candidate = choices[next]
        return candidate === undefined ? [] : [[library, candidate] as const]
      })
      .sort(([one], [other]) => (one < other ? -1 : 1))
    return { state: 'resolved', versions: new Map(versions) }
  }

  #chosen(library: string): Candidate | undefined {
    const decision = this.#decisions.find((one) => one.library === library)
    return decision?.choices[decision.next]
  }

  /** Of the project, and of what is decided; those of `without` left out. */
  #requirements(without?: Decision): readonly Requirement[] {
    const decided = this.#decisions.filter((decision) => decision !== without)
    return [...this.#root, ...decided.flatMap(requirementsOf)]
  }

  /** Makes the last decision hold, going back as far as it takes. False: there is no way. */
  #advance(): boolean {
    for (;;) {
      const decision = this.#decisions.at(-1)
      if (decision === undefined) return false
      if (this.#holds(decision)) return true
      this.#decisions.pop()
      const culprit = this.#decisions.findLastIndex(({ library }) => decision.blamed.has(library))
      if (culprit < 0) return false
      this.#decisions.length = culprit + 1
      const earlier = this.#decisions[culprit]
      for (const library of decision.blamed)
        if (library !== earlier?.library) earlier?.blamed.add(library)
      if (earlier !== undefined) earlier.next += 1
    }
  }

  /** Moves to the first choice, from `next` on, that fits all others. */
  #holds(decision: Decision): boolean {
    const asked = this.#requirements(decision).filter(({ library }) => library === decision.library)
    const clashes: Requirement[] = []
    for (; decision.next < decision.choices.length; decision.next += 1) {
      const candidate = decision.choices[decision.next]
      if (candidate === undefined) continue
      if (asked.some(({ range }) => !isInRange(candidate.version, range))) continue
      const clash = this.#clashOf(decision.library, candidate)
      if (clash === undefined) return true
      decision.blamed.add(clash.library)
      clashes.push(clash)
    }
    for (const { by } of asked) if (by !== undefined) decision.blamed.add(libraryOf(by))
    this.#noteConflict(decision, asked, clashes)
    return false
  }

  /** What is decided, and does not fit what this one needs. */
  #clashOf(library: string, { version, dependencies }: Candidate): Requirement | undefined {
    for (const [needed, range] of dependencies) {
      const chosen = this.#chosen(needed)
      if (chosen !== undefined && !isInRange(chosen.version, range))
        return { library: needed, range, by: `${library}@${version}` }
    }
    return undefined
  }

  /** The first is told: it is about the newest versions, which people know. */
  #noteConflict(
    { library, choices }: Decision,
    asked: readonly Requirement[],
    clashes: readonly Requirement[],
  ): void {
    if (this.#firstConflict !== undefined) return
    const [clash] = clashes
    const others = this.#requirements().filter((one) => one.library === clash?.library)
    const requirements = [...asked, ...(clash === undefined ? [] : [clash, ...others])]
    this.#firstConflict = { library, choices, requirements }
  }
}

function requirementsOf({ library, choices, next }: Decision): readonly Requirement[] {
  const candidate = choices[next]
  if (candidate === undefined) return []
  const by = `${library}@${candidate.version}`
  return [...candidate.dependencies].map(([needed, range]) => ({ library: needed, range, by }))
}

function libraryOf(by: string): string {
  return by.slice(0, by.lastIndexOf('@'))
}

function explained(conflict: Conflict | undefined): Resolution {
  if (conflict === undefined)
    return {
      state: 'conflict',
      library: '',
      requirements: [],
      explanation: 'the search was given up',
    }
  return { state: 'conflict', ...conflict, explanation: explanationOf(conflict) }
}

const shownVersions = 8

function explanationOf({ library, requirements, choices }: Conflict): string {
  const asking = requirements.map(
    (one) => `${one.by ?? 'the project'} needs ${one.library} ${one.range.text || '*'}`,
  )
  const shown = choices.slice(0, shownVersions).map(({ version }) => version)
  const more = choices.length - shown.length
  const there =
    choices.length === 0
      ? `there is no ${library} that could be chosen`
      : `of ${library} there is ${shown.join(', ')}${more > 0 ? ` and ${more} older` : ''}`
  const end = choices.length === 0 ? [] : ['no version satisfies all of this']
  return [...asking, there, ...end].join('\n')
}
