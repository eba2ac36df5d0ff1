/** A provider of identities as OpenID Connect has it, on this machine: its document, its keys, and tokens signed with them. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

export interface Issuer extends AsyncDisposable {
  readonly url: string
  /** How often its keys were asked for. */
  readonly asked: () => number
  /** Signs with a new key from now on, and publishes that one alone. */
  rotate(): Promise<void>
  /** Good for five minutes unless the claims say otherwise. */
  token(claims: JWTPayload, options?: { readonly alg?: string }): Promise<string>
}

export async function startIssuer(): Promise<Issuer> {
  let asked = 0
  let generation = 0
  let pair = await generateKeyPair('ES256')
  const server = createServer(async (request, response): Promise<void> => {
    response.setHeader('content-type', 'application/json')
    if (request.url === '/realm/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }))
    } else if (request.url === '/realm/keys') {
      asked += 1
      const key = await exportJWK(pair.publicKey)
      response.end(JSON.stringify({ keys: [{ ...key, kid: String(generation), alg: 'ES256' }] }))
    } else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realm`
  return {
    url,
    asked: () => asked,
    async rotate() {
      pair = await generateKeyPair('ES256')
      generation += 1
    },
    async token(claims, { alg = 'ES256' } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const payload = { iss: url, iat: now, exp: now + 300, ...claims }
      const key = alg === 'ES256' ? pair.privateKey : Buffer.alloc(32, 1)
      return await new SignJWT(payload)
        .setProtectedHeader({ alg, kid: String(generation) })
        .sign(key)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
