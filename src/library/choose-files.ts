/** Which files of a directory are published. */
import { archiveLimits } from '#library/archive-limits'
import { comparePaths, complaintOfPath } from '#library/archive-path'
import { fileKindOf } from '#library/file-kind'
import { type Manifest, manifestPath } from '#library/manifest'
import { isMatchOfGlob } from '#library/path-glob'

export interface ChosenFiles {
  /** In the archive's order. */
  readonly chosen: readonly string[]
  readonly left: readonly LeftFile[]
}

export interface LeftFile {
  readonly path: string
  readonly why: 'hidden' | 'installed' | 'not-included' | 'excluded' | 'kind' | 'script' | 'path'
}

export interface ChooseOptions extends Pick<Manifest, 'include' | 'exclude'> {
  readonly allowsScripts?: boolean
}

/** Taken whatever `include` says, when they lie at the top. */
const always =
  /^(?:\.mdlibs\.toml|readme(?:\.(?:md|markdown|txt))?|(?:licen[cs]e|notice|copying)(?:[.-][a-z0-9.-]+)?)$/i
/** Of other tools, or of other libraries. */
const installed = /^(?:node_modules|libraries)$/

/**
 * Paths relative to the directory, with `/`. The manifest is always chosen. Without `include` all files are, but for hidden ones and what is installed; with it,
 * those that it names. `exclude` wins over both. Kinds that are not published never are.
 */
export function chooseFiles(paths: Iterable<string>, options: ChooseOptions): ChosenFiles {
  const chosen: string[] = []
  const left: LeftFile[] = []
  for (const path of [...paths].map((one) => one.normalize('NFC')).sort(comparePaths)) {
    const why = whyLeft(path, options)
    if (why === undefined) chosen.push(path)
    else left.push({ path, why })
  }
  return { chosen, left }
}

function whyLeft(
  path: string,
  { include, exclude, allowsScripts = false }: ChooseOptions,
): LeftFile['why'] | undefined {
  if (path === manifestPath) return undefined
  const parts = path.split('/')
  const isNamed = include.some((glob) => isMatchOfGlob(path, glob))
  if (!isNamed && parts.some((part) => part.startsWith('.'))) return 'hidden'
  if (!isNamed && installed.test(parts[0] ?? '')) return 'installed'
  if (!isNamed && include.length > 0 && !always.test(path)) return 'not-included'
  if (exclude.some((glob) => isMatchOfGlob(path, glob))) return 'excluded'
  const kind = fileKindOf(path)
  if (kind === undefined) return 'kind'
  if (kind === 'script' && !allowsScripts) return 'script'
  return complaintOfPath(path, archiveLimits) === undefined ? undefined : 'path'
}
