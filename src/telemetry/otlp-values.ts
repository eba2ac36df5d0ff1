/** Values as OTLP's JSON form spells them: integers of 64 bits are text. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */

export interface Attribute {
  readonly key: string
  readonly value:
    | { readonly stringValue: string }
    | { readonly intValue: string }
    | { readonly doubleValue: number }
}

/** Without those that are undefined. */
export function attributes(
  facts: Readonly<Record<string, string | number | undefined>>,
): readonly Attribute[] {
  return Object.entries(facts).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: spell(value) }],
  )
}

function spell(value: string | number): Attribute['value'] {
  if (typeof value === 'string') return { stringValue: value }
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** Milliseconds since 1970 as nanoseconds. */
export function unixNano(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n)
}
