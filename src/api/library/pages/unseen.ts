/**
 * Strangers' text with what the eye would miss made visible: characters without width, those that turn the direction of text around, tags that only
 * machines read. Instructions can hide in them.
 */
import { type HtmlPart, html } from '#api/library/pages/html'

/**
 * Control characters but for tabs and ends of lines, and whatever is drawn as nothing: widths of zero, directions, tags. Joiners count only where no script
 * and no emoji needs them; of the selectors of variants, those of emojis do not count.
 */
const unseen =
  /(?![\t\n\r])\p{Cc}|[\u2028\u2029\ufff9-\ufffb]|(?![\ufe0e\ufe0f])(?!(?<=[\p{Extended_Pictographic}\p{M}\p{Script=Arabic}\p{Script=Bengali}\p{Script=Devanagari}\p{Script=Khmer}\p{Script=Malayalam}\p{Script=Sinhala}])[\u200c\u200d])\p{Default_Ignorable_Code_Point}/gu

/** For elements. */
export function visibleText(text: string): HtmlPart {
  const parts: HtmlPart[] = []
  let end = 0
  for (const { 0: character, index } of text.matchAll(unseen)) {
    parts.push(
      text.slice(end, index),
      html`<mark class="unseen" title="a character that is not seen">${codeOf(character)}</mark>`,
    )
    end = index + character.length
  }
  return end === 0 ? text : [...parts, text.slice(end)]
}

/** For attributes, titles and whatever else has no elements. */
export function visibleWords(text: string): string {
  return text.replaceAll(unseen, (character) => `[${codeOf(character)}]`)
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
