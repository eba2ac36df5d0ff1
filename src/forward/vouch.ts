/**
 * Where a forwarded request really came from. The holder sees the connection of the process that forwards; the client's address and whether
 * TLS guarded its way stand in a header, authenticated (HMAC-SHA256 under the holder's pass) together with what is asked for. Clients
 * cannot make it, so rate limits, logs and policies may believe it without naming any proxy as trusted.
 */
import { hmacSha256Hex, isSameSecret } from '#crypto/hmac'
import { forwardFault } from '#forward/faults'
import type { HttpRequest } from '#http/message'
import { isLoopback } from '#http/peer'

/** `ADDRESS http|https HMAC`, the last in hexadecimal. */
export const vouchHeader = 'x-mycelium-forwarded'

const form = /^(\S*) (https?) ([0-9a-f]{64})$/

/** The header's value for a request that came to us. */
export function vouchFor(request: HttpRequest, pass: string): string {
  const origin = `${request.peer} ${request.isEncrypted ? 'https' : 'http'}`
  return `${origin} ${prove(request, origin, pass)}`
}

/** A request as its client sent it. One that nobody forwarded stays as it is. `forward/not-vouched` for a header that is not by one of us. */
export function receive(request: HttpRequest, pass: string | undefined): HttpRequest {
  const { [vouchHeader]: said } = request.headers
  if (said === undefined) return request
  const [, peer = '', scheme, proof = ''] = form.exec(said) ?? []
  const isOurs =
    pass !== undefined &&
    isSameSecret(Buffer.from(proof), Buffer.from(prove(request, `${peer} ${scheme}`, pass)))
  if (!isOurs) throw forwardFault('forward/not-vouched')
  // The way from there to here counts as well: what could be read on it is no safer than what a proxy took in clear.
  const isGuarded = request.isEncrypted || isLoopback(request.peer)
  const headers: Record<string, string | undefined> = Object.assign(
    Object.create(null), // as the shell makes them: clients choose the names that are looked up
    request.headers,
    isGuarded ? {} : { 'x-forwarded-proto': 'http' },
  )
  delete headers[vouchHeader]
  return { ...request, peer, isEncrypted: isGuarded && scheme === 'https', headers }
}

function prove({ method, target }: HttpRequest, origin: string, pass: string): string {
  return hmacSha256Hex(Buffer.from(pass), Buffer.from(`${origin}\n${method} ${target}`))
}
