/** Inputs that are nearly right: one that is, changed in a few places by a seed. */
import type { Random } from './random.ts'

/** At most; limits of what is read lie below. */
export const inputBytesMax = 256 * 1024

/** What parsers stumble over, whatever they read. */
const awkward = [
  ...[
    '',
    '\0',
    '\r\n',
    '\n',
    ' ',
    '%',
    '%00',
    '%2f',
    '%ff',
    '%zz',
    '+',
    '/',
    '//',
    '..',
    '?',
    '&',
    '=',
    ':',
    ';',
    ',',
  ],
  ...[
    '"',
    "'",
    '\\',
    '<',
    '>',
    '{',
    '}',
    '[',
    ']',
    '-',
    '-1',
    '0',
    '1e309',
    '99999999999999999999',
    '0x10',
    'NaN',
  ],
  ...['null', 'true', '__proto__', 'constructor', 'ü', '☂', '𝄞', '\ufeff', '\u2028'],
] as const
/** Bytes that are no UTF-8: a lone surrogate, an overlong slash, a continuation. */
const noText = [
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xc0, 0xaf]),
  Buffer.from([0x80]),
] as const

export type Seeds = readonly [string | Uint8Array, ...(string | Uint8Array)[]]

export function mutate(
  random: Random,
  { seeds, words = [] }: { readonly seeds: Seeds; readonly words?: readonly string[] },
): Buffer {
  let input: Buffer = Buffer.from(random.pick(seeds))
  const changes = 1 + random.below(random.below(4) === 0 ? 12 : 3)
  for (let change = 0; change < changes; change += 1) {
    input = changed(input, random, { seeds, words: [...awkward, ...words] })
    if (input.length > inputBytesMax) input = input.subarray(0, inputBytesMax)
  }
  return input
}

function changed(
  input: Buffer,
  random: Random,
  { seeds, words }: { readonly seeds: Seeds; readonly words: readonly string[] },
): Buffer {
  const [from, until] = sliceOf(input, random)
  const around = (middle: Uint8Array): Buffer =>
    Buffer.concat([input.subarray(0, from), middle, input.subarray(until)])
  const slice = input.subarray(from, until)
  const word = (): Buffer => Buffer.from(words[random.below(words.length)] ?? '')
  switch (random.below(8)) {
    case 0: {
      const copy = Buffer.from(input)
      const at = random.below(input.length)
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
      return copy
    }
    case 1:
      return around(word())
    case 2:
      return around(Buffer.concat([word(), slice]))
    case 3:
      return around(Buffer.alloc(0))
    case 4:
      return around(repeated(slice.length > 0 ? slice : word(), 1 + random.below(10) ** 4))
    case 5: {
      const other = Buffer.from(random.pick(seeds))
      const [start, end] = sliceOf(other, random)
      return around(other.subarray(start, end))
    }
    case 6:
      return around(random.pick(noText))
    default:
      return input.subarray(0, from)
  }
}

/** Mostly short. */
function sliceOf(input: Buffer, random: Random): readonly [from: number, until: number] {
  const from = random.below(input.length + 1)
  const room = input.length - from
  return [from, from + random.below(Math.min(room, random.below(8) === 0 ? room : 16) + 1)]
}

function repeated(slice: Uint8Array, times: number): Buffer {
  const count = Math.min(times, Math.ceil(inputBytesMax / Math.max(1, slice.length)))
  return Buffer.concat(Array.from({ length: count }, () => slice))
}
