/** A wire between a client and a PostgreSQL server, which a test can cut at the worst moment. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Wire extends AsyncDisposable {
  /** The server's address, by way of the wire. */
  readonly url: string
  /**
   * Cuts the next commit's connection: `before` it reaches the server, or `after` the server has done it, before the client hears of it. With
   * `stays`, new connections are cut too until `mend`.
   */
  cutAtCommit(moment: 'before' | 'after', options?: { readonly stays?: boolean }): void
  mend(): void
}

/** As it stands in a simple query: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const commitText = 'commit\0'

export async function openWire(serverUrl: string): Promise<Wire> {
  const { hostname, port } = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let isCut = false
  let plan: { readonly moment: 'before' | 'after'; readonly stays: boolean } | undefined
  const wire = createServer((client) => {
    const server = connect({ host: hostname, port: Number(port) })
    let isDoomed = false
    const cut = (): void => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', cut)
      socket.on('close', cut)
      socket.on('close', () => sockets.delete(socket))
    }
    if (isCut) return cut()
    client.on('data', (bytes) => {
      if (plan !== undefined && bytes.includes(commitText)) {
        const { moment, stays } = plan
        plan = undefined
        isCut = stays
        if (moment === 'before') return cut()
        isDoomed = true
      }
      server.write(bytes)
    })
    server.on('data', (bytes) => {
      if (isDoomed) cut()
      else client.write(bytes)
    })
  })
  wire.listen(0, '127.0.0.1')
  await once(wire, 'listening')
  const { port: ownPort } = wire.address() as AddressInfo // it listens on a port
  return {
    url: Object.assign(new URL(serverUrl), { port: String(ownPort) }).href,
    cutAtCommit(moment, { stays = false } = {}) {
      plan = { moment, stays }
    },
    mend() {
      isCut = false
    },
    async [Symbol.asyncDispose]() {
      wire.close()
      for (const socket of sockets) socket.destroy()
      await once(wire, 'close')
    },
  }
}
