/**
 * What is suspicious in published text: it is read by programs that obey what they read. Works on blocks of text as they come, keeps one; each rule looks at a
 * block as a whole, so that a phrase may go over lines. The rules are listed in docs/formats/library-archive.md.
 */

import { type BlockFinding, linesBefore } from '#library/_scan-block'
import { kindFindings } from '#library/_scan-bytes'
import { blockFindings } from '#library/_scan-text'
import { fileKindOf } from '#library/file-kind'
import { excerptCharsMax, type Finding } from '#library/scan'

/** Of one rule in one file; more of the same says nothing new. */
const findingsOfRuleMax = 20
const blockChars = 64 * 1024
/** What a phrase or key may have, at most, that goes over the end of a block. */
const overlapChars = 1_024
/** The same for a comment. */
const commentCharsMax = 8 * 1024
const magicBytes = 32

export interface FileScan {
  push(bytes: Uint8Array): void
  /** By line. */
  end(): readonly Finding[]
}

export function openFileScan(path: string): FileScan {
  return new Scan(path)
}

class Scan implements FileScan {
  readonly #path: string
  readonly #isText: boolean
  readonly #found = new Map<string, Finding>()
  readonly #countOfRule = new Map<string, number>()
  #head = Buffer.alloc(0)
  #decoder: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #carried = ''
  #fresh = ''
  #line = 1
  #isAtStart = true

  constructor(path: string) {
    this.#path = path
    this.#isText = fileKindOf(path) !== 'image'
  }

  push(bytes: Uint8Array): void {
    if (this.#head.length < magicBytes)
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, magicBytes - this.#head.length)])
    if (!this.#isText) return
    this.#fresh += this.#decoded(bytes)
    if (this.#fresh.length >= blockChars) this.#scanBlock(false)
  }

  end(): readonly Finding[] {
    if (this.#isText) {
      this.#fresh += this.#decoded()
      this.#scanBlock(true)
    }
    for (const finding of kindFindings(this.#path, this.#head)) this.#note(finding)
    return [...this.#found.values()].sort((one, other) => one.line - other.line)
  }

  #decoded(bytes?: Uint8Array): string {
    try {
      return bytes === undefined
        ? this.#decoder.decode()
        : this.#decoder.decode(bytes, { stream: true })
    } catch {
      this.#note({
        rule: 'text/not-utf8',
        severity: 'medium',
        line: this.#line,
        excerpt: 'bytes that are no UTF-8',
      })
      this.#decoder = new TextDecoder('latin1')
      return bytes === undefined ? '' : this.#decoder.decode(bytes, { stream: true })
    }
  }

  #scanBlock(isLast: boolean): void {
    const text = this.#carried + this.#fresh
    const cut = isLast ? text.length : lineEndBefore(text)
    const block = text.slice(0, cut)
    const known = this.#carried.length
    const findings = blockFindings({
      path: this.#path,
      text: block,
      known,
      isAtStart: this.#isAtStart,
    })
    for (const finding of findings) this.#note({ ...finding, line: this.#line + finding.line })
    const keep = Math.max(0, Math.min(cut - overlapChars, openCommentAt(block)))
    this.#line += linesBefore(text, keep)
    this.#carried = text.slice(keep, cut)
    this.#fresh = text.slice(cut)
    this.#isAtStart &&= cut === 0
  }

  #note(finding: BlockFinding): void {
    const key = `${finding.rule} ${finding.line}`
    const count = this.#countOfRule.get(finding.rule) ?? 0
    if (count >= findingsOfRuleMax || this.#found.has(key)) return
    this.#countOfRule.set(finding.rule, count + 1)
    const excerpt = visible(finding.excerpt)
    this.#found.set(key, { ...finding, excerpt, path: this.#path })
  }
}

/** Behind the last line end; the end itself when the last line is a long one. */
function lineEndBefore(text: string): number {
  const end = text.lastIndexOf('\n') + 1
  if (text.length - end < blockChars) return end
  return /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length
}

/** Where the comment begins that goes over the block's end; the end when there is none, or it is longer than comments are looked at. */
function openCommentAt(text: string): number {
  const at = text.lastIndexOf('<!--')
  const isOpen = at >= 0 && !text.includes('-->', at) && text.length - at <= commentCharsMax
  return isOpen ? at : text.length
}

/** One line in which all can be seen. */
function visible(text: string): string {
  const shown = text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(
      /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\p{Default_Ignorable_Code_Point}/gu,
      (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
    )
  return shown.length <= excerptCharsMax ? shown : `${shown.slice(0, excerptCharsMax - 1)}…`
}
