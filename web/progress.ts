/** How far something is: a bar for the eyes, and words now and then for ears. */
import { element } from '#web/dom'

/** Screen readers hear of every quarter. */
const stepsTold = 4

export class Progress {
  readonly #bar = element('progress', { max: '1', 'aria-label': 'How far it is' })
  readonly #amount = element('span', { class: 'quiet', 'aria-hidden': 'true' })
  readonly #status = element('p', { class: 'status', role: 'status' })
  readonly #row = element('div', { class: 'bar', hidden: '' }, this.#bar, this.#amount)
  readonly element = element('div', { class: 'progress' }, this.#row, this.#status)
  #what = ''
  #told = 0

  start(what: string): void {
    this.#what = what
    this.#told = 0
    this.#bar.removeAttribute('value')
    this.#amount.textContent = ''
    this.#status.textContent = `${what} …`
    this.#row.hidden = false
  }

  /** `share`: 0 to 1. */
  tell(share: number, amount: string): void {
    this.#bar.value = share
    this.#amount.textContent = amount
    const step = Math.floor(share * stepsTold)
    if (step === this.#told || step === stepsTold) return
    this.#told = step
    this.#status.textContent = `${this.#what}: ${Math.round(share * 100)} %`
  }

  finish(word = ''): void {
    this.#row.hidden = true
    this.#status.textContent = word
  }
}
