/** What waits for somebody's word: staged versions, and those that the scan has stopped. */
import { renderButton, renderField, untouched } from '#api/library/pages/form-fields'
import { type Html, html } from '#api/library/pages/html'
import { renderEmpty } from '#api/library/pages/layout'
import { renderFindingRows } from '#api/library/pages/library-page'
import { filePath, moderationPath, versionPath } from '#api/library/pages/paths'
import { countText, momentOf } from '#api/library/pages/words'
import { markCharsMax } from '#library/marks'
import type { ModerationEntry } from '#library/model'
import { sizeText } from '#web/size-text'

export function renderModerationPage(entries: readonly ModerationEntry[]): Html {
  const why =
    'Staged versions wait for somebody who manages the library; quarantined ones, in which the scan found something, for an administrator.'
  return html`<h1>Moderation</h1><p class="quiet">${why}</p>
    ${entries.length === 0 ? renderEmpty('Nothing waits', 'Versions that need somebody’s word are listed here.') : html`<ul class="results">${entries.map(renderEntry)}</ul>`}`
}

function renderEntry(entry: ModerationEntry): Html {
  const { scope, name, version, state, publishedAt, publishedBy, findings } = entry
  const whole = `@${scope}/${name} ${version}`
  const of = { scope, name, version }
  const form = `why-${scope}-${name}-${version}`
  const reason = { name: 'reason', label: 'Reason', form, charsMax: markCharsMax }
  return html`<li><h2><a href="${versionPath(entry, version)}">${whole}</a> <span class="${state === 'staged' ? 'pill mind' : 'pill problem'}">${state}</span></h2>
      <ul class="facts"><li>by @${publishedBy}</li><li>${momentOf(publishedAt)}</li><li><a href="${filePath(entry, version)}">${countText(entry.files, 'file')}</a>, ${sizeText(entry.unpackedBytes)}</li></ul>
      ${findings.length > 0 && html`<details class="space" open><summary>${countText(findings.length, 'finding')}</summary>${renderFindingRows(entry)}</details>`}
      <div class="actions space">
        ${renderButton({ action: `${moderationPath}/approve`, label: 'Approve', about: whole, hidden: of, look: 'primary' })}
        <form class="inline-form" method="post" action="${`${moderationPath}/reject`}"><input type="hidden" name="scope" value="${scope}"><input type="hidden" name="name" value="${name}"><input type="hidden" name="version" value="${version}">${renderField(reason, untouched)}<button class="danger" type="submit">Reject<span class="unseen-words"> ${whole}</span></button></form>
      </div></li>`
}
