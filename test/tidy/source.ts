/** A source file as the tidy rules see it: what it imports, and its code without comments and without what stands in strings. */

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string
  /** The text with comments and the insides of strings blanked; every character keeps its place. */
  readonly code: string
  readonly imports: readonly Import[]
}

export interface Import {
  readonly specifier: string
  /** `worker`: `new URL('./x.ts', import.meta.url)`, a file that runs without being imported. */
  readonly kind: 'static' | 'dynamic' | 'worker'
  readonly line: number
}

const importPatterns: readonly { readonly kind: Import['kind']; readonly pattern: RegExp }[] = [
  { kind: 'static', pattern: /\b(?:from|import)\s*(['"]) *\1/g },
  { kind: 'dynamic', pattern: /\bimport\s*\(\s*(['"]) *\1/g },
  { kind: 'worker', pattern: /\bnew URL\(\s*(['"]) *\1,\s*import\.meta\.url/g },
]

export function readSource(path: string, text: string): SourceFile {
  const code = blank(text)
  const imports = importPatterns.flatMap(({ kind, pattern }) =>
    [...code.matchAll(pattern)].map((match) => {
      const quote = match[1] ?? "'"
      const start = code.indexOf(quote, match.index) + 1
      const specifier = text.slice(start, code.indexOf(quote, start))
      return { specifier, kind, line: lineAt(code, match.index) }
    }),
  )
  return { path, code, imports: imports.filter(isModule) }
}

/** A URL beside the file is a worker only when it names a source; otherwise it is data (a kernel, a vector). */
function isModule({ kind, specifier }: Import): boolean {
  return kind !== 'worker' || specifier.endsWith('.ts')
}

/** Counts from 1. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

/**
 * Blanks comments, regular expressions and the insides of strings, by one pass over the tokens that can hide something. What stands in `${}`
 * of a template is blanked as well: no rule needs it. Tells a regular expression from a division by what stands before it.
 */
export function blank(text: string): string {
  const hiding =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=(?:^|[(,=:[!&|?{};+\n]|=>|\breturn|\bcase)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n*[])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\//g
  return text.replaceAll(hiding, (hidden) => {
    const isString = /^['"`]/.test(hidden)
    const inside = (isString ? hidden.slice(1, -1) : hidden).replaceAll(/[^\n]/g, ' ')
    return isString ? `${hidden[0]}${inside}${hidden[0]}` : inside
  })
}
