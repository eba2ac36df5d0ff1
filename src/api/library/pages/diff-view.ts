/** What differs between two versions: files, and in texts the lines, marked by more than color. */
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { filePath, type LibraryNames } from '#api/library/pages/paths'
import { visibleText } from '#api/library/pages/unseen'
import { countText } from '#api/library/pages/words'
import type { Diff, DiffHunk, FileChange } from '#library/model'

/** Later files are folded, so that a page of hundreds stays usable. */
const unfoldedMax = 12
/** Lines on one page; files after that are only named. */
const linesMax = 20_000

export function renderDiff(library: LibraryNames, diff: Diff): Html {
  const { from, to, files, same } = diff
  if (files.length === 0)
    return html`<div class="empty"><p><strong>No difference</strong></p><p>All ${countText(same, 'file')} of ${from} and ${to} are the same.</p></div>`
  const counted = files.map((change) => ({ change, ...countLines(change) }))
  const added = counted.reduce((sum, one) => sum + one.added, 0)
  const removed = counted.reduce((sum, one) => sum + one.removed, 0)
  let lines = 0
  const changes = counted.map((one, at) => {
    lines += one.added + one.removed
    const isShown = lines <= linesMax
    return renderChange(library, diff, { ...one, isOpen: at < unfoldedMax, isShown })
  })
  return html`<p>${countText(files.length, 'file')} of ${numberOfFiles(diff)}: <span class="more">+${added}</span> and <span class="less">−${removed}</span> lines.</p>${changes}`
}

function numberOfFiles({ files, same }: Diff): string {
  return String(files.length + same)
}

function countLines({ hunks = [] }: FileChange): {
  readonly added: number
  readonly removed: number
} {
  const lines = hunks.flatMap((hunk) => hunk.lines)
  return {
    added: lines.filter((line) => line.startsWith('+')).length,
    removed: lines.filter((line) => line.startsWith('-')).length,
  }
}

const words: Readonly<Record<FileChange['change'], string>> = {
  added: 'new',
  removed: 'gone',
  changed: 'changed',
}

interface Shown {
  readonly change: FileChange
  readonly added: number
  readonly removed: number
  readonly isOpen: boolean
  readonly isShown: boolean
}

function renderChange(library: LibraryNames, { from, to }: Diff, shown: Shown): Html {
  const { change, added, removed } = shown
  const { path, hunks } = change
  const at = change.change === 'removed' ? from : to
  const title = html`${visibleText(path)} <span class="pill">${words[change.change]}</span>${hunks !== undefined && html` <span class="more">+${added}</span> <span class="less">−${removed}</span>`}`
  const whole = html`<p class="change-note small"><a href="${filePath(library, at, path)}">The whole file in ${at}</a></p>`
  if (hunks === undefined)
    return html`<section class="change"><h3>${title}</h3><p class="change-note quiet">No text, or too long to compare line by line.</p>${whole}</section>`
  if (!shown.isShown)
    return html`<section class="change"><h3>${title}</h3><p class="change-note quiet">Not shown: this page has enough lines.</p>${whole}</section>`
  const table = html`<div class="table"><table class="diff"><caption class="unseen-words">${`Lines of ${path}`}</caption><colgroup><col class="narrow-column"><col class="narrow-column"><col class="sign-column"><col></colgroup><thead class="unseen-words"><tr><th scope="col">${`Line in ${from}`}</th><th scope="col">${`Line in ${to}`}</th><th scope="col">Change</th><th scope="col">Text</th></tr></thead><tbody>${hunks.map(renderHunk)}</tbody></table></div>`
  if (!shown.isOpen)
    return html`<details class="change"><summary>${title}</summary>${table}${whole}</details>`
  return html`<details class="change" open><summary>${title}</summary>${table}${whole}</details>`
}

function renderHunk({ fromLine, toLine, lines }: DiffHunk, at: number): HtmlPart {
  const rows: HtmlPart[] = []
  let [from, to] = [fromLine, toLine]
  if (at > 0 || fromLine > 1 || toLine > 1)
    rows.push(
      html`<tr class="gap"><td colspan="4">… from line ${Math.max(fromLine, toLine)}</td></tr>`,
    )
  for (const line of lines) {
    const text = visibleText(line.slice(1))
    if (line.startsWith('+'))
      rows.push(
        html`<tr class="added"><td class="at"></td><td class="at">${to++}</td><td class="sign">+<span class="unseen-words"> added</span></td><td>${text}</td></tr>`,
      )
    else if (line.startsWith('-'))
      rows.push(
        html`<tr class="removed"><td class="at">${from++}</td><td class="at"></td><td class="sign">−<span class="unseen-words"> removed</span></td><td>${text}</td></tr>`,
      )
    else
      rows.push(
        html`<tr><td class="at">${from++}</td><td class="at">${to++}</td><td class="sign"></td><td>${text}</td></tr>`,
      )
  }
  return rows
}
