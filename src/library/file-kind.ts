/** What kinds of files a library may hold, by the ends of their names. */
export type FileKind = 'markdown' | 'text' | 'data' | 'image' | 'svg' | 'script'

const kinds: Readonly<Record<FileKind, readonly string[]>> = {
  markdown: ['md', 'markdown'],
  text: ['txt', 'text'],
  data: ['json', 'jsonl', 'yaml', 'yml', 'toml', 'csv', 'tsv'],
  image: ['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif', 'ico'],
  /** An image that is a program too: never shown without being made harmless. */
  svg: ['svg'],
  /** What runs, or runs in a page. Only registries that allow it take it. */
  script: [
    ...['sh', 'bash', 'zsh', 'fish', 'ps1', 'psm1', 'bat', 'cmd', 'awk', 'sed', 'tcl', 'vbs'],
    ...['py', 'rb', 'pl', 'pm', 'php', 'lua', 'r', 'jl', 'js', 'mjs', 'cjs', 'jsx', 'ts', 'mts'],
    ...['cts', 'tsx', 'mdx', 'html', 'htm', 'xhtml', 'css', 'sql', 'go', 'rs', 'java', 'kt', 'cs'],
    ...['c', 'h', 'cc', 'cpp', 'hpp', 'swift', 'scala', 'clj', 'ex', 'exs', 'erl', 'hs', 'ml'],
  ],
}
const kindOfEnd: ReadonlyMap<string, FileKind> = new Map(
  Object.entries(kinds).flatMap(([kind, ends]) => ends.map((end) => [end, kind as FileKind])), // Object.entries forgets the keys' type
)
/** Files that projects name without an end. */
const bareNames: ReadonlySet<string> = new Set(
  ['authors', 'changelog', 'changes', 'citation', 'codeowners', 'contributors', 'copying'].concat([
    'copyright',
    'history',
    'licence',
    'license',
    'maintainers',
    'notice',
    'readme',
    'version',
  ]),
)

/** `undefined`: of no kind that may be published. */
export function fileKindOf(path: string): FileKind | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const dot = name.lastIndexOf('.')
  if (dot >= 0) return kindOfEnd.get(name.slice(dot + 1))
  return bareNames.has(name) || /^licen[cs]e-[a-z0-9-]+$/.test(name) ? 'text' : undefined
}

export function isMarkdown(path: string): boolean {
  return fileKindOf(path) === 'markdown'
}
