/** Bytes on a socket, for requests no well-behaved client would send. */
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** Lower-case names; a repeated header keeps its last value. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export class RawConnection implements AsyncDisposable {
  readonly #socket: Socket
  #arrived = Buffer.alloc(0)
  readonly #pieces: Buffer[] = []
  #isClosed = false
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    const close = (): void => {
      this.#isClosed = true
      this.#wake()
    }
    socket.on('data', (piece: Buffer) => {
      this.#pieces.push(piece)
      this.#wake()
    })
    socket.on('end', close).on('close', close).on('error', close)
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new RawConnection(socket)
  }

  /** Latin-1: one character per byte. Resolves when the kernel has it. */
  async send(text: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) =>
      this.#socket.write(Buffer.from(text as string, 'latin1'), () => resolve()),
    )
  }

  /** Says that nothing more will be sent; still reads. */
  endSending(): void {
    this.#socket.end()
  }

  /** Stops taking bytes from the connection, so that the server feels a client that does not read. */
  pause(): void {
    this.#socket.pause()
  }

  /** The next answer; informational ones (1xx) count as answers. `undefined` when the connection closed before a whole one. */
  async answer({ toHead = false } = {}): Promise<RawAnswer | undefined> {
    for (;;) {
      const parsed = this.#take(toHead)
      if (parsed !== undefined) return parsed
      if (this.#isClosed) return undefined
      await this.#change()
    }
  }

  /** Waits until that many bytes have come (or no more will). */
  async arrived(bytes: number): Promise<void> {
    const count = (): number =>
      this.#pieces.reduce((sum, { length }) => sum + length, this.#arrived.length)
    while (!this.#isClosed && count() < bytes) await this.#change()
  }

  /** Waits until the server has closed its side. */
  async closed(): Promise<void> {
    while (!this.#isClosed) await this.#change()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    return Promise.resolve()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #take(toHead: boolean): RawAnswer | undefined {
    if (this.#pieces.length > 0)
      this.#arrived = Buffer.concat([this.#arrived, ...this.#pieces.splice(0)])
    const headEnd = this.#arrived.indexOf('\r\n\r\n')
    if (headEnd < 0) return undefined
    const [statusLine = '', ...lines] = this.#arrived.toString('latin1', 0, headEnd).split('\r\n')
    const status = Number(statusLine.split(' ')[1])
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
    )
    const isBare = toHead || status < 200 || status === 204 || status === 304
    const bytes = isBare ? 0 : Number(headers['content-length'] ?? 0)
    const end = headEnd + 4 + bytes
    if (this.#arrived.length < end) return undefined
    const body = this.#arrived.toString('utf8', headEnd + 4, end)
    this.#arrived = this.#arrived.subarray(end)
    return { status, headers, body }
  }
}
