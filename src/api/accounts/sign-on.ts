/** Signing in elsewhere (OpenID Connect): to the provider and back, as browsers go. */
import { z } from 'zod'
import {
  type AccountParts,
  accountRoute,
  given,
  isoTime,
  shortText,
  time,
  whenceOf,
} from '#api/accounts/route'
import { printSignedIn, type signedIn } from '#api/accounts/signed-in'
import { apiBase } from '#api/bases'
import type { HttpRequest, HttpResponse } from '#http/message'
import { parseTarget } from '#http/target'
import type { Accounts } from '#identity/accounts'
import { requireUser } from '#identity/actor'
import { personFault } from '#identity/faults'
import type { SignOnWish } from '#identity/sign-on'

const base = '/auth/oidc'
const cookieName = 'mdlibs-sign-on'
const cookieSeconds = 900

export const listProviders = accountRoute({
  method: 'GET',
  path: base,
  operation: 'ListProviders',
  summary: 'Where people may sign in instead of here',
  budget: 'metadata',
  isOpen: true,
  answer: z.object({
    providers: z.array(z.object({ id: z.string(), name: z.string(), start_url: z.string() })),
  }),
  status: 200,
  async run({ accounts }) {
    const providers = accounts.signOn.providers()
    return {
      providers: providers.map(({ id, name }) => ({
        ...{ id, name },
        start_url: `${apiBase}${base}/${id}/start`,
      })),
    }
  },
})

const signOnQuery = z.object({
  next: shortText.optional().describe('a path of this server to go on at'),
  invitation: shortText.optional(),
  username: shortText.optional().describe('the name to have here, for who is new'),
})

export const startSignOn = accountRoute<undefined, z.infer<typeof signOnQuery>>({
  method: 'GET',
  path: `${base}/{provider}/start`,
  operation: 'StartSignOn',
  summary:
    'Go to a provider to sign in; with a token, to be known by it from now on. For browsers: it sets a cookie that the way back needs',
  budget: 'auth',
  isOpen: true,
  query: signOnQuery,
  gives: { 302: '' },
  answers: { 404: 'There is no such provider' },
  async respond(parts, { actor, names, query, request }) {
    const { provider = '' } = names
    if (query.next !== undefined && !isPathOfOurs(query.next))
      throw personFault('identity/malformed-next')
    const link = actor.kind === 'user' ? { link: actor } : {}
    return await goToProvider(parts, provider, { wish: { ...given(query), ...link }, request })
  },
  refuse,
})

export const finishSignOn = accountRoute({
  method: 'GET',
  path: `${base}/{provider}/callback`,
  operation: 'FinishSignOn',
  summary: 'Where a provider sends browsers back to; answers as a sign-in does',
  budget: 'auth',
  isOpen: true,
  gives: { 200: 'application/json', 303: '' },
  answers: {
    403: 'The provider does not vouch for this browser, or nobody may register',
    409: 'Somebody else is known by this sign-in',
  },
  async respond(parts, call) {
    const { request, names } = call
    const pairs = parseTarget(request.target).query.map(({ name, value }) => [name, value] as const)
    const signedOn = await parts.accounts.signOn.finish(names['provider'] ?? '', {
      answer: new Map(pairs),
      ticket: readCookie(request, cookieName),
      from: whenceOf(call),
    })
    const done = cookieOf('', { seconds: 0, home: homeOf(parts, request) })
    const response = parts.onSignedOn?.(signedOn, request) ?? {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: `${JSON.stringify(printSignedIn(signedOn) satisfies z.infer<typeof signedIn>)}\n`,
    }
    const { 'set-cookie': other, ...headers } = response.headers
    const cookies = other === undefined ? done : other // one header has one cookie: the other one ends by itself
    return {
      ...response,
      headers: { ...headers, 'set-cookie': cookies, 'cache-control': 'no-store' },
    }
  },
  refuse,
})

const link = z.object({
  id: z.string(),
  provider: z.string(),
  issuer: z.string(),
  subject: z.string(),
  created_at: time,
})

export const listLinks = accountRoute({
  method: 'GET',
  path: `${base}/links`,
  operation: 'ListLinks',
  summary: 'By which providers you are known, and as whom',
  budget: 'metadata',
  answer: z.object({ links: z.array(link) }),
  status: 200,
  async run({ accounts }, { actor }) {
    const links = await accounts.signOn.links(requireUser(actor))
    return {
      links: links.map(({ createdAt, ...found }) => ({ ...found, created_at: isoTime(createdAt) })),
    }
  },
})

export const removeLink = accountRoute({
  method: 'DELETE',
  path: `${base}/links/{link}`,
  operation: 'RemoveLink',
  summary: 'Be known by a provider no more',
  budget: 'auth',
  status: 204,
  answers: { 404: 'You have none such', 409: 'It is the only way you have to sign in' },
  run: ({ accounts }, { actor, names }) =>
    accounts.signOn.unlink(requireUser(actor), names['link'] ?? ''),
})

/** The browser goes there, with the cookie that the way back needs. Faults of `SignOn.begin`. */
export async function goToProvider(
  parts: Pick<AccountParts, 'publicUrl'> & { readonly accounts: Pick<Accounts, 'signOn'> },
  provider: string,
  { wish, request }: { readonly wish: SignOnWish; readonly request: HttpRequest },
): Promise<HttpResponse> {
  const home = homeOf(parts, request)
  const back = `${home}${apiBase}${base}/${encodeURIComponent(provider)}/callback`
  const { url, ticket } = await parts.accounts.signOn.begin(provider, back, wish)
  const cookie = cookieOf(ticket, { seconds: cookieSeconds, home })
  return {
    status: 302,
    headers: { location: url, 'set-cookie': cookie, 'cache-control': 'no-store' },
  }
}

/** Programs that go this way have a problem document; people, a page. */
function refuse(
  { onSignOnRefused }: AccountParts,
  failure: unknown,
  { headers }: HttpRequest,
): HttpResponse | undefined {
  const isBrowser = (headers['accept'] ?? '').includes('text/html')
  return isBrowser ? onSignOnRefused?.(failure) : undefined
}

/** Where the browser has found us, or the operator says that it does. */
function homeOf(
  { publicUrl }: Pick<AccountParts, 'publicUrl'>,
  { isEncrypted, headers }: HttpRequest,
): string {
  return publicUrl ?? `${isEncrypted ? 'https' : 'http'}://${headers['host'] ?? 'localhost'}`
}

/** Browsers read `//host` and `/\host` as another server. */
function isPathOfOurs(next: string): boolean {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(next)
}

function cookieOf(
  value: string,
  { seconds, home }: { readonly seconds: number; readonly home: string },
): string {
  const secure = home.startsWith('https:') ? '; Secure' : ''
  return `${cookieName}=${value}; Path=${apiBase}${base}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`
}

function readCookie({ headers }: HttpRequest, name: string): string | undefined {
  const pairs = (headers['cookie'] ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}
