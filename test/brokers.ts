/** Real NATS and Redis servers, started by a test on free ports with their own temporary directories, and stopped. The programs are the machine's own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './postgres/server.ts'
import { until } from './until.ts'

export interface Broker extends AsyncDisposable {
  readonly port: number
  /** As a crash would. What it has acknowledged is there after `start`. */
  kill(): Promise<void>
  start(): Promise<void>
}

/** With streams; `flags` are added. */
export function startNats(...flags: readonly string[]): Promise<Broker> {
  return startBroker('nats-server', (port, directory) => [
    ...['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', directory],
    ...flags,
  ])
}

export function startRedis(...flags: readonly string[]): Promise<Broker> {
  const argsOf = (port: number, directory: string): readonly string[] => [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', directory],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
    ...flags,
  ]
  return startBroker('redis-server', argsOf, hasLoaded)
}

/** On TLS alone; whoever comes needs no certificate. */
export function startTlsRedis({
  certificate,
  privateKey,
}: {
  readonly certificate: string
  readonly privateKey: string
}): Promise<Broker> {
  return startBroker('redis-server', (port, directory) => [
    ...['--bind', '127.0.0.1', '--port', '0', '--tls-port', String(port), '--dir', directory],
    ...['--tls-cert-file', certificate, '--tls-key-file', privateKey],
    ...['--tls-ca-cert-file', certificate, '--tls-auth-clients', 'no', '--save', ''],
  ])
}

async function startBroker(
  program: string,
  argsOf: (port: number, directory: string) => readonly string[],
  isReady = isListening,
): Promise<Broker> {
  const directory = await mkdtemp(join(tmpdir(), `mycelium-${program}-`))
  const port = await freePort()
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = spawn(program, argsOf(port, directory), { stdio: 'ignore' })
    await until(
      () => isReady(port),
      (is) => is,
    )
  }
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  await start()
  return {
    port,
    start,
    kill,
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** A Redis listens before it has read what it kept, and refuses everything until then. */
async function hasLoaded(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  try {
    socket.write('PING\r\n')
    const [answer] = await once(socket, 'data')
    return !String(answer).startsWith('-LOADING')
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
