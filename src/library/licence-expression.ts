/** SPDX licence expressions (SPDX 2.3, annex D), by their shape: which licences there are is not known here. */

export const licenceCharsMax = 256
const depthMax = 16

/** `MIT`, `Apache-2.0 OR MIT`, `(GPL-2.0-or-later WITH Classpath-exception-2.0) AND CC-BY-4.0`, `LicenseRef-ours`. */
export function isLicenceExpression(text: string): boolean {
  if (text.length > licenceCharsMax) return false
  const words = text.match(/[()]|[^\s()]+/g) ?? []
  return new ExpressionReader(words).isWhole()
}

const id = /^[A-Za-z0-9][A-Za-z0-9.-]*\+?$/
const reference =
  /^(?:DocumentRef-[A-Za-z0-9.-]+:)?(?:LicenseRef-[A-Za-z0-9.-]+|[A-Za-z0-9][A-Za-z0-9.-]*\+?)$/
const operators: ReadonlySet<string> = new Set(['AND', 'OR', 'WITH'])

class ExpressionReader {
  readonly #words: readonly string[]
  #at = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  isWhole(): boolean {
    return this.#isExpression(0) && this.#at === this.#words.length
  }

  #isExpression(depth: number): boolean {
    if (depth > depthMax || !this.#isTerm(depth)) return false
    while (this.#takes('AND') || this.#takes('OR')) if (!this.#isTerm(depth)) return false
    return true
  }

  #isTerm(depth: number): boolean {
    if (this.#takes('(')) return this.#isExpression(depth + 1) && this.#takes(')')
    if (!this.#takesA(reference)) return false
    return this.#takes('WITH') ? this.#takesA(id) : true
  }

  #takes(word: string): boolean {
    if (this.#words[this.#at] !== word) return false
    this.#at += 1
    return true
  }

  #takesA(shape: RegExp): boolean {
    const word = this.#words[this.#at]
    if (word === undefined || operators.has(word) || !shape.test(word)) return false
    this.#at += 1
    return true
  }
}
