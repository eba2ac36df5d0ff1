/** How much of a simulated disk is taken. A file gives its space back with its last name. */
import type { SimulatedContent } from '#disk/_simulated-content'

export class SimulatedSpace {
  totalBytes: number
  #usedBytes = 0

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get freeBytes(): number {
    return Math.max(0, this.totalBytes - this.#usedBytes)
  }

  /** The file's length changes by `bytes`; one without a name takes no space. */
  resize(content: SimulatedContent, bytes: number): void {
    if (content.links > 0) this.#usedBytes += bytes
  }

  named(content: SimulatedContent): void {
    content.links += 1
    if (content.links === 1) this.#usedBytes += content.length
  }

  unnamed(content: SimulatedContent): void {
    content.links -= 1
    if (content.links === 0) this.#usedBytes -= content.length
  }

  /** After a power cut: counts again from the names that are left (twice when a file has two). */
  recount(named: readonly SimulatedContent[]): void {
    this.#usedBytes = 0
    for (const content of named) content.links = 0
    for (const content of named) this.named(content)
  }
}
