/** Which files of a directory are published. */
import type { Manifest } from '#library/manifest'

export interface ChosenFiles {
  /** In the archive's order. */
  readonly chosen: readonly string[]
  readonly left: readonly { readonly path: string; readonly reason: string }[]
}

/** Paths relative to the directory, with `/`. The manifest is always chosen; hidden files, and kinds that are not published, never, unless `include` names them. */
export function chooseFiles(
  _paths: Iterable<string>,
  _manifest: Pick<Manifest, 'include' | 'exclude'>,
): ChosenFiles {
  throw new Error('to come')
}
