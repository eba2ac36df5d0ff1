/** What people do for themselves: tokens, password, codes, invitations, new teams. */
import { goToProvider } from '#api/accounts/sign-on'
import {
  type AccountPage,
  type CodesPage,
  renderAccountPage,
  renderCodesPage,
  renderNewTeamPage,
  renderNewTokenPage,
} from '#api/library/pages/account-pages'
import { type FormState, untouched } from '#api/library/pages/form-fields'
import { mistakenForm } from '#api/library/pages/form-mistakes'
import { libraryOfForm } from '#api/library/pages/named-library'
import { accountPath, loginsPath, membersPath, newTeamPath } from '#api/library/pages/paths'
import {
  answerForm,
  answerPage,
  done,
  fieldOf,
  notKept,
  type PageCall,
  type PageRoute,
  requireUser,
  seeOther,
} from '#api/library/pages/route'
import { isFault } from '#fault/fault'
import type { HttpResponse } from '#http/message'
import { tokenScopes } from '#identity/actor'
import { visibilities } from '#library/manifest'

interface AccountForms {
  readonly form?: FormState
  readonly passwordForm?: FormState
  readonly loginsForm?: FormState
}

async function answerAccount(
  call: PageCall,
  { form = untouched, passwordForm = untouched, loginsForm = untouched }: AccountForms = {},
): Promise<HttpResponse> {
  const { parts } = call
  const actor = requireUser(call)
  const [profile, tokens, logins, teamInvitations, libraryInvitations] = await Promise.all([
    parts.accounts.people.profile(actor.id),
    parts.accounts.tokens.list(actor),
    parts.accounts.signOn.links(actor),
    parts.accounts.teams.invitations(actor),
    parts.libraries.invitations(actor),
  ])
  const page: AccountPage = {
    ...profile,
    email: profile.email,
    teams: [...actor.teams].map(([name, role]) => ({ name, role })),
    teamInvitations: teamInvitations.map(({ id, team, role, invitedBy }) => ({
      id,
      team: team.name,
      role,
      by: invitedBy,
    })),
    libraryInvitations,
    tokens,
    ownToken: actor.token.id,
    providers: parts.accounts.signOn.providers(),
    logins,
    form,
    passwordForm,
    loginsForm,
  }
  const main = renderAccountPage(page)
  return answerForm(call, { title: 'Account', main }, form, passwordForm, loginsForm)
}

const account: PageRoute = {
  method: 'GET',
  path: '/account',
  operation: 'AccountPage',
  budget: 'metadata',
  run: (call) => answerAccount(call),
}

/** No redirect: the token is shown this once, and is in no address. */
const makeToken: PageRoute = {
  method: 'POST',
  path: '/account/tokens',
  operation: 'MakeToken',
  budget: 'auth',
  async run(call) {
    const { tokens } = call.parts.accounts
    const actor = requireUser(call)
    const words = (name: string): readonly string[] =>
      fieldOf(call, name)
        .split(/[\s,]+/)
        .filter((word) => word !== '')
    const globs = words('globs')
    const chosen = words('scopes')
    const days = fieldOf(call, 'days')
    try {
      const made = await tokens.create(actor, {
        name: fieldOf(call, 'name'),
        scopes: tokenScopes.filter((scope) => chosen.includes(scope)),
        ...(globs.length === 0 ? {} : { globs }),
        ...(days === '' ? {} : { days: Number(days) }),
      })
      return notKept(answerPage(call, { title: 'Your token', main: renderNewTokenPage(made) }))
    } catch (error) {
      return await answerAccount(call, { form: mistakenForm(error, call.form) })
    }
  },
}

const revokeToken: PageRoute = {
  method: 'POST',
  path: '/account/tokens/revoke',
  operation: 'RevokeToken',
  budget: 'auth',
  async run(call) {
    await call.parts.accounts.tokens.revoke(requireUser(call), fieldOf(call, 'id'))
    return seeOther(done(accountPath, 'token-revoked'))
  },
}

const changePassword: PageRoute = {
  method: 'POST',
  path: '/account/password',
  operation: 'ChangePassword',
  budget: 'auth',
  async run(call) {
    const actor = requireUser(call)
    try {
      await call.parts.accounts.signIns.changePassword(actor, {
        current: call.form.get('current'),
        next: call.form.get('next') ?? '',
      })
      return seeOther(done(accountPath, 'password-changed'))
    } catch (error) {
      return await answerAccount(call, {
        passwordForm: mistakenForm(error, new Map(), { password: 'next' }),
      })
    }
  },
}

/** Nothing but a page of ours leads here with the cookie, which goes along with no other site's links. */
const addLogin: PageRoute = {
  method: 'GET',
  path: '/account/logins/{provider}/add',
  operation: 'AddLogin',
  budget: 'auth',
  async run(call) {
    const wish = { link: requireUser(call), next: accountPath }
    return await goToProvider(call.parts, call.names['provider'] ?? '', {
      wish,
      request: call.request,
    })
  },
}

const removeLogin: PageRoute = {
  method: 'POST',
  path: `${loginsPath}/remove`,
  operation: 'RemoveLogin',
  budget: 'auth',
  async run(call) {
    try {
      await call.parts.accounts.signOn.unlink(requireUser(call), fieldOf(call, 'id'))
      return seeOther(done(accountPath, 'login-removed'))
    } catch (error) {
      return await answerAccount(call, { loginsForm: mistakenForm(error, new Map()) })
    }
  },
}

const answerInvitation: PageRoute = {
  method: 'POST',
  path: '/account/invitations',
  operation: 'AnswerInvitation',
  budget: 'auth',
  async run(call) {
    const { teams } = call.parts.accounts
    const actor = requireUser(call)
    const id = fieldOf(call, 'id')
    if (fieldOf(call, 'answer') === 'accept') await teams.accept(actor, id)
    else await teams.decline(actor, id)
    return seeOther(done(accountPath, 'answered'))
  },
}

const answerOffer: PageRoute = {
  method: 'POST',
  path: '/account/offers',
  operation: 'AnswerOffer',
  budget: 'auth',
  async run(call) {
    const { libraries } = call.parts
    const actor = requireUser(call)
    const ref = libraryOfForm(call)
    const to = fieldOf(call, 'to')
    if (fieldOf(call, 'answer') === 'accept') await libraries.accept(actor, ref, to)
    else await libraries.decline(actor, ref, to)
    return seeOther(done(accountPath, 'answered'))
  },
}

function answerCodes(call: PageCall, page: CodesPage): HttpResponse {
  return notKept(answerForm(call, { title: 'Codes', main: renderCodesPage(page) }, page.form))
}

const codes: PageRoute = {
  method: 'GET',
  path: '/account/codes',
  operation: 'CodesPage',
  budget: 'metadata',
  async run(call) {
    const actor = requireUser(call)
    const { hasTotp, hasPassword } = await call.parts.accounts.people.profile(actor.id)
    const form = untouched
    return answerCodes(call, hasTotp ? { kind: 'on', form } : { kind: 'off', hasPassword, form })
  },
}

/** As with tokens, what is shown this once is in no address. */
const beginCodes: PageRoute = {
  method: 'POST',
  path: '/account/codes',
  operation: 'BeginCodes',
  budget: 'auth',
  async run(call) {
    const { signIns, people } = call.parts.accounts
    const actor = requireUser(call)
    try {
      const totp = await signIns.beginTotp(actor, call.form.get('password'))
      return answerCodes(call, { kind: 'begun', totp, form: untouched })
    } catch (error) {
      const { hasPassword } = await people.profile(actor.id)
      const form = mistakenForm(error, call.form)
      return answerCodes(call, { kind: 'off', hasPassword, form })
    }
  },
}

const confirmCodes: PageRoute = {
  method: 'POST',
  path: '/account/codes/confirm',
  operation: 'ConfirmCodes',
  budget: 'auth',
  async run(call) {
    const actor = requireUser(call)
    try {
      await call.parts.accounts.signIns.confirmTotp(actor, fieldOf(call, 'code'))
      return seeOther(done(accountPath, 'codes-on'))
    } catch (error) {
      return answerCodes(call, { kind: 'pending', form: wrongCode(error) })
    }
  },
}

const giveUpCodes: PageRoute = {
  method: 'POST',
  path: '/account/codes/off',
  operation: 'GiveUpCodes',
  budget: 'auth',
  async run(call) {
    const actor = requireUser(call)
    try {
      await call.parts.accounts.signIns.giveUpTotp(actor, fieldOf(call, 'code'))
      return seeOther(done(accountPath, 'codes-off'))
    } catch (error) {
      return answerCodes(call, { kind: 'on', form: wrongCode(error) })
    }
  },
}

/** Here what is refused can only be the code. */
function wrongCode(error: unknown): FormState {
  const form = mistakenForm(error, new Map())
  if (!isFault(error, 'identity/login-refused')) return form
  return { ...form, mistakes: new Map([['code', 'This is not the code of this moment.']]) }
}

const newTeam: PageRoute = {
  method: 'GET',
  path: newTeamPath,
  operation: 'NewTeamPage',
  budget: 'metadata',
  async run(call) {
    requireUser(call)
    return answerPage(call, { title: 'New team', main: renderNewTeamPage(untouched) })
  },
}

const makeTeam: PageRoute = {
  method: 'POST',
  path: newTeamPath,
  operation: 'MakeTeam',
  budget: 'auth',
  async run(call) {
    const { teams } = call.parts.accounts
    const actor = requireUser(call)
    const displayName = fieldOf(call, 'displayName')
    const visibility = visibilities.find((one) => one === fieldOf(call, 'visibility'))
    try {
      const asked = { name: fieldOf(call, 'name'), ...(displayName === '' ? {} : { displayName }) }
      const { name } = await teams.create(actor, asked)
      if (visibility !== undefined)
        await teams.update(actor, name, { defaultVisibility: visibility })
      return seeOther(done(membersPath(name), 'team-made'))
    } catch (error) {
      const form = mistakenForm(error, call.form, { username: 'name' })
      return answerForm(call, { title: 'New team', main: renderNewTeamPage(form) }, form)
    }
  },
}

export const accountRoutes: readonly PageRoute[] = [
  account,
  makeToken,
  revokeToken,
  changePassword,
  addLogin,
  removeLogin,
  answerInvitation,
  answerOffer,
  codes,
  beginCodes,
  confirmCodes,
  giveUpCodes,
  newTeam,
  makeTeam,
]
