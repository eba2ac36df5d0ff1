/** Programs that publish without a token that lasts: an issuer vouches for them, by claims that must be so. */
import { type FormState, renderButton, renderField } from '#api/library/pages/form-fields'
import { type Html, type HtmlPart, html, join } from '#api/library/pages/html'
import { type LibraryNames, scopePath, settingsPath } from '#api/library/pages/paths'
import { visibleText, visibleWords } from '#api/library/pages/unseen'
import { dateOf } from '#api/library/pages/words'
import { libraryFault } from '#library/faults'
import type { TrustedPublisher } from '#library/model'

export interface TrustedPublishersSection {
  readonly library: LibraryNames
  readonly publishers: readonly TrustedPublisher[]
  /** Whose word this server takes, as its operator names them. */
  readonly issuers: readonly string[]
  readonly form: FormState
}

export function renderTrustedPublishers(section: TrustedPublishersSection): Html {
  const { publishers, issuers, form } = section
  const rows = publishers.map((publisher) => renderPublisher(publisher, section))
  return html`<section class="sheet" aria-labelledby="trusted"><h2 id="trusted">Trusted publishers</h2>
      <p class="quiet">A system that builds and publishes by itself needs no token here: it shows what its issuer says of it, and may publish if that is what you write below.</p>
      ${rows.length > 0 && html`<div class="table" tabindex="0"><table><thead><tr><th scope="col">Issuer</th><th scope="col">What must be so</th><th scope="col" class="hide-small">Since</th><th scope="col"><span class="unseen-words">Remove</span></th></tr></thead><tbody>${rows}</tbody></table></div>`}
      <form class="fields space" method="post" action="${`${settingsPath(section.library)}/trust`}">
        ${renderField({ name: 'issuer', label: 'Issuer', form: 'trust', value: issuers[0] ?? '', placeholder: 'https://token.actions.githubusercontent.com', hint: renderIssuers(issuers) }, form)}
        ${renderField({ name: 'claims', label: 'What must be so', form: 'trust', rows: 3, placeholder: 'repository = field-notes/handbook\nworkflow_ref = field-notes/handbook/.github/workflows/publish.yml@*', hint: html`A claim a line, <code>name = value</code>. All must be so; <code>*</code> stands for any characters but a slash.` }, form)}
        <div><button type="submit">Trust it</button></div>
      </form></section>`
}

function renderIssuers(issuers: readonly string[]): HtmlPart {
  if (issuers.length === 0)
    return 'As it calls itself. This server takes the word of none yet: its operator names them.'
  const named = issuers.map((issuer) => html`<code>${visibleWords(issuer)}</code>`)
  return html`As it calls itself. This server takes the word of ${join(named, ', ')}.`
}

function renderPublisher(
  { id, issuer, claims, by, at }: TrustedPublisher,
  { library, issuers }: TrustedPublishersSection,
): Html {
  const lines = Object.entries(claims).map(
    ([name, value]) => html`<div><code>${visibleText(name)} = ${visibleText(value)}</code></div>`,
  )
  const isKnown = issuers.some(
    (one) => one === issuer || one === `${issuer}/` || `${one}/` === issuer,
  )
  return html`<tr><th scope="row">${visibleText(issuer)}${!isKnown && html` <span class="pill mind">not taken here</span>`}</th><td>${lines}</td><td class="hide-small">${dateOf(at)} <span class="quiet">by <a href="${scopePath(by)}">@${by}</a></span></td><td>${renderButton({ action: `${settingsPath(library)}/distrust`, label: 'Remove', about: `the trust in ${visibleWords(issuer)}`, hidden: { id }, look: 'slim danger' })}</td></tr>`
}

/** `library/malformed-claims` */
export function parseClaims(text: string): Readonly<Record<string, string>> {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const claims = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = /^([^\s=]+)\s*=\s*(\S.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined)
      throw malformed(`“${line.slice(0, 80)}” is no claim: write name = value`)
    if (claims.has(name)) throw malformed(`${name} is there twice`)
    claims.set(name, value)
  }
  return Object.fromEntries(claims)
}

function malformed(reason: string): Error {
  return libraryFault('library/malformed-claims', { field: 'claims', reason })
}
