import type { IncomingMessage, RequestOptions } from 'node:http'
import { request as requestHttp, requestHttps } from '#http/node-http'

export interface OpenRequestOptions
  extends Pick<RequestOptions, 'agent' | 'headers' | 'lookup' | 'method'> {
  readonly body?: Uint8Array | string | undefined
  readonly signal: AbortSignal
}

/** Sends a request whole. Resolves to the answer, whose body is still to come, and rejects with what Node says. */
export function openRequest(
  url: string,
  { body, ...options }: OpenRequestOptions,
): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const sent = request(url, options)
    sent.on('error', reject)
    sent.on('response', resolve)
    sent.end(body) // the only piece there is: Node tells its length
  })
}
