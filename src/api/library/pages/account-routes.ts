/** What people do for themselves: tokens, password, codes, invitations, new teams. */
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
import { accountPath, membersPath, newTeamPath } from '#api/library/pages/paths'
import {
  answerPage,
  done,
  fieldOf,
  type PageCall,
  type PageRoute,
  requireUser,
  seeOther,
} from '#api/library/pages/route'
import { isFault } from '#fault/fault'
import type { HttpResponse } from '#http/message'
import { tokenScopes } from '#identity/actor'
import type { Visibility } from '#library/model'

interface AccountForms {
  readonly form?: FormState
  readonly passwordForm?: FormState
}

async function answerAccount(
  call: PageCall,
  { form = untouched, passwordForm = untouched }: AccountForms = {},
): Promise<HttpResponse> {
  const { parts } = call
  const actor = requireUser(call)
  const [profile, tokens, teamInvitations, libraryInvitations] = await Promise.all([
    parts.accounts.people.profile(actor.id),
    parts.accounts.tokens.list(actor),
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
    form,
    passwordForm,
  }
  const isMistaken = form.mistakes.size + passwordForm.mistakes.size > 0
  const main = renderAccountPage(page)
  return answerPage(call, { title: 'Account', main }, isMistaken ? 422 : 200)
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
      const page = answerPage(call, { title: 'Your token', main: renderNewTokenPage(made) })
      return { ...page, headers: { ...page.headers, 'cache-control': 'no-store' } }
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

async function answerCodes(call: PageCall, page: CodesPage, status = 200): Promise<HttpResponse> {
  const answered = answerPage(call, { title: 'Codes', main: renderCodesPage(page) }, status)
  return { ...answered, headers: { ...answered.headers, 'cache-control': 'no-store' } }
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
    return await answerCodes(
      call,
      hasTotp ? { kind: 'on', form } : { kind: 'off', hasPassword, form },
    )
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
      return await answerCodes(call, { kind: 'begun', totp, form: untouched })
    } catch (error) {
      const { hasPassword } = await people.profile(actor.id)
      const form = mistakenForm(error, call.form)
      return await answerCodes(call, { kind: 'off', hasPassword, form }, 422)
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
      const form = wrongCode(error)
      return await answerCodes(call, { kind: 'pending', form }, 422)
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
      const form = wrongCode(error)
      return await answerCodes(call, { kind: 'on', form }, 422)
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

const visibilities: readonly string[] = ['public', 'internal', 'private'] satisfies Visibility[]

const makeTeam: PageRoute = {
  method: 'POST',
  path: newTeamPath,
  operation: 'MakeTeam',
  budget: 'auth',
  async run(call) {
    const { teams } = call.parts.accounts
    const actor = requireUser(call)
    const displayName = fieldOf(call, 'displayName')
    const visibility = fieldOf(call, 'visibility')
    try {
      const asked = { name: fieldOf(call, 'name'), ...(displayName === '' ? {} : { displayName }) }
      const { name } = await teams.create(actor, asked)
      if (visibilities.includes(visibility))
        await teams.update(actor, name, { defaultVisibility: visibility as Visibility }) // just looked up
      return seeOther(done(membersPath(name), 'team-made'))
    } catch (error) {
      const main = renderNewTeamPage(mistakenForm(error, call.form, { username: 'name' }))
      return answerPage(call, { title: 'New team', main }, 422)
    }
  },
}

export const accountRoutes: readonly PageRoute[] = [
  account,
  makeToken,
  revokeToken,
  changePassword,
  answerInvitation,
  answerOffer,
  codes,
  beginCodes,
  confirmCodes,
  giveUpCodes,
  newTeam,
  makeTeam,
]
