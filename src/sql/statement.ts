/** What a statement is, from its text alone. */

/** True for statements that change nothing. */
export function isReading(text: string): boolean {
  return /^\s*(select|with(?!.*\b(insert|update|delete)\b))\b/is.test(text)
}
