/**
 * Many small requests on a few connections: bare sockets, and every request signed and laid out before the clock starts, so that what is
 * measured is the server. One request at a time on each connection.
 */
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'

/** What is sent, and what the whole answer must say. */
export interface Exchange {
  readonly wire: Buffer
  readonly etag: string | undefined
  /** Of the answer's body; any when it is left out. */
  readonly bytes?: number
}

export interface Timed {
  /** From the first byte sent to the last received. */
  readonly seconds: number
  /** The same of each exchange, in no order. */
  readonly ms: readonly number[]
}

/** The connections are made before. */
export async function exchangeAll(
  port: number,
  {
    connections,
    exchanges,
  }: { readonly connections: number; readonly exchanges: readonly Exchange[] },
): Promise<Timed> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => connect(port)))
  const rest = exchanges.values()
  const ms: number[] = []
  const startedAt = performance.now()
  await Promise.all(sockets.map((socket) => runLane(socket, rest, ms)))
  const seconds = (performance.now() - startedAt) / 1000
  for (const socket of sockets) socket.destroy()
  return { seconds, ms }
}

async function connect(port: number): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  return socket
}

function runLane(socket: Socket, rest: Iterator<Exchange>, ms: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let current: Exchange | undefined
    let received: Buffer = Buffer.alloc(0)
    let sentAt = 0
    const next = (): void => {
      const { value, done } = rest.next()
      sentAt = performance.now()
      current = done === true ? undefined : value
      if (current === undefined) resolve()
      else socket.write(current.wire)
    }
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection')))
    socket.on('data', (piece: Buffer) => {
      received = received.length === 0 ? piece : Buffer.concat([received, piece])
      const end = received.indexOf('\r\n\r\n')
      if (end < 0 || current === undefined) return
      const head = received.toString('latin1', 0, end)
      const bodyBytes = Number(/^content-length: (\d+)/im.exec(head)?.[1])
      if (received.length < end + 4 + bodyBytes) return
      const complaint = complaintAbout(head, bodyBytes, current)
      if (complaint !== undefined) return reject(new Error(`${complaint}: ${received.toString()}`))
      received = Buffer.alloc(0)
      ms.push(performance.now() - sentAt)
      next()
    })
    next()
  })
}

function complaintAbout(head: string, bodyBytes: number, wanted: Exchange): string | undefined {
  if (!head.startsWith('HTTP/1.1 200 ')) return 'not 200'
  if (Number.isNaN(bodyBytes)) return 'no content-length'
  if (wanted.bytes !== undefined && bodyBytes !== wanted.bytes)
    return `${bodyBytes} of ${wanted.bytes} bytes`
  const etag = /^etag: "([^"]*)"/im.exec(head)?.[1]
  return wanted.etag === undefined || etag === wanted.etag ? undefined : `ETag ${etag}`
}
