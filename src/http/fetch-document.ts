/** A small document from another server: no more of it than is allowed, and not from behind our walls unless that is meant. */
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { httpFault } from '#http/faults'
import { request as requestHttp } from '#http/node-http'
import { assertPublicHost, publicLookup } from '#http/public-address'
import { gatherShort } from '#stream/gather'

export interface DocumentOptions {
  readonly bytesMax: number
  /** It may come from this machine or a private network, and in clear. */
  readonly isPrivate: boolean
  readonly signal: AbortSignal
}

/** `http/document-unavailable` for any answer but 200, for one that is too long, and for none. Redirections are not followed. */
export async function fetchDocument(
  url: string,
  { bytesMax, isPrivate, signal }: DocumentOptions,
): Promise<Uint8Array> {
  const isTls = url.startsWith('https:')
  if (!isTls && !isPrivate) throw unavailable('it is not https')
  if (!isPrivate) assertPublicHost(url, refusePrivate)
  const answer = await open(url, { isTls, isPrivate, signal })
  try {
    if (answer.statusCode !== 200) throw unavailable(`it answered ${answer.statusCode}`)
    const bytes = await gatherShort(answer, bytesMax, { signal })
    if (bytes === undefined) throw unavailable('it is too long')
    return bytes
  } finally {
    answer.destroy()
  }
}

function open(
  url: string,
  { isTls, isPrivate, signal }: Omit<DocumentOptions, 'bytesMax'> & { readonly isTls: boolean },
): Promise<IncomingMessage> {
  const request = isTls ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent: false,
      signal,
      headers: { accept: 'application/json', 'user-agent': 'mycelium' },
      ...(isPrivate ? {} : { lookup: publicLookup(refusePrivate) }),
    })
    sent.on('error', (cause) => reject(unavailable('it cannot be reached', cause)))
    sent.on('response', resolve)
    sent.end()
  })
}

const refusePrivate = (): Error => unavailable('its address is not public')

function unavailable(reason: string, cause?: unknown): Error {
  return httpFault('http/document-unavailable', { reason }, cause)
}
