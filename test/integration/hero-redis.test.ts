/** The programs with a Hero Redis port: other people's clients, restarts, `kill -9`, the file of rights. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { createClient, RESP_TYPES } from '@redis/client'
import { ed25519PublicKey } from '#crypto/ed25519'
import { exitCodes } from '#main/exit-codes'
import type { HeroLogin } from '#redis/hero-login'
import { type HeroRedis, openHeroRedis } from '#redis/hero-redis'
import { systemWorld } from '#world/system'
import { sameBytes } from '../contract/same-bytes.ts'
import { whyWithout } from '../debian-packages.ts'
import { checkout, type RunningProgram, runMycelium, startProgram, startStore } from '../harness.ts'
import { uploaderSeed } from '../hero-redis.ts'
import { until } from '../until.ts'

const world = systemWorld()
const run = promisify(execFile)
const skipCli = whyWithout('redis-server') // they come together

const secret = createHash('sha256').update('a secret of the tests').digest('hex')
const token: HeroLogin = { kind: 'token', token: secret }
const rights = `
[anonymous]
read = "0-9"

[[secret]]
name = "uploader"
sha256 = "${createHash('sha256').update(secret).digest('hex')}"
write = "0-9"

[[key]]
name = "signer"
public_key = "${ed25519PublicKey(uploaderSeed).toHex()}"
admin = "all"
`

async function newData(context: TestContext): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'mycelium-hero-'))
  context.after(() => rm(data, { recursive: true }))
  await writeFile(join(data, 'hero-redis.toml'), rights)
  return data
}

interface Running extends RunningProgram, AsyncDisposable {
  readonly port: number
}

async function start(data: string, ...flags: readonly string[]): Promise<Running> {
  const program = await startProgram([
    ...checkout,
    ...['hero-redis', '--data', data, '--hero-redis-port', '0'],
    ...flags,
  ])
  const port = Number(/redis:\/\/127\.0\.0\.1:(\d+)/.exec(program.output())?.[1])
  return {
    ...program,
    port,
    async [Symbol.asyncDispose]() {
      await program.stop()
    },
  }
}

function open(port: number, login: HeroLogin = token, db = 1): Promise<HeroRedis> {
  return openHeroRedis({ host: '127.0.0.1', port, db, login, world })
}

const keyOf = (number: number): Uint8Array =>
  createHash('sha256').update(String(number)).digest().subarray(0, 16)
const contentOf = (number: number): Uint8Array =>
  new Uint8Array(1 + ((number * 7_919) % 40_000)).fill(number)

test('what was acknowledged is there after kill -9, and after a stop', async (context) => {
  const data = await newData(context)
  let acknowledged = 0
  for (let life = 0; life < 3; life += 1) {
    const server = await start(data)
    await using client = await open(server.port)
    for (let number = 0; number < acknowledged; number += 1)
      sameBytes(await client.get(keyOf(number)), contentOf(number))
    const goal = acknowledged + 30 + life * 17
    // All at once: many are on their way when the process dies.
    const setting = Array.from({ length: goal - acknowledged + 50 }, async (_, at) => {
      const number = acknowledged + at
      await client.set(keyOf(number), contentOf(number))
      return number
    })
    const all = Promise.allSettled(setting)
    await Promise.all(setting.slice(0, goal - acknowledged))
    acknowledged = goal
    if (life === 1) equal(await server.stop(), 0)
    else await server.kill()
    await all
  }
  await using server = await start(data)
  await using client = await open(server.port)
  for (let number = 0; number < acknowledged; number += 1)
    sameBytes(await client.get(keyOf(number)), contentOf(number))
})

test('redis-cli', { skip: skipCli }, async (context) => {
  await using server = await start(await newData(context))
  const cli = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run('redis-cli', ['-p', String(server.port), ...args])
    return stdout.trim()
  }
  const asUploader = ['--no-auth-warning', '-a', secret, '-n', '7']
  equal(await cli('PING'), 'PONG')
  equal(await cli(...asUploader, 'SET', 'key', 'a value'), 'OK')
  equal(await cli('-n', '7', 'GET', 'key'), 'a value')
  equal(await cli('-n', '7', 'EXISTS', 'key', 'other'), '1')
  match(await cli('-n', '7', 'SET', 'key', 'another'), /^NOAUTH Authentication required\.$/)
  match(await cli('-n', '8', 'GET', 'key'), /^$/)
  match(await cli('INFO', 'server'), /server_name:mycelium/)
  equal(await cli(...asUploader, 'DEL', 'key'), '1')
  match(await cli('CHALLENGE'), /^[0-9a-f]{64}$/)
})

test("Redis's own client for Node", async (context) => {
  await using server = await start(await newData(context))
  const client = createClient({
    url: `redis://127.0.0.1:${server.port}/3`,
    password: secret,
    RESP: 2,
  }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  client.on('error', () => {})
  await client.connect()
  try {
    const key = Buffer.from(keyOf(1))
    const value = Buffer.from(contentOf(5))
    equal(await client.get(key), null)
    equal(String(await client.set(key, value)), 'OK')
    sameBytes((await client.get(key)) as Buffer, value) // the mapping says so
    equal(await client.exists([key, 'other']), 1)
    equal(await client.del(key), 1)
    await rejects(client.set(key, value, { condition: 'NX' }), /syntax error/)
    await rejects(client.select(10), /NOPERM/)
  } finally {
    client.destroy()
  }
})

test('the file of rights is in force soon after it changes; one that is mistaken is not', async (context) => {
  const data = await newData(context)
  await using server = await start(data, '--log', 'trace')
  await using client = await open(server.port)
  await client.set(keyOf(1), contentOf(1))
  await (await open(server.port, { kind: 'private-key', seed: uploaderSeed })).close()
  const path = join(data, 'hero-redis.toml')
  await writeFile(path, `${rights}[[secret]]\nname = 5\n`)
  await until(
    async () => server.output(),
    (text) => text.includes('cannot be used'),
  )
  await client.set(keyOf(1), contentOf(2))
  await writeFile(path, rights.replace('write = "0-9"', 'read = "0-9"'))
  await until(
    () => client.set(keyOf(2), contentOf(3)).catch((error: unknown) => String(error)),
    (answer) => answer !== undefined,
  )
  await rejects(client.set(keyOf(1), contentOf(3)), { code: 'redis/denied' })
  sameBytes(await client.get(keyOf(1)), contentOf(2))
  match(server.output(), /"command":"token".*"outcome":"done"/)
  for (const hidden of [secret, uploaderSeed.toHex(), Buffer.from(keyOf(1)).toString('hex')])
    ok(!server.output().includes(hidden))
})

test('without a file of rights one is made, which gives nobody anything', async (context) => {
  const data = join(await newData(context), 'new')
  await using server = await start(data)
  await rejects(open(server.port, { kind: 'none' }), { code: 'redis/login-refused' })
  const path = join(data, 'hero-redis.toml')
  match(await readFile(path, 'utf8'), /^# Who may do what/)
  equal((await stat(path)).mode & 0o777, 0o600)
})

test('what is mistaken is told before anything is opened', async (context) => {
  const data = await newData(context)
  await writeFile(join(data, 'hero-redis.toml'), 'nonsense = 1')
  const rightsTold = await runMycelium(['hero-redis', '--data', data, '--hero-redis-port', '0'])
  equal(rightsTold.code, exitCodes.settings)
  match(rightsTold.stderr, /hero-redis\.toml cannot be used: .*nonsense.*hero-redis\.md/)
  const half = await runMycelium(['hero-redis', '--data', data, '--tls-cert', 'x'])
  equal(half.code, exitCodes.settings)
  match(half.stderr, /--tls-key: missing/)
  const noPort = await runMycelium(['up', '--data', data, '--hero-redis-tls'])
  match(noPort.stderr, /--hero-redis-tls: wants --hero-redis-port/)
})

test('one process for a directory', async (context) => {
  const data = await newData(context)
  await using _ = await start(data)
  const second = await runMycelium(['hero-redis', '--data', data])
  equal(second.code, exitCodes.inUse)
  match(second.stderr, /in use by mycelium hero-redis/)
})

test('mycelium up has the port when it is asked for, and its values are its own', async (context) => {
  const data = await newData(context)
  const flags = ['--nodes', '4', '--profile', '2+1']
  {
    await using store = await startStore({ data, flags })
    ok(!store.output().includes('Hero Redis'))
  }
  await using store = await startStore({ data, flags: [...flags, '--hero-redis-port', '0'] })
  const port = Number(/Hero Redis +redis:\/\/127\.0\.0\.1:(\d+)/.exec(store.output())?.[1])
  await using client = await open(port, { kind: 'private-key', seed: uploaderSeed }, 500)
  await client.set(keyOf(1), contentOf(1))
  sameBytes(await client.get(keyOf(1)), contentOf(1))
  await rejects(open(port, { kind: 'token', token: 'wrong' }), { code: 'redis/login-refused' })
  const metrics = await (await fetch(`${store.httpUrl}/metrics`)).text()
  match(metrics, /^mycelium_hero_redis_commands_total\{command="set",outcome="done"\} 1$/m)
  match(metrics, /^mycelium_hero_redis_commands_total\{command="auth",outcome="refused"\} 1$/m)
  const used = await store.stop()
  equal(used, 0)
  await using alone = await start(data)
  await using again = await open(alone.port, { kind: 'private-key', seed: uploaderSeed }, 500)
  sameBytes(await again.get(keyOf(1)), contentOf(1))
  deepEqual(await again.delete(keyOf(1)), true)
})
