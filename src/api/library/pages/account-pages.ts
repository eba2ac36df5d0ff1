/** Signing in and out, registering, and what people keep about themselves: tokens, password, codes. */
import {
  type FormState,
  renderButton,
  renderChoices,
  renderField,
  renderMistake,
  renderSelect,
} from '#api/library/pages/form-fields'
import { attribute, type Html, type HtmlPart, html } from '#api/library/pages/html'
import {
  accountPath,
  codesPath,
  homePath,
  loginsPath,
  newTeamPath,
  passwordPath,
  registerPath,
  scopePath,
  signInPath,
  signOnPath,
  tokensPath,
} from '#api/library/pages/paths'
import { visibleText } from '#api/library/pages/unseen'
import { countText, dateOf, momentOf } from '#api/library/pages/words'
import { type TokenScope, tokenScopes } from '#identity/actor'
import type { NewTotp } from '#identity/logins'
import type { LoginLink } from '#identity/sign-on'
import type { MadeToken, TokenInfo } from '#identity/tokens'

/** Where people may sign in instead of here. */
interface Provider {
  readonly id: string
  readonly name: string
}

export interface SignInPage {
  readonly form: FormState
  /** Where to go afterwards: a path of ours. */
  readonly next: string
  readonly providers: readonly Provider[]
  readonly mayRegister: boolean
  /** A cookie would not come back: the page was not asked for by a secure connection. */
  readonly isInsecure: boolean
  readonly needsCode: boolean
}

export function renderSignInPage(page: SignInPage): Html {
  const { form, next, providers } = page
  return html`<div class="narrow"><h1>Sign in</h1>${renderMistake(form)}
    ${page.isInsecure && html`<div class="notice problem"><p><strong>This connection is not encrypted.</strong> Browsers keep sign-ins for <code>https</code> and for this machine only.</p></div>`}
    ${providers.length > 0 && html`<section class="sheet" aria-label="Sign in elsewhere"><div class="actions">${providers.map(({ id, name }) => html`<a class="button" href="${signOnPath(id, next)}">Continue with ${name}</a>`)}</div></section>`}
    <section class="sheet" aria-label="Sign in here"><form class="fields" method="post" action="${signInPath}">
      <input type="hidden" name="next" value="${next}">
      ${renderField({ name: 'username', label: 'Name', autocomplete: 'username' }, form)}
      ${renderField({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' }, form)}
      ${renderField({ name: 'code', label: 'Code', autocomplete: 'one-time-code', isRequired: page.needsCode, hint: 'Six digits of your device, or a recovery code. Only if you have set codes up.' }, form)}
      <button class="primary" type="submit">Sign in</button>
    </form></section>
    <p class="quiet">${page.mayRegister && html`New here? <a href="${registerPath}">Register</a>. `}Forgot your password? An administrator of this server can set a new one.</p></div>`
}

/** A sign-in that came from elsewhere: the cookie goes along only with what begins here. */
export function renderSignedInPage(next: string): Html {
  return html`<div class="narrow"><h1>You are signed in</h1><p><a href="${next}">Continue</a></p></div>`
}

/** Somebody who is signed in wanted to be known by a sign-in elsewhere as well. */
export function renderLoginTakenPage(why: string): Html {
  return html`<div class="narrow"><h1>That sign-in is taken</h1><p>${visibleText(why)}</p>
    <p class="actions"><a class="button primary" href="${accountPath}">Back to the account</a></p></div>`
}

export function renderNotSignedInPage(why: string): Html {
  return html`<div class="narrow"><h1>You are not signed in</h1><p>${visibleText(why)}</p>
    <p class="actions"><a class="button primary" href="${signInPath}">Back to signing in</a> <a class="button" href="${homePath}">Home</a></p></div>`
}

export interface RegisterPage {
  readonly form: FormState
  readonly mode: 'open' | 'invite' | 'closed'
}

export function renderRegisterPage({ form, mode }: RegisterPage): Html {
  if (mode === 'closed')
    return html`<div class="narrow"><h1>Register</h1><div class="notice mind"><p>Nobody can register here. An administrator of this server makes accounts.</p></div></div>`
  return html`<div class="narrow"><h1>Register</h1>${renderMistake(form)}
    <section class="sheet"><form class="fields" method="post" action="${registerPath}">
      ${renderField({ name: 'username', label: 'Name', autocomplete: 'username', hint: '3 to 32 lower-case letters, digits and hyphens. It stands before your libraries, and stays.' }, form)}
      ${renderField({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'email' }, form)}
      ${renderField({ name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', hint: 'Several words that have nothing to do with each other make a good one.' }, form)}
      ${mode === 'invite' && renderField({ name: 'invitation', label: 'Invitation', hint: 'The code that an administrator has given you.' }, form)}
      <button class="primary" type="submit">Register</button>
    </form></section>
    <p class="quiet">Already registered? <a href="${signInPath}">Sign in</a></p></div>`
}

export interface AccountPage {
  readonly handle: string
  readonly displayName: string
  readonly email: string | undefined
  readonly hasPassword: boolean
  readonly hasTotp: boolean
  readonly recoveryCodes: number
  readonly teams: readonly { readonly name: string; readonly role: string }[]
  /** To join teams. */
  readonly teamInvitations: readonly TeamInvitationRow[]
  /** To own libraries. */
  readonly libraryInvitations: readonly LibraryInvitationRow[]
  readonly tokens: readonly TokenInfo[]
  /** The one that this page was asked for with. */
  readonly ownToken: string
  readonly providers: readonly Provider[]
  readonly logins: readonly LoginLink[]
  readonly form: FormState
  readonly passwordForm: FormState
  readonly loginsForm: FormState
}

export interface TeamInvitationRow {
  readonly id: string
  readonly team: string
  readonly role: string
  readonly by: string
}

export interface LibraryInvitationRow {
  readonly scope: string
  readonly name: string
  readonly kind: 'co-owner' | 'transfer'
  readonly to: string
  readonly by: string
}

export function renderAccountPage(page: AccountPage): Html {
  return html`<div class="head"><h1>Account</h1><p class="facts"><a href="${scopePath(page.handle)}">@${page.handle}</a> <span>${visibleText(page.displayName)}</span>${page.email !== undefined && html` <span>${visibleText(page.email)}</span>`}</p></div>
    ${renderInvitations(page)}
    ${renderTokens(page)}
    <div class="columns space">${renderPassword(page)}${renderCodes(page)}${renderLogins(page)}${renderTeams(page)}</div>`
}

function renderInvitations({ teamInvitations, libraryInvitations }: AccountPage): HtmlPart {
  const toTeams = teamInvitations.map(
    ({
      id,
      team,
      role,
      by,
    }) => html`<li><div class="actions"><span>@${by} invites you to join <a href="${scopePath(team)}">@${team}</a> as ${role}.</span>
        ${renderButton({ action: `${accountPath}/invitations`, label: 'Accept', about: `to join ${team}`, hidden: { id, answer: 'accept' }, look: 'slim primary' })}
        ${renderButton({ action: `${accountPath}/invitations`, label: 'Decline', about: `to join ${team}`, hidden: { id, answer: 'decline' } })}</div></li>`,
  )
  const toLibraries = libraryInvitations.map(
    ({
      scope,
      name,
      kind,
      to,
      by,
    }) => html`<li><div class="actions"><span>@${by} ${kind === 'transfer' ? 'offers to hand over' : 'asks to own too'} <strong>@${scope}/${name}</strong> to @${to}.</span>
        ${renderButton({ action: `${accountPath}/offers`, label: 'Accept', about: `@${scope}/${name}`, hidden: { scope, name, to, answer: 'accept' }, look: 'slim primary' })}
        ${renderButton({ action: `${accountPath}/offers`, label: 'Decline', about: `@${scope}/${name}`, hidden: { scope, name, to, answer: 'decline' } })}</div></li>`,
  )
  if (toTeams.length + toLibraries.length === 0) return undefined
  return html`<section class="sheet" aria-labelledby="invitations"><h2 id="invitations">Invitations</h2><ul class="plain">${toTeams}${toLibraries}</ul></section>`
}

const scopeWords: Readonly<Record<TokenScope, string>> = {
  read: 'install, and search what you may read',
  publish: 'publish versions and set channels',
  yank: 'yank and deprecate',
  'admin:team': 'manage libraries and teams',
}

function renderTokens({ tokens, ownToken, form }: AccountPage): Html {
  const rows = tokens.map((token) => renderToken(token, token.id === ownToken))
  const chosen = form.values.get('scopes')?.split(' ') ?? ['read', 'publish']
  const scopes = tokenScopes.map((scope) => ({
    value: scope,
    label: scope,
    hint: scopeWords[scope],
    isChosen: chosen.includes(scope),
  }))
  return html`<section class="sheet" aria-labelledby="tokens"><h2 id="tokens">Tokens</h2>
      <p class="quiet">With a token, <code>mdlibs</code> and your own programs act in your name, as far as it allows.</p>
      <div class="table" tabindex="0"><table><thead><tr><th scope="col">Token</th><th scope="col">Allows</th><th scope="col" class="hide-small">Used</th><th scope="col">Expires</th><th scope="col"><span class="unseen-words">Revoke</span></th></tr></thead><tbody>${rows}</tbody></table></div>
      <details class="space opener"${attribute('open', form.mistakes.size > 0)}><summary>Make a token</summary>${renderMistake(form)}<form class="fields" method="post" action="${tokensPath}">
        ${renderField({ name: 'name', label: 'What it is for', placeholder: 'laptop' }, form)}
        ${renderChoices({ name: 'scopes', label: 'It may', isMany: true }, scopes, form)}
        ${renderField({ name: 'globs', label: 'Only for these libraries', isRequired: false, placeholder: '@team/* @me/notes', hint: 'Names with spaces between them; * stands for any name. Empty: every library.' }, form)}
        ${renderField({ name: 'days', label: 'Days until it expires', type: 'number', value: '30', hint: 'Those that may change something end sooner than those that only read.' }, form)}
        <div><button class="primary" type="submit">Make the token</button></div>
      </form></details></section>`
}

function renderToken(token: TokenInfo, isOwn: boolean): Html {
  const { id, name, kind, prefix, scopes, globs, expiresAt, lastUse, from } = token
  const what = kind === 'login' ? 'Signed in' : visibleText(name)
  const where = lastUse?.agent ?? from.agent
  const used = lastUse === undefined ? 'not yet' : momentOf(lastUse.at)
  const limits = globs.filter((glob) => glob !== '@*/*')
  return html`<tr><th scope="row">${what} ${isOwn && html`<span class="pill good">this browser</span>`} <div class="small quiet"><code>${prefix}…</code>${where !== undefined && html` ${visibleText(where.slice(0, 60))}`}</div></th>
      <td>${scopes.length === tokenScopes.length ? 'everything' : scopes.join(', ')}${limits.length > 0 && html`<div class="small"><code>${limits.join(' ')}</code></div>`}</td><td class="hide-small">${used}</td><td>${expiresAt === undefined ? 'never' : dateOf(expiresAt)}</td>
      <td>${renderButton({ action: `${tokensPath}/revoke`, label: kind === 'login' ? 'End' : 'Revoke', about: kind === 'login' ? `the sign-in ${prefix}` : `the token ${name}`, hidden: { id }, look: 'slim danger' })}</td></tr>`
}

function renderPassword({ hasPassword, passwordForm, handle }: AccountPage): Html {
  return html`<section class="sheet" aria-labelledby="password"><h2 id="password">Password</h2>${renderMistake(passwordForm)}
      <form class="fields" method="post" action="${passwordPath}">
        <div class="unseen-words"><input type="text" name="username" value="${handle}" autocomplete="username" aria-label="Name" tabindex="-1" readonly></div>
        ${hasPassword && renderField({ name: 'current', label: 'Now', type: 'password', autocomplete: 'current-password', form: 'password' }, passwordForm)}
        ${renderField({ name: 'next', label: 'From now on', type: 'password', autocomplete: 'new-password', form: 'password', hint: 'All other sign-ins end.' }, passwordForm)}
        <div><button type="submit">${hasPassword ? 'Change the password' : 'Set a password'}</button></div>
      </form></section>`
}

function renderCodes({ hasTotp, hasPassword, recoveryCodes }: AccountPage): Html {
  return html`<section class="sheet" aria-labelledby="codes"><h2 id="codes">Codes</h2>
      ${hasTotp ? html`<p><span class="pill good">on</span> Signing in asks for a code of your device. ${countText(recoveryCodes, 'recovery code')} left.</p>` : html`<p><span class="pill">off</span> With codes, your password alone opens nothing.</p>`}
      <p><a class="button" href="${codesPath}">${hasTotp ? 'Turn codes off' : hasPassword ? 'Set codes up' : 'Codes'}</a></p></section>`
}

function renderLogins({ providers, logins, loginsForm }: AccountPage): HtmlPart {
  if (providers.length + logins.length === 0) return undefined
  const nameOf = ({ provider }: LoginLink): string =>
    providers.find(({ id }) => id === provider)?.name ?? provider
  const items = logins.map(
    (login) =>
      html`<li><div class="actions"><span>${nameOf(login)} <span class="quiet">as ${visibleText(login.subject)}, since ${dateOf(login.createdAt)}</span></span>${renderButton({ action: `${loginsPath}/remove`, label: 'Take away', about: nameOf(login), hidden: { id: login.id }, look: 'slim danger' })}</div></li>`,
  )
  const others = providers.filter(({ id }) => !logins.some(({ provider }) => provider === id))
  return html`<section class="sheet" aria-labelledby="logins"><h2 id="logins">Signing in elsewhere</h2>${renderMistake(loginsForm)}
      ${items.length === 0 ? html`<p class="quiet">So far you sign in here.</p>` : html`<ul class="plain">${items}</ul>`}
      ${others.length > 0 && html`<p class="actions space">${others.map(({ id, name }) => html`<a class="button" href="${`${loginsPath}/${encodeURIComponent(id)}/add`}">Add ${name}</a>`)}</p>`}</section>`
}

function renderTeams({ teams }: AccountPage): Html {
  const items = teams.map(
    ({ name, role }) =>
      html`<li><a href="${scopePath(name)}">@${name}</a> <span class="pill">${role}</span></li>`,
  )
  return html`<section class="sheet" aria-labelledby="teams"><h2 id="teams">Teams</h2>${items.length === 0 ? html`<p class="quiet">You are in no team.</p>` : html`<ul class="plain">${items}</ul>`}<p class="space"><a class="button" href="${newTeamPath}">New team</a></p></section>`
}

/** The only time that its text is shown. */
export function renderNewTokenPage({ info, text }: MadeToken): Html {
  return html`<div class="narrow"><h1>Your token</h1>
    <section class="sheet"><p>Keep it now: <strong>it is shown this once</strong>.</p>
      <div class="copy"><code tabindex="0" class="secret-text">${text}</code></div>
      <dl class="list space"><dt>For</dt><dd>${visibleText(info.name)}</dd><dt>It may</dt><dd>${info.scopes.join(', ')}</dd><dt>Libraries</dt><dd>${info.globs.join(' ')}</dd><dt>Until</dt><dd>${info.expiresAt === undefined ? 'it is revoked' : momentOf(info.expiresAt)}</dd></dl>
      <p class="quiet small">For <code>mdlibs</code>: <code>mdlibs login --token</code>, or the environment variable <code>MDLIBS_TOKEN</code>.</p></section>
    <p><a class="button" href="${accountPath}">I have it</a></p></div>`
}

export type CodesPage =
  | { readonly kind: 'off'; readonly hasPassword: boolean; readonly form: FormState }
  | { readonly kind: 'begun'; readonly totp: NewTotp; readonly form: FormState }
  /** Its secret was shown before; the code was wrong. */
  | { readonly kind: 'pending'; readonly form: FormState }
  | { readonly kind: 'on'; readonly form: FormState }

export function renderCodesPage(page: CodesPage): Html {
  return html`<div class="narrow"><h1>Codes</h1>${renderMistake(page.form)}${renderCodesStep(page)}<p><a href="${accountPath}">Back to the account</a></p></div>`
}

function renderCodesStep(page: CodesPage): Html {
  const { form } = page
  switch (page.kind) {
    case 'off':
      return html`<section class="sheet"><p>A program on your phone or computer makes a new code every 30 seconds. Signing in then takes your password and a code.</p><form class="fields" method="post" action="${codesPath}">
          ${page.hasPassword && renderField({ name: 'password', label: 'Your password', type: 'password', autocomplete: 'current-password' }, form)}
          <div><button class="primary" type="submit">Begin</button></div></form></section>`
    case 'begun': {
      const codes = page.totp.recoveryCodes.map(
        (code) => html`<li><code>${grouped(code)}</code></li>`,
      )
      return html`<section class="sheet"><h2>1. Tell your program the secret</h2><div class="copy"><code tabindex="0">${grouped(page.totp.secret)}</code></div><p class="small quiet space">Or, as an address that such programs open:</p><div class="copy"><code tabindex="0">${page.totp.uri}</code></div></section>
        <section class="sheet"><h2>2. Keep the recovery codes</h2><p>Each signs you in once, should the device be lost. They are shown this once.</p><ul class="codes">${codes}</ul></section>
        <section class="sheet"><h2>3. Try it</h2>${renderConfirm(form)}</section>`
    }
    case 'pending':
      return html`<section class="sheet"><h2>Try it again</h2>${renderConfirm(form)}</section>`
    case 'on':
      return html`<section class="sheet"><p>To turn codes off, give one of them, or a recovery code.</p><form class="fields" method="post" action="${`${codesPath}/off`}">${renderCode(form)}<div><button class="danger" type="submit">Turn codes off</button></div></form></section>`
  }
}

function renderConfirm(form: FormState): Html {
  return html`<form class="fields" method="post" action="${`${codesPath}/confirm`}">${renderCode(form)}<div><button class="primary" type="submit">Turn codes on</button></div></form>`
}

function renderCode(form: FormState): Html {
  return renderField({ name: 'code', label: 'Code', autocomplete: 'one-time-code' }, form)
}

/** Four characters at a time, as people copy them. */
function grouped(text: string): string {
  return text.replaceAll(/(.{4})(?=.)/g, '$1 ')
}

export function renderNewTeamPage(form: FormState): Html {
  return html`<div class="narrow"><h1>New team</h1>${renderMistake(form)}
    <section class="sheet"><form class="fields" method="post" action="${newTeamPath}">
      ${renderField({ name: 'name', label: 'Name', hint: '3 to 32 lower-case letters, digits and hyphens. It stands before the team’s libraries, and stays.' }, form)}
      ${renderField({ name: 'displayName', label: 'Full name', isRequired: false }, form)}
      ${renderSelect({ name: 'visibility', label: 'New libraries are' }, [
        { value: 'private', label: 'private', isChosen: true },
        { value: 'internal', label: 'internal', isChosen: false },
        { value: 'public', label: 'public', isChosen: false },
      ])}
      <div><button class="primary" type="submit">Make the team</button></div>
    </form></section></div>`
}
