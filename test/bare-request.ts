import type { HttpRequest } from '#http/message'

/** From this machine, without anything. */
export const bareRequest: HttpRequest = {
  id: '0'.repeat(16),
  method: 'PUT',
  target: '/bucket/key',
  headers: {},
  peer: '127.0.0.1',
  isEncrypted: false,
  body: { bytes: 0, received: 0, async *[Symbol.asyncIterator]() {} },
  signal: new AbortController().signal,
}
