/** A small document from another server: no more of it than is allowed, and not from behind our walls unless that is meant. */
import type { IncomingMessage } from 'node:http'
import { openRequest } from '#http/_open-request'
import { httpFault } from '#http/faults'
import { assertPublicHost, publicLookup } from '#http/public-address'
import { gatherShort } from '#stream/gather'

export interface DocumentOptions {
  readonly bytesMax: number
  /** It may come from this machine or a private network, and in clear. */
  readonly isPrivate: boolean
  /** What is posted to get it (`application/x-www-form-urlencoded`); without it, it is got. */
  readonly form?: Readonly<Record<string, string>>
  readonly authorization?: string
  readonly signal: AbortSignal
}

/** `http/document-unavailable` for any answer but 200, for one that is too long, and for none. Redirections are not followed. */
export async function fetchDocument(url: string, options: DocumentOptions): Promise<Uint8Array> {
  const { bytesMax, isPrivate, signal } = options
  const isTls = url.startsWith('https:')
  if (!isTls && !isPrivate) throw unavailable('it is not https')
  if (!isPrivate) assertPublicHost(url, refusePrivate)
  const answer = await open(url, options)
  try {
    if (answer.statusCode !== 200) throw unavailable(`it answered ${answer.statusCode}`)
    const bytes = await gatherShort(answer, bytesMax, { signal })
    if (bytes === undefined) throw unavailable('it is too long')
    return bytes
  } finally {
    answer.destroy()
  }
}

async function open(
  url: string,
  { isPrivate, form, authorization, signal }: Omit<DocumentOptions, 'bytesMax'>,
): Promise<IncomingMessage> {
  const body = form && new URLSearchParams(form).toString()
  try {
    return await openRequest(url, {
      agent: false,
      signal,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        'user-agent': 'mycelium',
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(isPrivate ? {} : { lookup: publicLookup(refusePrivate) }),
      body,
    })
  } catch (cause) {
    throw unavailable('it cannot be reached', cause)
  }
}

const refusePrivate = (): Error => unavailable('its address is not public')

function unavailable(reason: string, cause?: unknown): Error {
  return httpFault('http/document-unavailable', { reason }, cause)
}
