/** Rules for the documents, and for what no file of the project may mention. */
import { posix } from 'node:path'
import type { Problem } from './rules.ts'
import { lineAt } from './source.ts'

export interface Page {
  readonly path: string
  readonly text: string
}

/** Folders whose pages are of use only if their index names them. */
const indexed = ['docs/formats', 'docs/decisions', 'docs/operate', 'docs/use']

export function indexes(pages: readonly Page[]): readonly Problem[] {
  return indexed.flatMap((folder) => {
    const index = pages.find(({ path }) => path === `${folder}/README.md`)
    const named = index === undefined ? [] : links(index).map(({ target }) => target)
    return pages
      .filter(
        ({ path }) => path.startsWith(`${folder}/`) && path.endsWith('.md') && path !== index?.path,
      )
      .filter(({ path }) => !named.includes(path))
      .map(({ path }) => ({ path, text: `no link leads here: name it in ${folder}/README.md` }))
  })
}

/** Links between our own pages lead somewhere. */
export function brokenLinks(
  pages: readonly Page[],
  exists: (path: string) => boolean,
): readonly Problem[] {
  return pages
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap((page) =>
      links(page)
        .filter(({ target }) => !exists(target))
        .map(({ target, line }) => ({
          path: page.path,
          line,
          text: `links to ${target}, which does not exist`,
        })),
    )
}

function links({
  path,
  text,
}: Page): readonly { readonly target: string; readonly line: number }[] {
  return [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => ({
    target: posix.normalize(posix.join(posix.dirname(path), match[1] ?? '')),
    line: lineAt(text, match.index),
  }))
}

const foreign: readonly { readonly pattern: RegExp; readonly text: string }[] = [
  {
    pattern: /(?<![\w.~}-])\/(?:work|home\/\w+|Users\/\w+)\/[\w.]/g,
    text: 'a path of one machine: write it relative to the repository, or make it a parameter',
  },
  {
    pattern:
      /\bregistry\.(?:npmjs|yarnpkg|npmmirror)\b|\bnpm\.pkg\.github\b|\bartifactory\b|"resolved": ?"http/gi,
    text: 'a package host: where packages come from is the affair of whoever installs',
  },
  {
    pattern: /\brulings?\b/gi,
    text: 'the word of a document that is not here: say the rule itself, or link a page of docs/decisions',
  },
]

export function foreignWords(pages: readonly Page[]): readonly Problem[] {
  return pages.flatMap(({ path, text }) =>
    foreign.flatMap(({ pattern, text: advice }) =>
      [...text.matchAll(pattern)].map((match) => ({
        path,
        line: lineAt(text, match.index),
        text: `"${match[0]}" is ${advice}`,
      })),
    ),
  )
}
