/** Characters that nobody sees, or that make text look like other text. */
import { type Block, type BlockFinding, type PatternRule, RuleSet } from '#library/_scan-block'

const rules: readonly PatternRule[] = [
  {
    rule: 'hidden/bidi',
    severity: 'high',
    pattern: /[\u202a-\u202e\u2066-\u2069]{1,64}/g,
  },
  {
    rule: 'hidden/bidi-mark',
    severity: 'low',
    pattern: /[\u061c\u200e\u200f]{1,64}/g,
  },
  {
    rule: 'hidden/zero-width',
    severity: 'medium',
    pattern:
      /\p{Default_Ignorable_Code_Point}(?<!\p{Bidi_Control}|\p{Variation_Selector}|\u00ad|\u200c|\u200d|[\u{e0000}-\u{e0fff}])|(?<=[\x21-\x7e])[\u200c\u200d](?=[\x21-\x7e])/gu,
  },
  { rule: 'hidden/soft-hyphen', severity: 'low', pattern: /\u00ad/g },
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
    pattern: /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f]{1,1024}/g,
  },
  {
    rule: 'hidden/terminal-escape',
    severity: 'high',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    pattern: /\x1b{1,64}/g,
  },
  {
    // A Latin word with a letter of another alphabet in it, that looks like one of its own.
    rule: 'hidden/mixed-alphabets',
    severity: 'medium',
    pattern: /[авекмнорстухіјѕԁһӏАВЕКМНОРСТУХІЈЅοερικαΑΒΕΖΗΙΚΜΝΟΡΤΥΧ](?<=[A-Za-z].)(?=[A-Za-z])/g,
  },
]

/** With what stands around it, in its line. */
function around({ 0: found, index, input }: RegExpExecArray): string {
  const before = input.slice(Math.max(0, index - 20), index).replace(/^.*\n/s, '')
  const after = input.slice(index + found.length, index + found.length + 40).replace(/\n.*$/s, '')
  return before + found + after
}

const ruleSet = new RuleSet(rules.map((rule) => ({ ...rule, show: around })))

export function hiddenFindings(block: Block): readonly BlockFinding[] {
  if (!/[^\t\n\r\f\x20-\x7e]/.test(block.text)) return []
  const text = block.isAtStart ? block.text.replace(/^\ufeff/, '') : block.text // a byte order mark
  return ruleSet.find({ ...block, text })
}
