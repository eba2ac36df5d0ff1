/** A connection to a store that stalls or breaks after so many bytes, once. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface FlakyOptions {
  readonly to: string
  /** Which way the bytes are counted: `up` to the store. */
  readonly way: 'up' | 'down'
  readonly bytes: number
  /** `stall`: nothing moves any more, for ever. `break`: all connections are cut, and later ones are whole. */
  readonly fate: 'stall' | 'break'
}

export interface FlakyProxy extends AsyncDisposable {
  readonly url: string
  /** Resolves when it happens. */
  readonly happened: Promise<void>
}

export async function openFlakyProxy({ to, way, bytes, fate }: FlakyOptions): Promise<FlakyProxy> {
  const { hostname, port } = new URL(to)
  const { promise: happened, resolve } = Promise.withResolvers<void>()
  const sockets = new Set<Socket>()
  let left = bytes
  let hasHappened = false
  const trip = (): void => {
    hasHappened = true
    if (fate === 'break') for (const socket of sockets) socket.destroy()
    else for (const socket of sockets) socket.pause()
    resolve()
  }
  const server = createServer((client) => {
    const store = connect(Number(port), hostname)
    for (const [one, other, isCounted] of [
      [client, store, way === 'up'],
      [store, client, way === 'down'],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.on('data', (piece) => {
        if (isCounted && !hasHappened) left -= piece.length
        if (left > 0 || hasHappened) other.write(piece)
        else trip()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    happened,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
