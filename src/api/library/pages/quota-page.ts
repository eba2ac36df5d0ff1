/** What somebody, or a team, may store and publish, and how much of it is used. */
import { type FormState, renderField, renderMistake } from '#api/library/pages/form-fields'
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { quotaPath, scopePath } from '#api/library/pages/paths'
import { countText, numberText } from '#api/library/pages/words'
import type { Quota, QuotaAndUsage } from '#library/model'
import { sizeText } from '#web/size-text'

/** Short enough for a margin. */
export function renderUsage({ quota, usage }: QuotaAndUsage): Html {
  return html`<dl class="usage">
      ${renderMeter('Space', { used: usage.bytes, most: quota.bytes, text: sizeText })}
      ${renderMeter('Libraries', { used: usage.libraries, most: quota.libraries, text: numberText })}
      ${renderMeter('Published today', { used: usage.publishedToday, most: quota.publishesPerDay, text: numberText })}</dl>`
}

function renderMeter(
  name: string,
  {
    used,
    most,
    text,
  }: {
    readonly used: number
    readonly most: number | undefined
    readonly text: (number: number) => string
  },
): HtmlPart {
  if (most === undefined) return html`<dt>${name}</dt><dd>${text(used)}, without a limit</dd>`
  const share = most === 0 ? 1 : Math.min(1, used / most)
  return html`<dt>${name}</dt><dd>${text(used)} of ${text(most)}${share >= nearlyFull && html` <span class="pill mind">${share >= 1 ? 'full' : 'nearly full'}</span>`} <meter min="0" max="1" high="${nearlyFull}" value="${share.toFixed(4)}" aria-label="${`${name} used`}"></meter></dd>`
}

const nearlyFull = 0.9

export interface QuotaPage extends QuotaAndUsage {
  /** Of an administrator. */
  readonly form: FormState | undefined
}

export function renderQuotaPage(page: QuotaPage): Html {
  const { owner, usage, form } = page
  return html`<div class="narrow"><h1>Quota of <a href="${scopePath(owner)}">@${owner}</a></h1>${form !== undefined && renderMistake(form)}
    <section class="sheet" aria-labelledby="used"><h2 id="used">Used</h2>${renderUsage(page)}
      <p class="quiet small space">${countText(usage.versions, 'version')}. A day begins at midnight, UTC. What is deleted counts no longer.</p></section>
    ${form === undefined ? html`<p class="quiet">An administrator of this server can change it.</p>` : renderForm(page, form)}</div>`
}

function renderForm({ owner, quota }: QuotaPage, form: FormState): Html {
  return html`<section class="sheet" aria-labelledby="allowed"><h2 id="allowed">What it may be</h2><form class="fields" method="post" action="${quotaPath(owner)}">
      <p class="quiet">An empty field: without a limit.</p>
      ${renderField({ name: 'bytes', label: 'Space', isRequired: false, value: exactSize(quota.bytes), hint: html`Such as <code>500 MiB</code> or <code>10 GiB</code>.` }, form)}
      ${renderField({ name: 'libraries', label: 'Libraries', isRequired: false, inputMode: 'numeric', value: numberOr(quota.libraries) }, form)}
      ${renderField({ name: 'publishesPerDay', label: 'Versions published a day', isRequired: false, inputMode: 'numeric', value: numberOr(quota.publishesPerDay) }, form)}
      <div><button class="primary" type="submit">Set the quota</button></div></form></section>`
}

function numberOr(number: number | undefined): string {
  return number === undefined ? '' : String(number)
}

const units = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
] as const

/** In the largest unit that loses nothing: what is shown may be sent back. */
function exactSize(bytes: Quota['bytes']): string {
  if (bytes === undefined) return ''
  const unit = units.find(([one]) => bytes > 0 && bytes % one === 0)
  return unit === undefined ? String(bytes) : `${bytes / unit[0]} ${unit[1]}`
}
