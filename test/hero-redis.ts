/** Hero Redis servers for tests: our own, in this process and with the exact login flow, and real ones of Redis with as many databases. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openHeroRedisDoor } from '#api/hero-redis/door'
import { type DatabaseRange, type Grants, Rights, type RightsList } from '#api/hero-redis/rights'
import { openRateTables, RateLimits, type RateRules } from '#api/rate-limits'
import { digestOf } from '#crypto/digest'
import { ed25519PublicKey } from '#crypto/ed25519'
import type { Disk } from '#disk/disk'
import { openRealDisk } from '#disk/real'
import type { HeroLogin } from '#redis/hero-login'
import type { RedisServerLimits } from '#redis/limits'
import { openRedisServer, type RedisServer, type RedisTlsIdentity } from '#redis/server'
import { openRedisValues } from '#redis/values'
import { silentTelemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { type Broker, startRedis } from './brokers.ts'

/** A seed, the challenge that it signs, and what comes of it; made with two other implementations of Ed25519. */
export const loginVector = {
  seed: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  challenge: '5a'.repeat(32),
  publicKey: '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8',
  signature:
    'd4693bc7d5cd26ad498ee584ed315ee257c174bbbab26b42444a7a836e54d8dbd0251ea7877557dbdbc33b2604fa7994ebff7496ff9f1fcf4d7bba77bae2680f',
  /** Of the challenge's text, as nobody signs it. */
  signatureOfText:
    'c765b2ecbaa7b4db0fa23c8b27694d5fbb3178523e4241945c197de23ec0f3a89e6835a90ad93b444404b9ba70c843842ad1c8bf63238a3c500c1df1f0b7130f',
} as const

export function databases(...numbers: readonly number[]): readonly DatabaseRange[] {
  return numbers.map((number) => ({ first: number, last: number }))
}

export function secretEntry(name: string, secret: string, grants: Grants) {
  return { name, sha256: digestOf(Buffer.from(secret), 'sha256'), grants }
}

export function keyEntry(name: string, seed: Uint8Array, grants: Grants) {
  return { name, publicKey: ed25519PublicKey(seed), grants }
}

/** Who a stand-in knows unless it is told others: both may write into 0 to 9, and everybody may read there. */
export const uploaderToken = 'the token of the uploader'
export const uploaderSeed = Uint8Array.fromHex(loginVector.seed)
const firstTen: readonly DatabaseRange[] = [{ first: 0, last: 9 }]
const usualRights: RightsList = {
  anonymous: { read: firstTen },
  secrets: [secretEntry('uploader', uploaderToken, { write: firstTen })],
  keys: [keyEntry('signer', uploaderSeed, { write: firstTen })],
}

/** All ways to log in to a stand-in that may write. */
export const uploaderLogins: readonly HeroLogin[] = [
  { kind: 'token', token: uploaderToken },
  { kind: 'private-key', seed: uploaderSeed },
]

export interface StandInOptions {
  readonly rights?: RightsList
  readonly limits?: Partial<RedisServerLimits>
  readonly tls?: RedisTlsIdentity
  /** Asked for no failures otherwise; addresses of this machine count here. */
  readonly rates?: RateRules
  /** A temporary directory otherwise. */
  readonly disk?: Disk
  /** A free one otherwise. */
  readonly port?: number
}

export interface StandIn extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly server: RedisServer
  /** In force for the next command. */
  grant(rights: RightsList): void
}

export async function startHeroRedis(options: StandInOptions = {}): Promise<StandIn> {
  const { limits = {}, tls, rates = {}, port = 0 } = options
  const world = systemWorld()
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'mycelium-hero-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const { disk = openRealDisk(directory) } = options
  const telemetry = silentTelemetry
  const values = await openRedisValues({ disk, world, telemetry })
  let rights = new Rights(options.rights ?? usualRights)
  const open = openHeroRedisDoor({
    values,
    rights: () => rights,
    rates: new RateLimits(openRateTables(rates, world), { world, isExempt: () => false }),
    version: 'test',
    world,
    telemetry,
  })
  const host = '127.0.0.1'
  const server = stack.use(
    await openRedisServer({ host, port, tls, open, limits, world, telemetry }),
  )
  const owned = stack.move()
  return {
    host,
    port: server.port,
    server,
    grant(list) {
      rights = new Rights(list)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Of the operating system's own Redis, with the databases a Hero Redis has. */
export function startPlainRedis(...flags: readonly string[]): Promise<Broker> {
  return startRedis('--databases', '1000', ...flags)
}
