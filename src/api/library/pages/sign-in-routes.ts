/** Coming and going: signing in here and elsewhere, registering, signing out. */
import {
  renderLoginTakenPage,
  renderNotSignedInPage,
  renderRegisterPage,
  renderSignedInPage,
  renderSignInPage,
} from '#api/library/pages/account-pages'
import { forgetLogin, keepLogin } from '#api/library/pages/cookies'
import { type FormState, untouched } from '#api/library/pages/form-fields'
import { mistakenForm } from '#api/library/pages/form-mistakes'
import { type Reader, renderPage } from '#api/library/pages/layout'
import { pageHeaders } from '#api/library/pages/page-headers'
import { homePath, signInPath } from '#api/library/pages/paths'
import {
  answerPage,
  done,
  fieldOf,
  htmlType,
  type PageCall,
  type PageRoute,
  seeOther,
} from '#api/library/pages/route'
import { keepsCookies } from '#api/library/pages/same-origin'
import { tellProblem } from '#api/library/problem'
import { isFault } from '#fault/fault'
import type { HttpResponse } from '#http/message'
import type { SignedOn } from '#identity/sign-on'
import type { Whence } from '#identity/tokens'

/** Where to go on: a path of ours, and nothing that a browser could take for another site's. */
function ownPath(text: string): string {
  return /^\/(?![/\\])[!-~]{0,500}$/.test(text) ? text : homePath
}

function whenceOf({ address, request }: PageCall): Whence {
  const agent = request.headers['user-agent']
  return { address, ...(agent === undefined ? {} : { agent }) }
}

function answerSignIn(call: PageCall, form: FormState, next: string, status = 200): HttpResponse {
  const { parts, request, reader } = call
  const main = renderSignInPage({
    form,
    next,
    providers: parts.accounts.signOn.providers(),
    mayRegister: reader.registration !== 'closed',
    isInsecure: !keepsCookies(request, parts),
    needsCode: form.mistakes.has('code'),
  })
  return answerPage(call, { title: 'Sign in', main }, status)
}

const signInPage: PageRoute = {
  method: 'GET',
  path: signInPath,
  operation: 'SignInPage',
  budget: 'metadata',
  isOpen: true,
  async run(call) {
    const next = ownPath(call.query.get('next') ?? '')
    return call.actor.kind === 'user' ? seeOther(next) : answerSignIn(call, untouched, next)
  },
}

const signIn: PageRoute = {
  method: 'POST',
  path: signInPath,
  operation: 'SignIn',
  budget: 'auth',
  isOpen: true,
  async run(call) {
    const { accounts, world } = call.parts
    const next = ownPath(call.form.get('next') ?? '')
    const code = fieldOf(call, 'code')
    const credentials = {
      name: fieldOf(call, 'username'),
      password: call.form.get('password') ?? '',
      ...(code === '' ? {} : { code }),
    }
    try {
      const { token } = await accounts.signIns.login(credentials, whenceOf(call))
      return seeOther(next, { 'set-cookie': keepLogin(token, world.now()) })
    } catch (error) {
      return answerSignIn(call, mistakenForm(error, call.form), next, 403)
    }
  },
}

const signOut: PageRoute = {
  method: 'POST',
  path: '/logout',
  operation: 'SignOut',
  budget: 'auth',
  isOpen: true,
  async run({ parts, actor }) {
    if (actor.kind === 'user') await parts.accounts.tokens.revoke(actor, actor.token.id)
    return seeOther(done(homePath, 'signed-out'), { 'set-cookie': forgetLogin })
  },
}

function answerRegister(call: PageCall, form: FormState, status = 200): HttpResponse {
  const main = renderRegisterPage({ form, mode: call.reader.registration })
  return answerPage(call, { title: 'Register', main }, status)
}

const registerPage: PageRoute = {
  method: 'GET',
  path: '/register',
  operation: 'RegisterPage',
  budget: 'metadata',
  isOpen: true,
  async run(call) {
    const invitation = call.query.get('invitation')
    const values = new Map(invitation === undefined ? [] : [['invitation', invitation]])
    return answerRegister(call, { ...untouched, values })
  },
}

const register: PageRoute = {
  method: 'POST',
  path: '/register',
  operation: 'Register',
  budget: 'auth',
  isOpen: true,
  async run(call) {
    const invitation = fieldOf(call, 'invitation')
    try {
      await call.parts.accounts.registration.register({
        username: fieldOf(call, 'username'),
        email: fieldOf(call, 'email'),
        password: call.form.get('password') ?? '',
        ...(invitation === '' ? {} : { invitation }),
      })
      return seeOther(done(signInPath, 'registered'))
    } catch (error) {
      return answerRegister(call, mistakenForm(error, call.form), 422)
    }
  },
}

/**
 * Where somebody goes on who has signed in elsewhere. The browser was sent here by another site, so that the cookie it is given would not go along with a
 * redirect: the page goes on by itself, which is a step of ours.
 */
export function answerSignedOn(
  { token, next = '' }: SignedOn,
  { reader, now }: { readonly reader: Reader; readonly now: number },
): HttpResponse {
  const on = ownPath(next)
  const view = { title: 'Signed in', main: renderSignedInPage(on), next: on }
  return {
    status: 200,
    headers: { ...pageHeaders, 'content-type': htmlType, 'set-cookie': keepLogin(token, now) },
    body: renderPage(view, reader),
  }
}

/** Somebody said no over there, or it took too long, or here is nobody for whom that sign-in stands. */
export function answerSignOnRefused(failure: unknown, reader: Reader): HttpResponse {
  const { status, text, details } = tellProblem(failure)
  const seconds = details?.['retry_after']
  const view = isFault(failure, 'identity/link-taken')
    ? { title: 'Not added', main: renderLoginTakenPage(text) }
    : { title: 'Not signed in', main: renderNotSignedInPage(text) }
  return {
    status,
    headers: {
      ...pageHeaders,
      'content-type': htmlType,
      'cache-control': 'no-store',
      ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }),
    },
    body: renderPage(view, reader),
  }
}

export const signInRoutes: readonly PageRoute[] = [
  signInPage,
  signIn,
  signOut,
  registerPage,
  register,
]
