/** What commands mean, and who may give them, without a socket: sessions on a simulated disk and clock. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { openHeroRedisDoor } from '#api/hero-redis/door'
import { LoginTokens, tokenMs, tokensMax } from '#api/hero-redis/login-tokens'
import { type Right, Rights, type RightsList, rights } from '#api/hero-redis/rights'
import { challengeMs, wrongLoginsMax } from '#api/hero-redis/session'
import { openRateTables, RateLimits, type RateRules } from '#api/rate-limits'
import { ed25519Sign } from '#crypto/ed25519'
import { SimulatedDisk } from '#disk/simulated'
import { keyBytesMax, valueBytesMax } from '#redis/limits'
import { smallRequestBytes } from '#redis/request-reader'
import type { RespReply } from '#redis/resp'
import type { RedisOutcome, RedisSession } from '#redis/session'
import { openRedisValues } from '#redis/values'
import { type CommandEnded, silentTelemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import { databases, keyEntry, loginVector, secretEntry } from '../../../test/hero-redis.ts'

interface Client {
  readonly session: RedisSession
  ask(...words: readonly (string | Uint8Array)[]): Promise<RedisOutcome>
  /** Error texts as they are, values as text, integers as digits. */
  say(...words: readonly (string | Uint8Array)[]): Promise<string>
}

interface Scene {
  readonly world: SimulatedWorld
  readonly events: readonly CommandEnded[]
  connect(peer?: string): Client
  grant(list: RightsList): void
}

interface SceneOptions {
  readonly list: RightsList
  readonly rates?: RateRules
  /** Of challenges and tokens. */
  readonly randomBytes?: (length: number) => Uint8Array<ArrayBuffer>
}

function scene(
  { list, rates = {}, randomBytes }: SceneOptions,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const world = new SimulatedWorld('door')
  return world.run(async () => {
    const disk = new SimulatedDisk({ world: world.fork('disk') })
    const events: CommandEnded[] = []
    const telemetry = {
      ...silentTelemetry,
      commandEnded: (event: CommandEnded) => void events.push(event),
    }
    const values = await openRedisValues({ disk, world, telemetry })
    let current = new Rights(list)
    const open = openHeroRedisDoor({
      values,
      rights: () => current,
      rates: new RateLimits(openRateTables(rates, world), { world }),
      world: {
        monotonic: () => world.monotonic(),
        randomBytes: randomBytes ?? ((length) => world.randomBytes(length)),
      },
      version: '1.2.3',
      telemetry,
    })
    const connect = (peer = '127.0.0.1'): Client => {
      const session = open(peer)
      const ask: Client['ask'] = (...words) =>
        session.answer(
          words.map((word) => (typeof word === 'string' ? Buffer.from(word) : word)),
          { makeRoom: async () => {} },
        )
      return { session, ask, say: async (...words) => textOf((await ask(...words)).reply) }
    }
    await body({
      world,
      events,
      connect,
      grant(next) {
        current = new Rights(next)
      },
    })
  })
}

function textOf(reply: RespReply): string {
  switch (reply.kind) {
    case 'simple':
    case 'error':
      return reply.text
    case 'bulk':
      return Buffer.from(reply.bytes).toString()
    case 'integer':
      return String(reply.value)
    case 'nil':
      return 'nil'
  }
}

const seed = Uint8Array.fromHex(loginVector.seed)
const strangerSeed = new Uint8Array(32).fill(7)

/** Every kind of caller has read, write and admin on a database of its own: 1, 2, 3; 11, 12, 13; 21, 22, 23. */
const list: RightsList = {
  anonymous: { read: databases(1), write: databases(2), admin: databases(3) },
  secrets: [
    secretEntry('secret', 'open sesame', {
      read: databases(11),
      write: databases(12),
      admin: databases(13),
    }),
  ],
  keys: [
    keyEntry('key', seed, { read: databases(21), write: databases(22), admin: databases(23) }),
  ],
}

const callers = {
  anonymous: async () => {},
  secret: async (client: Client) => equal(await client.say('AUTH', 'open sesame'), 'OK'),
  key: logInWithKey,
}

async function logInWithKey(client: Client): Promise<void> {
  equal(await client.say('AUTH', await tokenOf(client, seed)), 'OK')
}

async function tokenOf(client: Client, seed: Uint8Array): Promise<string> {
  const challenge = Uint8Array.fromHex(await client.say('CHALLENGE'))
  const { publicKey } = keyEntry('', seed, {})
  return client.say('TOKEN', publicKey.toHex(), ed25519Sign(seed, challenge).toHex())
}

/** What each command needs. */
const needs: readonly (readonly [Right, ...string[]])[] = [
  ['read', 'GET', 'k'],
  ['read', 'EXISTS', 'k'],
  ['write', 'SET', 'k', 'v'],
  ['write', 'DEL', 'k'],
]

for (const [caller, logIn] of Object.entries(callers))
  test(`who may do what: ${caller}`, () =>
    scene({ list }, async ({ connect }) => {
      const client = connect()
      await logIn(client)
      const own = { anonymous: 0, secret: 10, key: 20 }[caller] ?? Number.NaN
      for (const db of [0, 1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 999]) {
        const right = [0, own]
          .map((base) => rights[db - base - 1])
          .find((found) => found !== undefined)
        const refused = caller === 'anonymous' ? /^NOAUTH / : /^NOPERM /
        const selected = await client.say('SELECT', String(db))
        if (right === undefined) match(selected, refused)
        else equal(selected, 'OK')
        if (right === undefined) continue
        for (const [needed, ...words] of needs) {
          const answer = await client.say(...words)
          if (rights.indexOf(right) >= rights.indexOf(needed)) match(answer, /^(?:OK|nil|v|\d)$/)
          else match(answer, refused, `${words} in ${db}`)
        }
        const info = await client.say('INFO', 'keyspace')
        equal(info.includes(`db${db}:keys=0`), right === 'admin')
      }
    }))

test('without rights of everybody, nothing is answered before a login', () =>
  scene({ list: { ...list, anonymous: {} } }, async ({ connect }) => {
    const client = connect()
    for (const words of [['PING'], ['GET', 'k'], ['SELECT', '11'], ['INFO'], ['NONSENSE']])
      match(await client.say(...words), /^NOAUTH /)
    equal(await client.say('CLIENT', 'SETINFO', 'LIB-NAME', 'redis-rs'), 'OK')
    await logInWithKey(client)
    equal(await client.say('PING'), 'PONG')
  }))

test('what is taken away is gone at once, on connections that are open too', () =>
  scene({ list }, async ({ connect, grant }) => {
    const client = connect()
    await logInWithKey(client)
    const token = await tokenOf(client, seed)
    equal(await client.say('SELECT', '22'), 'OK')
    equal(await client.say('SET', 'k', 'v'), 'OK')
    grant({ anonymous: {}, secrets: [], keys: [] })
    match(await client.say('SET', 'k', 'v'), /^NOAUTH /)
    match(await client.say('PING'), /^NOAUTH /)
    match(await connect().say('AUTH', token), /^WRONGPASS /)
  }))

test('values are what was set, whatever case the command has', () =>
  scene({ list }, async ({ connect }) => {
    const client = connect()
    await client.say('select', '2')
    equal(await client.say('set', 'a', 'one'), 'OK')
    equal(await client.say('SeT', 'b', ''), 'OK')
    equal(await client.say('GET', 'a'), 'one')
    equal(await client.say('GET', 'b'), '')
    equal(await client.say('GET', 'c'), 'nil')
    equal(await client.say('EXISTS', 'a', 'b', 'c', 'a'), '3')
    equal(await client.say('DEL', 'a', 'c', 'a'), '1')
    equal(await client.say('EXISTS', 'a'), '0')
    await client.say('SELECT', '3')
    equal(await client.say('GET', 'b'), 'nil')
  }))

const mistakes: readonly (readonly [RegExp, ...string[]])[] = [
  [/^ERR unknown command 'flushall'$/, 'FLUSHALL'],
  [/^ERR unknown command 'hello'$/, 'HELLO', '3'],
  [/^ERR unknown command 'a\?\?b'$/, 'a\r\nb'],
  [/^ERR unknown command ''$/, ''],
  [/^ERR wrong number of arguments for 'get' command$/, 'GET'],
  [/^ERR wrong number of arguments for 'get' command$/, 'GET', 'a', 'b'],
  [/^ERR wrong number of arguments for 'auth' command$/, 'AUTH'],
  [/^ERR wrong number of arguments for 'token' command$/, 'TOKEN', 'a'],
  [/^ERR wrong number of arguments for 'client\|setinfo' command$/, 'CLIENT', 'SETINFO', 'a'],
  [/^ERR unknown subcommand of 'client'$/, 'CLIENT', 'LIST'],
  [/^ERR syntax error$/, 'SET', 'k', 'v', 'NX'],
  [/^ERR syntax error$/, 'SET', 'k', 'v', 'EX', '10'],
  [/^ERR DB index is out of range$/, 'SELECT', '1000'],
  [/^ERR DB index is out of range$/, 'SELECT', '-1'],
  [/^ERR DB index is out of range$/, 'SELECT', '1e1'],
  [/^ERR the key is longer/, 'GET', 'k'.repeat(keyBytesMax + 1)],
  [/^ERR the key is longer/, 'SET', 'k'.repeat(keyBytesMax + 1), 'v'],
  [/^ERR no challenge/, 'TOKEN', 'ab', 'cd'],
]
test('mistakes are told as Redis tells them', () =>
  scene({ list }, async ({ connect }) => {
    const client = connect()
    await client.say('SELECT', '2')
    for (const [expected, ...words] of mistakes) match(await client.say(...words), expected)
  }))

test('PING, INFO, QUIT', () =>
  scene({ list }, async ({ connect }) => {
    const client = connect()
    equal(await client.say('PING'), 'PONG')
    equal(await client.say('PING', 'a\r\nb'), 'a\r\nb')
    match(await client.say('INFO'), /^redis_version:5\.0\.0\r$/m)
    match(await client.say('INFO'), /^mycelium_version:1\.2\.3\r$/m)
    ok(!(await client.say('INFO')).includes('Keyspace'))
    deepEqual(await client.ask('QUIT'), { reply: { kind: 'simple', text: 'OK' }, isLast: true })
  }))

test('a signature is good for the challenge it was made for, once, for a while, on its connection', () =>
  scene({ list }, async ({ connect, world }) => {
    const { publicKey } = keyEntry('', seed, {})
    const sign = (challenge: string): string =>
      ed25519Sign(seed, Uint8Array.fromHex(challenge)).toHex()
    const client = connect()
    const first = await client.say('CHALLENGE')
    match(first, /^[0-9a-f]{64}$/)
    const second = await client.say('CHALLENGE')
    ok(first !== second)
    match(await client.say('TOKEN', publicKey.toHex(), sign(first)), /^WRONGPASS /) // the second is in force
    match(await client.say('TOKEN', publicKey.toHex(), sign(second)), /^ERR no challenge/) // and was used up
    const third = await client.say('CHALLENGE')
    match(await connect().say('TOKEN', publicKey.toHex(), sign(third)), /^ERR no challenge/)
    await world.sleep(challengeMs - 1)
    const upper = publicKey.toHex().toUpperCase()
    match(await client.say('TOKEN', upper, sign(third)), /^[0-9a-f]{64}$/)
    const late = await client.say('CHALLENGE')
    await world.sleep(challengeMs)
    match(await client.say('TOKEN', publicKey.toHex(), sign(late)), /^ERR no challenge/)
  }))

test('a token is good on every connection, for a while', () =>
  scene({ list }, async ({ connect, world }) => {
    const token = await tokenOf(connect(), seed)
    const client = connect()
    equal(await client.say('AUTH', token), 'OK')
    equal(await connect().say('AUTH', 'default', token), 'OK')
    await world.sleep(tokenMs)
    match(await connect().say('AUTH', token), /^WRONGPASS /)
    equal(await client.say('SELECT', '22'), 'OK') // who is logged in stays so
  }))

test('of too many tokens the oldest give way', () => {
  const tokens = new LoginTokens(new SimulatedWorld('tokens'))
  const { publicKey } = keyEntry('', seed, {})
  const [first = '', second = ''] = Array.from({ length: tokensMax + 1 }, () =>
    tokens.issue(publicKey),
  )
  equal(tokens.find(Buffer.from(first)), undefined)
  equal(tokens.find(Buffer.from(second)), publicKey)
})

test('the login vector: the signature of the decoded challenge is taken, that of its text is not', () => {
  const { challenge, publicKey, signature, signatureOfText } = loginVector
  const randomBytes = (length: number) => new Uint8Array(length).fill(0x5a)
  return scene({ list, randomBytes }, async ({ connect }) => {
    const client = connect()
    equal(await client.say('CHALLENGE'), challenge)
    match(await client.say('TOKEN', publicKey, signatureOfText), /^WRONGPASS /)
    equal(await client.say('CHALLENGE'), challenge)
    match(await client.say('TOKEN', publicKey, signature), /^[0-9a-f]{64}$/)
  })
})

const wrongLogins: Readonly<Record<string, (client: Client) => Promise<string>>> = {
  'a wrong secret': (client) => client.say('AUTH', 'open sesam'),
  'the hash of a secret': (client) =>
    client.say('AUTH', Buffer.from(secretEntry('', 'open sesame', {}).sha256).toString('hex')),
  'another user': (client) => client.say('AUTH', 'root', 'open sesame'),
  'an unknown key': (client) => tokenOf(client, strangerSeed),
  'no hex': async (client) => {
    await client.say('CHALLENGE')
    return client.say('TOKEN', 'x'.repeat(64), 'y'.repeat(128))
  },
  'a short key': async (client) => {
    await client.say('CHALLENGE')
    return client.say('TOKEN', 'ab', 'cd')
  },
}

for (const [name, attempt] of Object.entries(wrongLogins))
  test(`wrong logins end the connection: ${name}`, () =>
    scene({ list }, async ({ connect }) => {
      const client = connect()
      for (let count = 1; count < wrongLoginsMax; count += 1) {
        match(await attempt(client), /^WRONGPASS /)
        equal((await client.ask('PING')).isLast, false)
      }
      match(await attempt(client), /^WRONGPASS /)
      equal((await client.ask('PING')).isLast, true)
    }))

test('an address with too many wrong logins is not listened to for a while, right or wrong', () =>
  scene({ list, rates: { failures: { perSecond: 1, burst: 5 } } }, async ({ connect, world }) => {
    const stranger = '203.0.113.5'
    for (let count = 0; count < 5; count += 1)
      match(await connect(stranger).say('AUTH', 'wrong'), /^WRONGPASS /)
    for (const secret of ['wrong', 'open sesame'])
      match(await connect(stranger).say('AUTH', secret), /^ERR too many wrong logins/)
    equal(await connect('203.0.113.6').say('AUTH', 'open sesame'), 'OK')
    await world.sleep(10_000)
    equal(await connect(stranger).say('AUTH', 'open sesame'), 'OK')
  }))

test('who may write nowhere may say nothing long', () =>
  scene({ list: { ...list, anonymous: {} } }, async ({ connect }) => {
    const client = connect()
    equal(client.session.limit.bytesMax, smallRequestBytes)
    match(client.session.limit.refusal, /^NOAUTH /)
    await logInWithKey(client)
    ok(client.session.limit.bytesMax > valueBytesMax + keyBytesMax)
    match(client.session.limit.refusal, /^ERR the value is longer/)
    match(
      await client.say('SET', '', new Uint8Array(valueBytesMax + 1)),
      /^NOPERM /, // the database first
    )
    await client.say('SELECT', '22')
    match(
      await client.say('SET', '', new Uint8Array(valueBytesMax + 1)),
      /^ERR the value is longer/,
    )
  }))

test('every command is told, without keys, values and secrets', () =>
  scene({ list }, async ({ connect, events }) => {
    const client = connect('203.0.113.5')
    await client.say('AUTH', 'open sesame')
    await client.say('SELECT', '12')
    await client.say('SET', 'name of a thing', 'its value')
    await client.say('GET', 'name of a thing')
    await client.say('FLUSHALL')
    deepEqual(
      events.map(({ command, db, principal, outcome, bytesIn, bytesOut }) =>
        [command, db, principal, outcome, bytesIn, bytesOut].join(' '),
      ),
      [
        'auth 0 secret done 11 0',
        'select 0 secret done 2 0',
        'set 12 secret done 24 0',
        'get 12 secret done 15 9',
        'unknown 12 secret refused 0 0',
      ],
    )
    ok(!/sesame|thing|value/.test(JSON.stringify(events)))
    ok(events.every(({ peer }) => peer === '203.0.113.5'))
  }))
