/**
 * What keeps a walk through directories of strangers finite. A directory that contains itself would need a hash that fits its own bytes, which
 * only a registry can pretend whose answers nobody checks; one that names another many times, which does so again, is made in a minute.
 */
import { contentFault } from '#content/faults'

export interface WalkLimits {
  readonly depthMax: number
  /** Files and directories of one walk together. */
  readonly entriesMax: number
}

/** Deeper than paths are in practice. */
const walkLimits: WalkLimits = { depthMax: 64, entriesMax: 1_000_000 }

export class DirectoryWalk {
  readonly #ancestors: readonly string[]
  readonly #limits: WalkLimits
  readonly #seen: { entries: number }

  private constructor(
    ancestors: readonly string[],
    { limits, seen }: { readonly limits: WalkLimits; readonly seen: { entries: number } },
  ) {
    this.#ancestors = ancestors
    this.#limits = limits
    this.#seen = seen
  }

  /** At the directory (or file) that a link names. */
  static from(hash: Uint8Array, limits: WalkLimits = walkLimits): DirectoryWalk {
    return new DirectoryWalk([hash.toHex()], { limits, seen: { entries: 1 } })
  }

  /**
   * On to an entry of this directory, before it is fetched. `content/directory-cycle` when that is the directory itself or one of those it
   * lies in, `content/directory-too-large` when the walk is too deep or too long.
   */
  enter(hash: Uint8Array): DirectoryWalk {
    const { depthMax, entriesMax } = this.#limits
    const name = hash.toHex()
    if (this.#ancestors.includes(name)) {
      throw contentFault('content/directory-cycle', { hash: name })
    }
    if (this.#ancestors.length >= depthMax) {
      throw contentFault('content/directory-too-large', { depthMax })
    }
    this.#seen.entries += 1
    if (this.#seen.entries > entriesMax) {
      throw contentFault('content/directory-too-large', { entriesMax })
    }
    return new DirectoryWalk([...this.#ancestors, name], { limits: this.#limits, seen: this.#seen })
  }
}
