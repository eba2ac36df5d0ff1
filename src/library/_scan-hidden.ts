/** Characters that nobody sees, or that make text look like other text. */
import {
  type Block,
  type BlockFinding,
  type PatternRule,
  patternFindings,
} from '#library/_scan-block'

const rules: readonly PatternRule[] = [
  {
    rule: 'hidden/bidi',
    severity: 'high',
    pattern: /[^\n]{0,20}[\u202a-\u202e\u2066-\u2069][^\n]{0,40}/g,
  },
  {
    rule: 'hidden/bidi-mark',
    severity: 'low',
    pattern: /[^\n]{0,20}[\u061c\u200e\u200f][^\n]{0,40}/g,
  },
  {
    rule: 'hidden/zero-width',
    severity: 'medium',
    pattern:
      /[^\n]{0,20}(?:(?!\p{Bidi_Control}|\p{Variation_Selector}|\u00ad|\u200c|\u200d|[\u{e0000}-\u{e0fff}])\p{Default_Ignorable_Code_Point}|(?<=[\x21-\x7e])[\u200c\u200d](?=[\x21-\x7e]))[^\n]{0,40}/gu,
  },
  { rule: 'hidden/soft-hyphen', severity: 'low', pattern: /[^\n]{0,20}\u00ad[^\n]{0,40}/g },
  {
    // Tags spell ASCII that only machines see. Flags of parts of countries are written with them too, behind a black flag.
    rule: 'hidden/tag-characters',
    severity: 'critical',
    pattern: /(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]{0,8})[\u{e0000}-\u{e007f}]{1,64}/gu,
  },
  {
    // One follows an emoji or a Han character; a row of them holds bytes.
    rule: 'hidden/variation-selectors',
    severity: 'critical',
    pattern: /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{3,64}/gu,
  },
  {
    rule: 'hidden/control',
    severity: 'medium',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    pattern: /[^\n]{0,20}[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f][^\n]{0,40}/g,
  },
  {
    rule: 'hidden/terminal-escape',
    severity: 'high',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    pattern: /\x1b[^\n]{0,40}/g,
  },
  {
    // A Latin word with a letter of another alphabet in it, that looks like one of its own.
    rule: 'hidden/mixed-alphabets',
    severity: 'medium',
    pattern: /[A-Za-z]{1,30}[авекмнорстухіјѕԁһӏАВЕКМНОРСТУХІЈЅοερικαΑΒΕΖΗΙΚΜΝΟΡΤΥΧ][A-Za-z]{1,30}/g,
  },
]

export function* hiddenFindings(block: Block): Generator<BlockFinding, void, undefined> {
  if (!/[^\t\n\r\f\x20-\x7e]/.test(block.text)) return
  const text = block.isAtStart ? block.text.replace(/^\ufeff/, '') : block.text // a byte order mark
  yield* patternFindings({ ...block, text }, rules)
}
