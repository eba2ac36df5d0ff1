/** What docs/operate/ tells people to write into files or to type, for tests that do it. */
import { readFileSync } from 'node:fs'

/** The block of that language on the page that has these words; the first one when it does not matter. */
export function blockOf(page: string, language: string, words = ''): string {
  const text = readFileSync(new URL(`../docs/operate/${page}.md`, import.meta.url), 'utf8')
  const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))
  const block = blocks.map(([, lines = '']) => lines).find((lines) => lines.includes(words))
  if (block === undefined)
    throw new Error(`docs/operate/${page}.md has no block of ${language} with "${words}"`)
  return block
}
