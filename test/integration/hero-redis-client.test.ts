/** The client, against our own server, a real one of Redis, and servers that are nobody's. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Fault, isFault } from '#fault/fault'
import type { HeroLogin } from '#redis/hero-login'
import { type HeroRedis, type HeroRedisOptions, openHeroRedis } from '#redis/hero-redis'
import { HeroRedisPool } from '#redis/hero-redis-pool'
import { keyBytesMax, valueBytesMax } from '#redis/limits'
import { systemWorld } from '#world/system'
import { sameBytes } from '../contract/same-bytes.ts'
import { whyWithout } from '../debian-packages.ts'
import {
  loginVector,
  startHeroRedis,
  startPlainRedis,
  uploaderLogins,
  uploaderSeed,
  uploaderToken,
} from '../hero-redis.ts'

const world = systemWorld()
const skip = whyWithout('redis-server')
const nobody: HeroLogin = { kind: 'none' }

type Place = Pick<HeroRedisOptions, 'host' | 'port'>

function open(place: Place, options: Partial<HeroRedisOptions> = {}): Promise<HeroRedis> {
  const { host, port } = place
  return openHeroRedis({ host, port, db: 0, login: nobody, world, ...options })
}

const key = Buffer.from('0d0a00ff24310d0a2a0d0a2d4f4b0d0a', 'hex') // 16 bytes that look like the protocol

async function tryEverything(client: HeroRedis): Promise<void> {
  await client.ping()
  equal(await client.get(key), undefined)
  equal(await client.exists(key), false)
  equal(await client.delete(key), false)
  for (const bytes of [0, 1, 5_000, 100_000, valueBytesMax]) {
    const value = new Uint8Array(bytes).map((_, index) => (index * 7 + bytes) % 256)
    await client.set(key, value)
    sameBytes(await client.get(key), value)
  }
  equal(await client.exists(key), true)
  equal(await client.delete(key), true)
  equal(await client.get(key), undefined)
  const longest = new Uint8Array(keyBytesMax).fill(13)
  await client.set(longest, key)
  sameBytes(await client.get(longest), key)
}

for (const login of uploaderLogins)
  test(`everything works at ours with a ${login.kind}`, async () => {
    await using server = await startHeroRedis()
    await using client = await open(server, { login, db: 7 })
    await tryEverything(client)
  })

test('everything works at a real Redis, with a password and without', { skip }, async () => {
  await using plain = await startPlainRedis()
  await using free = await open({ host: '127.0.0.1', port: plain.port }, { db: 999 })
  await tryEverything(free)
  await using guarded = await startPlainRedis('--requirepass', uploaderToken)
  const login = { kind: 'token', token: uploaderToken } as const
  await using known = await open({ host: 'localhost', port: guarded.port }, { login, db: 3 })
  await tryEverything(known)
})

test('commands given at once are done in their order, and large ones wait for room', async () => {
  await using server = await startHeroRedis()
  await using client = await open(server, {
    login: { kind: 'token', token: uploaderToken },
    inFlightBytesMax: 300_000,
  })
  const seen = await Promise.all(
    Array.from({ length: 200 }, async (_, number) => {
      const setting = client.set(key, new Uint8Array(20_000).fill(number))
      const got = client.get(key)
      await setting
      return (await got)?.[19_999]
    }),
  )
  deepEqual(
    seen,
    Array.from({ length: 200 }, (_, number) => number),
  )
})

test('what is longer than anything may be is refused before it is sent', async () => {
  await using server = await startHeroRedis()
  await using client = await open(server, { login: { kind: 'token', token: uploaderToken } })
  const tooLarge = { code: 'redis/too-large' }
  await rejects(client.set(key, new Uint8Array(valueBytesMax + 1)), tooLarge)
  await rejects(client.get(new Uint8Array(keyBytesMax + 1)), tooLarge)
  await client.ping()
})

test('refusals say which server, why, and what helps; never what was sent', async () => {
  await using server = await startHeroRedis()
  const place = `127.0.0.1:${server.port}`
  const refusals: readonly (readonly [Partial<HeroRedisOptions>, string, RegExp])[] = [
    [{ db: 10 }, 'redis/login-refused', /wants to know who we are/],
    [{ login: { kind: 'token', token: 'wrong secret' } }, 'redis/login-refused', /credentials/],
    [
      { login: { kind: 'private-key', seed: new Uint8Array(32).fill(9) } },
      'redis/login-refused',
      /credentials/,
    ],
    [{ login: { kind: 'token', token: uploaderToken }, db: 10 }, 'redis/denied', /not allow/],
    [{ db: 1000 }, 'redis/refused', /no such database/],
  ]
  for (const [options, code, reason] of refusals)
    await rejects(open(server, options), (error: unknown) => {
      ok(isFault(error, code), String(error))
      equal(error.detail['server'], place)
      match(String(error.detail['reason']), reason)
      ok(String(error.detail['remedy']).length > 10)
      ok(!/secret|0909|token of/.test(JSON.stringify(error.detail) + error.message))
      return true
    })
  await using reader = await open(server)
  await rejects(reader.set(key, key), { code: 'redis/login-refused' })
  equal(await reader.get(key), undefined)
})

test('a real Redis takes no private key, and says so', { skip }, async () => {
  await using plain = await startPlainRedis('--maxmemory', '1mb')
  const place = { host: '127.0.0.1', port: plain.port }
  const login: HeroLogin = { kind: 'private-key', seed: uploaderSeed }
  await rejects(open(place, { login }), reasoned('redis/login-refused', /no Hero Redis/))
  const token: HeroLogin = { kind: 'token', token: 'x' }
  await rejects(open(place, { login: token }), reasoned('redis/login-refused', /no passwords/))
  await using client = await open(place)
  await rejects(client.set(key, new Uint8Array(2_000_000)), reasoned('redis/full', /full/))
})

test('a connection that was lost is made anew, and whoever waited hears of it', {
  skip,
}, async () => {
  await using plain = await startPlainRedis()
  await using client = await open({ host: '127.0.0.1', port: plain.port })
  await client.set(key, key)
  await plain.kill()
  await rejects(client.get(key), { code: 'redis/unavailable' })
  await rejects(client.get(key), reasoned('redis/unavailable', /nothing listens/))
  await plain.start()
  sameBytes(await client.get(key), key)
})

test('who has closed a client gets nothing more from it', async () => {
  await using server = await startHeroRedis()
  const client = await open(server)
  const waiting = client.get(key)
  await client.close()
  await waiting.catch((error: unknown) => ok(isFault(error, 'redis/unavailable')))
  await rejects(client.ping(), reasoned('redis/unavailable', /we closed it/))
})

test('a pool has one connection for each server, database and login', async () => {
  await using server = await startHeroRedis()
  await using pool = new HeroRedisPool({ world })
  const { host, port } = server
  const [token, signer] = uploaderLogins
  ok(token !== undefined && signer !== undefined)
  const at = (db: number, login = token) => pool.at({ host, port, db, login })
  const [first, same, other, as] = await Promise.all([at(1), at(1), at(2), at(1, signer)])
  equal(first, same)
  ok(first !== other && first !== as)
  equal(server.server.connections, 3)
  const wrong: HeroLogin = { kind: 'token', token: 'wrong' }
  await rejects(at(1, wrong), { code: 'redis/login-refused' })
  await rejects(at(1, wrong), { code: 'redis/login-refused' })
})

/** A server that does what it is told with whatever comes. */
async function startStrange(
  context: TestContext,
  react: (socket: Socket, requests: number, bytes: Buffer) => void,
): Promise<Place> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let requests = 0
    socket.on('data', (bytes) => react(socket, requests++, bytes as Buffer)) // no encoding is set
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  ok(typeof address === 'object' && address !== null)
  return { host: '127.0.0.1', port: address.port }
}

function reasoned(code: string, reason: RegExp) {
  return (error: unknown): boolean => {
    ok(error instanceof Fault && error.code === code, String(error))
    match(String(error.detail['reason']), reason)
    return true
  }
}

test('a login with a private key is as the vector says, byte for byte', async (context) => {
  const { challenge, publicKey, signature, seed } = loginVector
  const said: string[] = []
  const answers = [
    `$64\r\n${challenge.toUpperCase()}\r\n`, // either case is good
    '+a token\r\n',
    ...['+OK\r\n', '+OK\r\n', '+OK\r\n'],
  ]
  const place = await startStrange(context, (socket, requests, bytes) => {
    said.push(bytes.toString('latin1'))
    socket.write(answers[requests] ?? '-ERR\r\n')
  })
  const login: HeroLogin = { kind: 'private-key', seed: Uint8Array.fromHex(seed) }
  await using client = await open(place, { login, db: 12 })
  await client.set(Uint8Array.of(0, 13, 10), Buffer.from('shard'))
  deepEqual(said, [
    '*1\r\n$9\r\nCHALLENGE\r\n',
    `*3\r\n$5\r\nTOKEN\r\n$64\r\n${publicKey}\r\n$128\r\n${signature}\r\n`,
    '*2\r\n$4\r\nAUTH\r\n$7\r\na token\r\n',
    '*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n',
    '*3\r\n$3\r\nSET\r\n$3\r\n\x00\r\n\r\n$5\r\nshard\r\n',
  ])
})

test('a challenge that is none is not signed', async (context) => {
  for (const challenge of [
    '+not hex\r\n',
    '+abc\r\n',
    ':1\r\n',
    '$-1\r\n',
    `+${'ab'.repeat(600)}\r\n`,
  ]) {
    const place = await startStrange(context, (socket) => socket.write(challenge))
    const login: HeroLogin = { kind: 'private-key', seed: uploaderSeed }
    await rejects(open(place, { login }), { code: 'redis/malformed' })
  }
})

test('a server that says nothing is not waited for for ever', async (context) => {
  const place = await startStrange(context, () => {})
  await rejects(open(place, { commandMs: 50 }), reasoned('redis/timeout', /within 50 ms/))
})

test('a server that stops in the middle of an answer is given up, and so is all behind it', async (context) => {
  const place = await startStrange(context, (socket, requests) =>
    socket.write(requests === 0 ? '+OK\r\n' : '$10\r\nabc'),
  )
  await using client = await open(place, { commandMs: 50 })
  const [first, second] = await Promise.allSettled([client.get(key), client.ping()])
  for (const one of [first, second])
    ok(one.status === 'rejected' && isFault(one.reason, 'redis/timeout'))
})

test('a server that is not reached is not waited for for ever', async () => {
  // TEST-NET-1 (RFC 5737): routed nowhere, or refused at once by this machine.
  const place = { host: '192.0.2.1', port: 6379 }
  await rejects(open(place, { connectMs: 50 }), (error) =>
    isFault(error, 'redis/timeout', 'redis/unavailable'),
  )
  await rejects(
    open({ host: 'nobody.invalid', port: 6379 }),
    reasoned('redis/unavailable', /no host|name/),
  )
})

test('what is no Redis is told, and no longer listened to', async (context) => {
  const answers = ['HTTP/1.1 400 Bad Request\r\n\r\n', '*1\r\n$2\r\nOK\r\n', '+OK\r\n+OK\r\n']
  for (const answer of answers) {
    const place = await startStrange(context, (socket) => socket.write(answer))
    const asking = open(place).then(async (client) => {
      await using opened = client
      await opened.ping()
      await opened.ping()
    })
    await rejects(asking, { code: 'redis/malformed' })
  }
})

test('a value longer than was asked for is not taken', async (context) => {
  const place = await startStrange(context, (socket, requests) =>
    socket.write(requests === 0 ? '+OK\r\n' : '$4000000000\r\n'),
  )
  await using client = await open(place, { valueBytesMax: 1_000 })
  await rejects(client.get(key), { code: 'redis/too-large' })
})

test('an answer of another kind is no answer', async (context) => {
  const place = await startStrange(context, (socket, requests) =>
    socket.write(requests === 0 ? '+OK\r\n' : ':1\r\n'),
  )
  await using client = await open(place)
  await rejects(client.get(key), { code: 'redis/malformed' })
})
