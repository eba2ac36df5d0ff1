/** What those who manage a library can do by hand: one version, and the library as a whole. */
import {
  type FormState,
  renderButton,
  renderChoices,
  renderField,
  renderMistake,
  renderSelect,
  untouched,
} from '#api/library/pages/form-fields'
import { attribute, type Html, type HtmlPart, html } from '#api/library/pages/html'
import { renderLibraryHead } from '#api/library/pages/library-head'
import {
  deleteLibraryPath,
  deleteVersionPath,
  scopePath,
  settingsPath,
  versionPath,
} from '#api/library/pages/paths'
import { renderTrustedPublishers } from '#api/library/pages/trusted-publishers'
import { visibleText } from '#api/library/pages/unseen'
import { whoSees } from '#api/library/pages/words'
import { visibilities } from '#library/manifest'
import { markCharsMax } from '#library/marks'
import type {
  LibraryGrant,
  LibraryWithVersions,
  Owners,
  TrustedPublisher,
  VersionFacts,
} from '#library/model'

/** In the margin of a version's page. */
export function renderVersionForms(
  version: VersionFacts,
  { mayManage, mayYank }: { readonly mayManage: boolean; readonly mayYank: boolean },
): HtmlPart {
  if (!mayYank) return undefined
  const path = versionPath(version, version.version)
  const isWaiting = version.state === 'staged' && mayManage
  const approve =
    isWaiting &&
    html`<section><h2>Staged</h2><div class="actions">${renderButton({ action: `${path}/approve`, label: 'Approve', look: 'primary' })}</div></section>`
  const remove = html`<p class="space"><a href="${deleteVersionPath(version, version.version)}">Delete this version …</a></p>`
  if (version.state !== 'live') return html`${approve}<section>${remove}</section>`
  return html`<section><h2>Manage this version</h2>
      ${version.yanked === undefined ? renderReason(`${path}/yank`, { label: 'Yank', name: 'reason', hint: 'Why', look: 'slim danger' }) : renderButton({ action: `${path}/unyank`, label: 'Take the yank back' })}
      ${version.deprecated === undefined ? renderReason(`${path}/deprecate`, { label: 'Deprecate', name: 'message', hint: 'What to use instead', look: 'slim' }) : renderButton({ action: `${path}/undeprecate`, label: 'Not deprecated any more' })}
      ${remove}</section>`
}

function renderReason(
  action: string,
  { label, name, hint, look }: Readonly<Record<'label' | 'name' | 'hint' | 'look', string>>,
  state: FormState = untouched,
): Html {
  const form = label.toLowerCase()
  return html`<details class="small"${attribute('open', state.mistakes.size > 0)}><summary>${label} …</summary><form class="inline-form" method="post" action="${action}">${renderField({ name, label: hint, form, charsMax: markCharsMax }, state)}<button class="${look}" type="submit">${label}</button></form></details>`
}

export interface SettingsPage {
  readonly library: LibraryWithVersions
  readonly owners: Owners
  readonly grants: readonly LibraryGrant[]
  readonly publishers: readonly TrustedPublisher[]
  /** Whose word this server takes. */
  readonly issuers: readonly string[]
  /** The form that was sent, by its name, with what was wrong with it. */
  readonly sent?: { readonly name: string; readonly form: FormState }
}

function stateOf({ sent }: SettingsPage, name: string): FormState {
  return sent?.name === name ? sent.form : untouched
}

export function renderSettingsPage(page: SettingsPage): Html {
  const { library, sent, publishers, issuers } = page
  return html`${renderLibraryHead(library, { tab: 'settings', isManaged: true })}
    ${sent !== undefined && renderMistake(sent.form)}
    <div class="columns">${renderVisibility(page)}${renderPublishing(page)}${renderOwners(page)}${renderGrants(page)}${renderChannels(page)}${renderEnd(page)}</div>
    ${renderTrustedPublishers({ library, publishers, issuers, form: stateOf(page, 'trust') })}`
}

function renderVisibility(page: SettingsPage): Html {
  const { library } = page
  const form = stateOf(page, 'visibility')
  const chosen = form.values.get('visibility') ?? library.visibility
  const choices = visibilities.map((value) => ({
    value,
    label: value,
    hint: whoSees[value],
    isChosen: value === chosen,
  }))
  return html`<section class="sheet"><h2>Who may read</h2><form class="fields" method="post" action="${`${settingsPath(library)}/visibility`}">
      ${renderChoices({ name: 'visibility', label: 'Visibility' }, choices)}
      ${library.visibility !== 'public' && renderField({ name: 'confirm', label: 'To make it public, write its name', isRequired: false, placeholder: `@${library.scope}/${library.name}` }, form)}
      <div><button type="submit">Save</button></div></form></section>`
}

function renderPublishing({ library }: SettingsPage): Html {
  const { staged, trustedOnly } = library.settings
  return html`<section class="sheet"><h2>Publishing</h2><form class="fields" method="post" action="${`${settingsPath(library)}/publishing`}">
      ${renderChoices({ name: 'rules', label: 'Rules', isMany: true }, [
        {
          value: 'staged',
          label: 'Staged',
          hint: 'New versions wait until somebody who manages the library approves them.',
          isChosen: staged,
        },
        {
          value: 'trusted',
          label: 'Trusted publishing only',
          hint: 'Only programs that an issuer vouches for may publish.',
          isChosen: trustedOnly,
        },
      ])}
      <div><button type="submit">Save</button></div></form></section>`
}

function renderOwners(page: SettingsPage): Html {
  const { library, owners } = page
  const path = settingsPath(library)
  const coOwners = owners.coOwners.map(
    (handle) =>
      html`<li><div class="actions"><a href="${scopePath(handle)}">@${handle}</a>${renderButton({ action: `${path}/remove-owner`, label: 'Remove', about: handle, hidden: { handle }, look: 'slim danger' })}</div></li>`,
  )
  const waiting = owners.invitations.map(
    ({ to, kind }) =>
      html`<li><div class="actions"><span>@${to}, ${kind === 'transfer' ? 'to take it over' : 'to own it too'}: not answered yet</span>${renderButton({ action: `${path}/withdraw-owner`, label: 'Withdraw', about: `what is offered to ${to}`, hidden: { handle: to } })}</div></li>`,
  )
  return html`<section class="sheet"><h2>Owners</h2><ul class="plain"><li><a href="${scopePath(owners.owner)}">@${owners.owner}</a> <span class="pill">owner</span></li>${coOwners}${waiting}</ul>
      <form class="inline-form space" method="post" action="${`${path}/invite-owner`}">${renderField({ name: 'handle', label: 'User or team', form: 'owner' }, stateOf(page, 'invite-owner'))}${renderSelect(
        { name: 'kind', label: 'To', form: 'owner' },
        [
          { value: 'co-owner', label: 'own it too', isChosen: true },
          { value: 'transfer', label: 'take it over', isChosen: false },
        ],
      )}<button type="submit">Offer</button></form></section>`
}

function renderGrants(page: SettingsPage): Html {
  const { library, grants } = page
  const path = settingsPath(library)
  const items = grants.map(
    ({ to, role }) =>
      html`<li><div class="actions"><span><a href="${scopePath(to)}">@${to}</a> may ${role}</span>${renderButton({ action: `${path}/remove-grant`, label: 'Remove', about: `what ${to} may do`, hidden: { handle: to }, look: 'slim danger' })}</div></li>`,
  )
  return html`<section class="sheet"><h2>Let others in</h2>${items.length > 0 && html`<ul class="plain">${items}</ul>`}
      <form class="inline-form space" method="post" action="${`${path}/grant`}">${renderField({ name: 'handle', label: 'User or team', form: 'grant' }, stateOf(page, 'grant'))}${renderSelect(
        { name: 'role', label: 'May', form: 'grant' },
        [
          { value: 'read', label: 'read', isChosen: true },
          { value: 'publish', label: 'publish', isChosen: false },
        ],
      )}<button type="submit">Let in</button></form></section>`
}

function renderChannels(page: SettingsPage): Html {
  const { library } = page
  const path = settingsPath(library)
  const tags = Object.entries(library.distTags).map(
    ([tag, version]) =>
      html`<li><div class="actions"><span><code>${tag}</code> is ${version}</span>${renderButton({ action: `${path}/remove-tag`, label: 'Remove', about: `the channel ${tag}`, hidden: { tag }, look: 'slim danger' })}</div></li>`,
  )
  const versions = library.versionList
    .filter(({ state }) => state === 'live')
    .map(({ version }) => ({
      value: version,
      label: version,
      isChosen: version === library.latest,
    }))
  return html`<section class="sheet"><h2>Channels</h2>${tags.length > 0 && html`<ul class="plain">${tags}</ul>`}
      ${versions.length > 0 && html`<form class="inline-form space" method="post" action="${`${path}/tag`}">${renderField({ name: 'tag', label: 'Channel', placeholder: 'next', form: 'tag' }, stateOf(page, 'tag'))}${renderSelect({ name: 'version', label: 'Is', form: 'tag' }, versions)}<button type="submit">Set</button></form>`}</section>`
}

function renderEnd(page: SettingsPage): Html {
  const { library } = page
  const path = settingsPath(library)
  const { deprecated, archivedAt } = library
  return html`<section class="sheet"><h2>When it comes to an end</h2>
      ${deprecated === undefined ? renderReason(`${path}/deprecate`, { label: 'Deprecate', name: 'message', hint: 'What to use instead', look: 'slim' }, stateOf(page, 'deprecate')) : html`<p>Deprecated: ${visibleText(deprecated)}</p>${renderButton({ action: `${path}/undeprecate`, label: 'Not deprecated any more' })}`}
      <div class="space">${archivedAt === undefined ? renderButton({ action: `${path}/archive`, label: 'Archive', look: 'slim danger' }) : renderButton({ action: `${path}/unarchive`, label: 'Not archived any more' })}</div>
      <p class="space"><a href="${deleteLibraryPath(library)}">Delete the library …</a></p></section>`
}
