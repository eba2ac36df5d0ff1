/** What a server answers at one of its names. `fetch` sends no `Host` but that of the address. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

export interface AnswerOfHost {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export async function getFromHost(url: string, host: string): Promise<AnswerOfHost> {
  const [response] = (await once(get(url, { headers: { host } }), 'response')) as [IncomingMessage]
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece)
  const { statusCode: status = 0, headers } = response
  return { status, headers, body: Buffer.concat(pieces) }
}
