/**
 * A provider of identities as OpenID Connect has it, on this machine: its document, its keys, tokens signed with them, and the authorization code flow
 * with PKCE. Whoever asks for a code is taken for `issuer.person`, who may be asked first.
 */
import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

/** Who may ask for codes. */
export const client = { id: 'the registry', secret: 'a secret: of +the registry' }

export interface Issuer extends AsyncDisposable {
  readonly url: string
  /** How often its keys were asked for. */
  readonly asked: () => number
  /** Signs with a new key from now on, and publishes that one alone. */
  rotate(): Promise<void>
  /** Good for five minutes unless the claims say otherwise. */
  token(claims: JWTPayload, options?: { readonly alg?: string }): Promise<string>
  /** Who sits in front of the browser. Claims of the next tokens, beside those of the flow. */
  person: Readonly<Record<string, unknown>>
  /** Whether the person sees a page, and says yes or no there. */
  asksFirst: boolean
  /** How clients prove themselves here. */
  clientAuth: 'client_secret_basic' | 'client_secret_post' | 'none'
}

/** What was asked for when a code was given. */
interface Grant {
  readonly redirect: string
  readonly challenge: string
  readonly nonce: string | undefined
}

export async function startIssuer({
  now = Date.now,
}: {
  readonly now?: () => number
} = {}): Promise<Issuer> {
  let asked = 0
  let generation = 0
  let pair = await generateKeyPair('ES256')
  const grants = new Map<string, Grant>()

  const sign = async (claims: JWTPayload, alg = 'ES256'): Promise<string> => {
    const seconds = Math.floor(now() / 1000)
    const payload = { iss: url, iat: seconds, exp: seconds + 300, ...claims }
    const key = alg === 'ES256' ? pair.privateKey : Buffer.alloc(32, 1)
    return await new SignJWT(payload).setProtectedHeader({ alg, kid: String(generation) }).sign(key)
  }

  /** The browser has come, and goes back with a code (RFC 6749 section 4.1.2). */
  const authorize = (query: URLSearchParams, response: ServerResponse): void => {
    const field = (name: string): string => query.get(name) ?? ''
    const isAsExpected =
      field('response_type') === 'code' &&
      field('client_id') === client.id &&
      field('code_challenge_method') === 'S256' &&
      field('scope').split(' ').includes('openid')
    if (!isAsExpected) return void response.writeHead(400).end()
    const goBack = (answer: Readonly<Record<string, string>>): void => {
      const back = new URL(field('redirect_uri'))
      for (const [name, value] of Object.entries({ ...answer, state: field('state'), iss: url }))
        back.searchParams.set(name, value)
      response.writeHead(302, { location: back.href }).end()
    }
    if (issuer.asksFirst && field('consent') === '') {
      const link = (consent: string): string =>
        `?${new URLSearchParams([...query, ['consent', consent]])}`
      response.setHeader('content-type', 'text/html')
      const links = ['Allow', 'Refuse'].map(
        (word) => `<a href="${link(word).replaceAll('&', '&amp;')}">${word}</a>`,
      )
      return void response.end(
        `<!doctype html><title>The house</title><h1>The house</h1>${links.join(' ')}`,
      )
    }
    // RFC 6749 section 4.1.2.1
    if (field('consent') === 'Refuse') {
      goBack({ error: 'access_denied' })
      return
    }
    const code = randomUUID()
    grants.set(code, {
      redirect: field('redirect_uri'),
      challenge: field('code_challenge'),
      nonce: query.get('nonce') ?? undefined,
    })
    goBack({ code })
  }

  /** A code is good once, for whoever asked for it (RFC 6749 section 4.1.3, RFC 7636 section 4.6). */
  const redeem = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = ''
    for await (const piece of request) text += piece
    const form = new URLSearchParams(text)
    const code = form.get('code') ?? ''
    const grant = grants.get(code)
    grants.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isGood =
      isClient(issuer.clientAuth, form, request.headers.authorization) &&
      form.get('grant_type') === 'authorization_code' &&
      form.get('redirect_uri') === grant?.redirect &&
      challenge === grant.challenge
    if (grant === undefined || !isGood)
      return void response.writeHead(400).end('{"error":"invalid_grant"}')
    const { nonce } = grant
    const claims = { aud: client.id, ...(nonce === undefined ? {} : { nonce }), ...issuer.person }
    const id_token = await sign(claims as JWTPayload) // a test may want it to be none
    response.end(JSON.stringify({ access_token: 'x', token_type: 'Bearer', id_token }))
  }

  const server = createServer(async (request, response): Promise<void> => {
    response.setHeader('content-type', 'application/json')
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    if (pathname === '/realm/.well-known/openid-configuration') {
      const facts = {
        issuer: url,
        jwks_uri: `${url}/keys`,
        authorization_endpoint: `${url}/authorize?audience=x`,
        token_endpoint: `${url}/token`,
        token_endpoint_auth_methods_supported: [issuer.clientAuth],
      }
      response.end(JSON.stringify(facts))
    } else if (pathname === '/realm/keys') {
      asked += 1
      const key = await exportJWK(pair.publicKey)
      response.end(JSON.stringify({ keys: [{ ...key, kid: String(generation), alg: 'ES256' }] }))
    } else if (pathname === '/realm/authorize') authorize(searchParams, response)
    else if (pathname === '/realm/token') await redeem(request, response)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realm`
  const issuer: Issuer = {
    url,
    asked: () => asked,
    person: {},
    asksFirst: false,
    clientAuth: 'client_secret_basic',
    async rotate() {
      pair = await generateKeyPair('ES256')
      generation += 1
    },
    token: (claims, { alg } = {}) => sign(claims, alg),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return issuer
}

function isClient(
  how: Issuer['clientAuth'],
  form: URLSearchParams,
  authorization: string | undefined,
): boolean {
  if (how !== 'client_secret_basic') {
    const secret = how === 'none' ? null : client.secret
    return form.get('client_id') === client.id && form.get('client_secret') === secret
  }
  const [, encoded = ''] = /^Basic (.+)$/.exec(authorization ?? '') ?? []
  const parts = Buffer.from(encoded, 'base64').toString().split(':')
  const [id, secret] = parts.map((part) => new URLSearchParams(`x=${part}`).get('x'))
  return id === client.id && secret === client.secret
}
