/** Sizes as people write them. */

const binary: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }
const decimal: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9, t: 1e12 }

/** `64MiB`, `64M` (binary too), `100MB` (decimal), `4096`: bytes. `undefined` when it cannot be understood. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d{1,12})\s*(?:([kmgt])(i?b)?|b)?$/i.exec(text.trim())
  if (match === null) return undefined
  const [, digits = '', prefix, suffix = 'ib'] = match
  if (prefix === undefined) return Number(digits)
  const factors = suffix.toLowerCase() === 'b' ? decimal : binary
  return Number(digits) * (factors[prefix.toLowerCase()] ?? 1)
}
