/** What docs/operate/ tells people to write into files or to type, for tests that do it. */
import { readFileSync } from 'node:fs'

/** The first block of that language on the page. */
export function blockOf(page: string, language: string): string {
  const text = readFileSync(new URL(`../docs/operate/${page}.md`, import.meta.url), 'utf8')
  const block = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(text)?.[1]
  if (block === undefined) throw new Error(`docs/operate/${page}.md has no block of ${language}`)
  return block
}
