/** Which version of each library is installed, when libraries need others: one version of each, the newest that satisfies all who ask for it. */
import type { Range } from '#library/range'
import type { Version } from '#library/version'

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

/**
 * Yanked versions are chosen only if `locked` names them. A locked version is kept while it satisfies all, so that the same lock gives the same versions.
 */
export function resolveDependencies(
  _wanted: ReadonlyMap<string, Range>,
  _options: {
    readonly candidates: Candidates
    readonly locked?: ReadonlyMap<string, Version>
    readonly signal: AbortSignal
  },
): Promise<Resolution> {
  throw new Error('to come')
}
