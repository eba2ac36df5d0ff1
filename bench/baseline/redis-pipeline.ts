/** What SET and GET can move at best: raw connections, one for each server, with commands one behind the other. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Commands of one connection that have no answer yet. */
const inFlight = 8

const okBytes = '+OK\r\n'.length

export interface PipelineJob {
  readonly ports: readonly number[]
  /** On each connection. */
  readonly values: number
  readonly value: Buffer
}

/** Seconds until all servers have said that they have all values. */
export async function setAll({ ports, values, value }: PipelineJob): Promise<number> {
  return await timed(ports, values, async (socket, index) => {
    const key = keyOf(index)
    socket.cork()
    socket.write(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n`)
    socket.write(value)
    socket.write('\r\n')
    socket.uncork()
    return okBytes
  })
}

/** Seconds until all values of `setAll` are here. */
export async function getAll({ ports, values, value }: PipelineJob): Promise<number> {
  const answerBytes = `$${value.length}\r\n`.length + value.length + 2
  return await timed(ports, values, async (socket, index) => {
    const key = keyOf(index)
    socket.write(`*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`)
    return answerBytes
  })
}

/** All servers forget everything, and have given the memory back. */
export async function flushAll(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const socket = connect(port, '127.0.0.1')
    socket.write('*2\r\n$8\r\nFLUSHALL\r\n$4\r\nSYNC\r\n')
    await once(socket, 'data')
    socket.destroy()
  }
}

async function timed(
  ports: readonly number[],
  values: number,
  send: (socket: Socket, index: number) => Promise<number>,
): Promise<number> {
  const sockets = ports.map((port) => connect(port, '127.0.0.1').setNoDelay(true))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const startedAt = performance.now()
  await Promise.all(sockets.map((socket) => pipeline(socket, values, send)))
  const seconds = (performance.now() - startedAt) / 1000
  for (const socket of sockets) socket.destroy()
  return seconds
}

async function pipeline(
  socket: Socket,
  values: number,
  send: (socket: Socket, index: number) => Promise<number>,
): Promise<void> {
  let expected = 0
  let received = 0
  let answered = 0
  let wake = (): void => {}
  let each = 1
  socket.on('data', (piece) => {
    received += piece.length
    answered = Math.floor(received / each)
    wake()
  })
  for (let index = 0; index < values; index += 1) {
    while (index - answered >= inFlight)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    each = await send(socket, index)
    expected += each
  }
  while (received < expected)
    await new Promise<void>((resolve) => {
      wake = resolve
    })
}

function keyOf(index: number): string {
  return `bench-${String(index).padStart(10, '0')}`
}
