/** The listener: bytes of real clients, hostile ones, and clients that do nothing. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { openHeroRedis } from '#redis/hero-redis'
import { valueBytesMax } from '#redis/limits'
import { encodeRequest } from '#redis/resp'
import { openRedisServer } from '#redis/server'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { makeAuthority } from '../../test/certificate.ts'
import { sameBytes } from '../../test/contract/same-bytes.ts'
import { type StandIn, startHeroRedis, uploaderToken } from '../../test/hero-redis.ts'

const world = systemWorld()

/** One side of a raw connection. */
class Raw implements AsyncDisposable {
  readonly socket: Socket
  readonly #pieces: Buffer[] = []
  #wake = (): void => {}
  isClosed = false

  constructor({ host, port }: Pick<StandIn, 'host' | 'port'>) {
    this.socket = connect({ host, port, allowHalfOpen: true })
    this.socket.on('data', (piece) => {
      this.#pieces.push(piece as Buffer) // no encoding is set
      this.#wake()
    })
    this.socket.on('error', () => {})
    for (const event of ['end', 'close'])
      this.socket.on(event, () => {
        this.isClosed = true
        this.#wake()
      })
  }

  send(...words: readonly (string | Uint8Array)[]): void {
    const args = words.map((word) => (typeof word === 'string' ? Buffer.from(word) : word))
    for (const piece of encodeRequest(args)) this.socket.write(piece)
  }

  get heard(): string {
    return Buffer.concat(this.#pieces).toString('latin1')
  }

  /** What has come by the time that it is so long, or the server has closed. */
  async hear(characters: number): Promise<string> {
    while (this.heard.length < characters && !this.isClosed)
      await new Promise<void>((wake) => {
        this.#wake = wake
      })
    return this.heard
  }

  /** What has come until the server has closed. */
  untilClosed(): Promise<string> {
    return this.hear(Number.POSITIVE_INFINITY)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.destroyed) return
    const closed = once(this.socket, 'close')
    this.socket.destroy()
    await closed
  }
}

test('the bytes that redis-rs sends, as the uploader and the reader send them', async () => {
  await using server = await startHeroRedis()
  const opening =
    '*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$8\r\nredis-rs\r\n' +
    '*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$7\r\nLIB-VER\r\n$6\r\n0.32.2\r\n'
  await using uploader = new Raw(server)
  uploader.socket.write(opening)
  equal(await uploader.hear(10), '+OK\r\n+OK\r\n')
  uploader.socket.write(`*2\r\n$4\r\nAUTH\r\n$${uploaderToken.length}\r\n${uploaderToken}\r\n`)
  uploader.socket.write('*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n')
  const shard = '\x00\r\n$5\r\nx'
  uploader.socket.write(
    `*3\r\n$3\r\nSET\r\n$4\r\n\x00\xff\r\n\r\n$${shard.length}\r\n${shard}\r\n`,
    'latin1',
  )
  equal(await uploader.hear(25), '+OK\r\n'.repeat(5))

  await using reader = new Raw(server)
  reader.socket.write(`${opening}*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n`)
  reader.socket.write('*2\r\n$3\r\nGET\r\n$4\r\n\x00\xff\r\n\r\n', 'latin1')
  const expected = `${'+OK\r\n'.repeat(3)}$${shard.length}\r\n${shard}\r\n`
  equal(await reader.hear(expected.length), expected)
})

test('pipelined commands are answered in their order, also when they come one byte at a time', async () => {
  await using server = await startHeroRedis()
  await using raw = new Raw(server)
  const bytes = Buffer.concat(
    Array.from({ length: 20 }, (_, number) =>
      encodeRequest([Buffer.from('PING'), Buffer.from(`${number}!`)]),
    ).flat(),
  )
  raw.socket.setNoDelay(true)
  for (const byte of bytes) raw.socket.write(Uint8Array.of(byte))
  const expected = Array.from({ length: 20 }, (_, number) => {
    const text = `${number}!`
    return `$${text.length}\r\n${text}\r\n`
  }).join('')
  equal(await raw.hear(expected.length), expected)
})

test('a client that closes its side first is answered all the same', async () => {
  await using server = await startHeroRedis()
  await using raw = new Raw(server)
  raw.send('PING')
  raw.send('GET', 'nothing')
  raw.socket.end()
  equal(await raw.untilClosed(), '+PONG\r\n$-1\r\n')
})

const hostile: readonly (readonly [name: string, bytes: string, answer: RegExp])[] = [
  ['an inline command', 'PING\r\n', /^-ERR Protocol error: expected '\*', got 'P'\r\n$/],
  [
    'what a browser can be made to send',
    'POST /x HTTP/1.1\r\nHost: a\r\n\r\n*1\r\n$4\r\nPING\r\n',
    /^-ERR Protocol error: expected '\*', got 'P'\r\n$/,
  ],
  ['too many arguments', '*1000000\r\n', /^-ERR Protocol error: invalid multibulk length\r\n$/],
  ['a long argument of a stranger', '*2\r\n$3\r\nGET\r\n$70000\r\n', /^-NOAUTH .*\r\n$/],
  ['no end', '*'.padEnd(100, '1'), /^-ERR Protocol error: a line is too long\r\n$/],
]
for (const [name, bytes, answer] of hostile)
  test(`told, and cut off: ${name}`, async () => {
    await using server = await startHeroRedis()
    await using raw = new Raw(server)
    raw.socket.write(bytes)
    match(await raw.untilClosed(), answer)
  })

test('a value that is too long is refused in words that arrive, though the client is still sending', async () => {
  await using server = await startHeroRedis()
  await using raw = new Raw(server)
  raw.send('AUTH', uploaderToken)
  equal(await raw.hear(5), '+OK\r\n')
  raw.send('SET', 'key', new Uint8Array(valueBytesMax + 1_000))
  match(await raw.untilClosed(), /^\+OK\r\n-ERR the value is longer than 8388608 bytes\r\n$/)
  await using client = await openHeroRedis({ ...placeOf(server), db: 0 })
  equal(await client.get(Buffer.from('key')), undefined)
})

function placeOf({ host, port }: StandIn) {
  return { host, port, world, login: { kind: 'token', token: uploaderToken } as const }
}

test('who says nothing is dropped, and who says half of something', async () => {
  await using server = await startHeroRedis({ limits: { idleMs: 40, requestMs: 40 } })
  await using silent = new Raw(server)
  await using slow = new Raw(server)
  slow.socket.write('*2\r\n$3\r\nGET\r\n$5\r\nab')
  equal(await silent.untilClosed(), '')
  equal(await slow.untilClosed(), '')
  await using polite = new Raw(server)
  polite.send('PING')
  equal(await polite.untilClosed(), '+PONG\r\n')
})

test('who takes nothing of what they asked for is dropped', async () => {
  await using server = await startHeroRedis({ limits: { answerMs: 500 } })
  await using client = await openHeroRedis({ ...placeOf(server), db: 0 })
  const key = Buffer.from('key')
  const value = new Uint8Array(valueBytesMax).fill(3)
  await client.set(key, value)
  await using raw = new Raw(server)
  raw.socket.pause()
  for (let count = 0; count < 20; count += 1) raw.send('GET', 'key')
  while (server.server.connections > 1) await world.sleep(10)
  raw.socket.resume()
  await raw.untilClosed()
  ok(raw.heard.length < 20 * valueBytesMax)
  sameBytes(await client.get(key), value)
})

test('no more connections than allowed, and a place that is free is given again', async () => {
  await using server = await startHeroRedis({ limits: { connectionsMax: 2 } })
  await using first = new Raw(server)
  const second = new Raw(server)
  for (const one of [first, second]) {
    one.send('PING')
    equal(await one.hear(7), '+PONG\r\n')
  }
  await using third = new Raw(server)
  equal(await third.untilClosed(), '-ERR max number of clients reached\r\n')
  await second[Symbol.asyncDispose]()
  while (server.server.connections > 1) await world.sleep(5)
  await using fourth = new Raw(server)
  fourth.send('PING')
  equal(await fourth.hear(7), '+PONG\r\n')
})

test('long requests wait for each other, and all are done', async () => {
  await using server = await startHeroRedis({ limits: { longRequestsMax: 1, valuesOutMax: 1 } })
  const sizes = [200_000, 1_000, 300_000, 5_000_000, 70_000]
  await Promise.all(
    sizes.map(async (bytes, number) => {
      await using client = await openHeroRedis({ ...placeOf(server), db: number })
      const value = new Uint8Array(bytes).fill(number + 1)
      await client.set(Buffer.from('key'), value)
      sameBytes(await client.get(Buffer.from('key')), value)
    }),
  )
})

test('wrong logins end the connection behind their answer', async () => {
  await using server = await startHeroRedis()
  await using raw = new Raw(server)
  for (let count = 0; count < 5; count += 1) raw.send('AUTH', 'wrong')
  const answers = (await raw.untilClosed()).split('\r\n').filter((line) => line !== '')
  equal(answers.length, 3)
  for (const answer of answers) match(answer, /^-WRONGPASS /)
})

test('closing answers what is being done, and nothing more', async () => {
  const server = await startHeroRedis()
  await using client = await openHeroRedis({ ...placeOf(server), db: 0 })
  const setting = client.set(Buffer.from('key'), new Uint8Array(1_000_000))
  await using idle = new Raw(server)
  idle.send('PING')
  await idle.hear(7)
  await Promise.all([setting, server[Symbol.asyncDispose]()])
  equal(await idle.untilClosed(), '+PONG\r\n')
  await rejects(client.ping(), { code: 'redis/unavailable' })
})

test('TLS: a client that believes the authority gets in, others do not', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-hero-tls-'))
  context.after(() => rm(folder, { recursive: true }))
  const authority = makeAuthority(folder)
  const read = async (name: string) => {
    const { certificate, privateKey } = authority.issue(name)
    return {
      certificate: await readFile(certificate, 'utf8'),
      privateKey: await readFile(privateKey, 'utf8'),
    }
  }
  await using server = await startHeroRedis({ tls: await read('first') })
  const ca = await readFile(authority.file, 'utf8')
  for (const host of ['127.0.0.1', 'localhost']) {
    const place = { ...placeOf(server), host, db: 0 }
    await using client = await openHeroRedis({ ...place, tls: { ca } })
    await client.set(Buffer.from('key'), Buffer.from('value'))
    await rejects(openHeroRedis({ ...place, tls: {} }), { code: 'redis/unavailable' })
    const named = openHeroRedis({ ...place, tls: { ca, name: 'redis.example.org' } })
    await rejects(named, /reason=its certificate is for another name/)
    await rejects(openHeroRedis({ ...place, connectMs: 2_000, commandMs: 500 }), (error) =>
      isFault(error, 'redis/unavailable', 'redis/timeout', 'redis/malformed'),
    )
  }
  server.server.identify(await read('second'))
  await using client = await openHeroRedis({ ...placeOf(server), db: 0, tls: { ca } })
  sameBytes(await client.get(Buffer.from('key')), Buffer.from('value'))
})

test('a port that is taken, or not ours, is told', async () => {
  await using server = await startHeroRedis()
  const options = { open: () => session, world, telemetry }
  const at = (host: string, port: number) => openRedisServer({ ...options, host, port })
  await rejects(at('127.0.0.1', server.port), { code: 'redis/address-in-use' })
  await rejects(at('192.0.2.1', 0), { code: 'redis/address-refused' })
})

const session = {
  limit: { bytesMax: 100, refusal: 'ERR' },
  answer: async () => {
    throw new TypeError('nobody expected this')
  },
}

test('what nobody expected is logged, and ends that connection only', async () => {
  const notes: string[] = []
  await using server = await openRedisServer({
    ...{ host: '127.0.0.1', port: 0, open: () => session, world },
    telemetry: { note: (level, message) => void notes.push(`${level} ${message}`) },
  })
  for (let count = 0; count < 2; count += 1) {
    await using raw = new Raw({ host: '127.0.0.1', port: server.port })
    raw.send('PING')
    equal(await raw.untilClosed(), '')
  }
  deepEqual(
    notes,
    Array.from({ length: 2 }, () => 'error a redis connection failed'),
  )
})
