/** What can go wrong: one class, closed kinds, codes owned by rooms. Knows no product. */

/** Closed: every door maps every kind. */
export type FaultKind =
  | 'invalid' // the caller's input can never succeed
  | 'unauthenticated' // who is this?
  | 'denied' // known, but not allowed
  | 'not-found'
  | 'conflict' // the state forbids it now
  | 'precondition' // a condition the caller named does not hold
  | 'too-large' // a stated limit is passed
  | 'exhausted' // disk, quota or slots are used up
  | 'unavailable' // too few nodes, database down: try again
  | 'timeout'
  | 'corrupt' // stored bytes do not match their hash
  | 'unsupported' // understood, not offered

export type FaultDetail = Readonly<Record<string, string | number | boolean | undefined>>

/** An expected failure. Absence is `undefined`, a broken invariant is an assertion. */
export class Fault<Code extends string = string> extends Error {
  readonly kind: FaultKind
  readonly code: Code
  readonly detail: FaultDetail

  constructor(kind: FaultKind, code: Code, detail: FaultDetail, cause?: unknown) {
    const facts = Object.entries(detail)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}`)
    super(facts.length === 0 ? code : `${code} (${facts.join(', ')})`, { cause })
    this.name = 'Fault'
    this.kind = kind
    this.code = code
    this.detail = detail
  }
}

/**
 * Declares a room's codes (`room/what-happened`) with their kinds and returns the only maker of such faults.
 * The secret rule: a detail is shown to people and logged, so it never holds key material or object bytes.
 */
export function declareFaults<const Codes extends Readonly<Record<string, FaultKind>>>(
  codes: Codes,
): (
  code: keyof Codes & string,
  detail?: FaultDetail,
  cause?: unknown,
) => Fault<keyof Codes & string> {
  return (code, detail = {}, cause) => {
    const kind = codes[code]
    if (kind === undefined) throw new TypeError(`undeclared fault code ${code}`)
    return new Fault(kind, code, detail, cause)
  }
}

/** Narrows `unknown` from a `catch` to one of the named codes. */
export function isFault<Code extends string>(
  error: unknown,
  ...codes: readonly Code[]
): error is Fault<Code> {
  return (
    error instanceof Fault &&
    (codes.length === 0 || (codes as readonly string[]).includes(error.code))
  )
}
