/** Numbers, times and states as people read them. */
import { type Html, html } from '#api/library/pages/html'
import type { Visibility } from '#library/model'

const date = { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' } as const

const day = new Intl.DateTimeFormat('en-GB', date)
const minute = new Intl.DateTimeFormat('en-GB', {
  ...date,
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
})
const count = new Intl.NumberFormat('en-GB')
const short = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 })

export function dateOf(ms: number): Html {
  const at = new Date(ms)
  return html`<time datetime="${at.toISOString()}">${day.format(at)}</time>`
}

export function momentOf(ms: number): Html {
  const at = new Date(ms)
  return html`<time datetime="${at.toISOString()}">${minute.format(at)}</time>`
}

export function numberText(number: number): string {
  return count.format(number)
}

/** `1.2K` from ten thousand on. */
export function shortNumber(number: number): string {
  return number < 10_000 ? numberText(number) : short.format(number)
}

/** `1 file`, `2 files`. */
export function countText(number: number, one: string, many = `${one}s`): string {
  return `${numberText(number)} ${number === 1 ? one : many}`
}

export const whoSees: Readonly<Record<Visibility, string>> = {
  public: 'Everybody may read it.',
  internal: 'Everybody who is signed in may read it.',
  private: 'Only its owners, and those whom they let in, may read it.',
}
