/**
 * Markdown that was rendered, for whoever asks next: what a version's file says never changes, and rendering takes milliseconds where looking it up takes
 * none. Rights are decided before anything is looked up.
 */
import type { FilePlace } from '#api/library/pages/file-links'
import {
  markdownCharactersMax,
  markdownLinesMax,
  type RenderedMarkdown,
  renderMarkdown,
} from '#api/library/pages/markdown'

/** Some tens of MiB at worst. */
const keptMax = 64

export class RenderedFiles {
  readonly #kept = new Map<string, RenderedMarkdown>()

  /** `undefined` for what is too long to be shown as a page. `digest`: of what stands in `text`. */
  render(text: string, place: FilePlace, digest: string): RenderedMarkdown | undefined {
    if (text.length > markdownCharactersMax || countLines(text) > markdownLinesMax) return undefined
    const { library, version, path } = place
    const key = `${library.scope}/${library.name}/${version}/${path} ${digest}`
    const kept = this.#kept.get(key)
    const rendered = kept ?? renderMarkdown(text, place)
    this.#kept.delete(key)
    this.#kept.set(key, rendered) // the one used last is the last
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > keptMax && oldest !== undefined) this.#kept.delete(oldest)
    return rendered
  }
}

function countLines(text: string): number {
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}
