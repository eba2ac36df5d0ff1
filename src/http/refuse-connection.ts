import type { IncomingMessage } from 'node:http'
import type { HttpResponse } from '#http/message'
import { STATUS_CODES } from '#http/node-http'
import { serverName } from '#http/server-name'

/**
 * Answers bytes that were no request, straight on the connection. Our side ends at once; what the client still sends is dropped,
 * so that it can read the answer. The caller destroys the connection after a while.
 */
export function refuseConnection(
  socket: IncomingMessage['socket'],
  { status, headers, body = '' }: HttpResponse,
  date: string,
): void {
  const text = typeof body === 'string' ? body : ''
  const lines = Object.entries({
    date,
    server: serverName,
    connection: 'close',
    'content-length': Buffer.byteLength(text),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines.join('')}\r\n`
  socket.on('error', () => socket.destroy())
  socket.end(head + text)
  socket.resume()
}
