/** Backends that want to know who writes: a Hero Redis with tokens and keys, which is our own port, and buckets. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { fromHex } from '#bytes/text'
import { parseLink } from '#content/link'
import { fetchMetadata } from '#content/manifest'
import type { FileMetadata } from '#content/metadata'
import { RegistryClient } from '#content/registry-client'
import { digestOf } from '#crypto/digest'
import { systemWorld } from '#world/system'
import { startTlsRedis } from '../brokers.ts'
import { makeAuthority } from '../certificate.ts'
import { smallStore } from '../cli/cyxcloud.ts'
import { startStore } from '../harness.ts'
import { loginVector, type StandIn, startHeroRedis, uploaderToken } from '../hero-redis.ts'
import { type RunningRegistry, startRegistry } from '../integration/registry/registry-server.ts'
import { bucketOf } from '../s3-bucket.ts'
import { configOf, linkIn, openWorkplace, type Workplace, withoutRedis } from './mycdnctl.ts'

const token = `{ type = "token", token = "${uploaderToken}" }`
const key = `{ type = "private_key", private_key = "${loginVector.seed.toUpperCase()}" }`

describe('mycdnctl logs in', () => {
  let server: StandIn
  let registry: RunningRegistry
  let place: Workplace
  before(async () => {
    server = await startHeroRedis()
    registry = await startRegistry()
    place = await openWorkplace(`http://localhost:${registry.port}`)
    await writeFile(place.path('file'), 'behind a login')
  })
  after(async () => {
    await place?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  const settle = (auths: readonly (string | undefined)[], host = `127.0.0.1:${server.port}`) =>
    place.settle(
      configOf(
        1,
        auths.map((auth, db) => ({ host, db, ...(auth === undefined ? {} : { auth }) })),
      ),
    )
  const metadataOf = async (link: string): Promise<FileMetadata> => {
    const { hash, key: of, registry: url } = parseLink(link)
    const world = systemWorld()
    const { signal } = new AbortController()
    const client = new RegistryClient({ url, token: undefined, world, signal })
    return (await fetchMetadata({ hash, key: of }, client)) as FileMetadata // the test has stored one
  }

  test('with a token and with a key, and others read without either', async () => {
    await settle([token, key])
    const { code, stdout, stderr } = await place.run(['upload', 'file'])
    equal(code, 0, stderr)
    const link = linkIn(stdout)
    const { blocks } = await metadataOf(link)
    deepEqual(
      blocks[0]?.shards.map(({ db, token: embedded }) => [db, embedded]),
      [
        [0, undefined],
        [1, undefined],
      ],
      'no login is in the link',
    )
    const stranger = await openWorkplace(`http://localhost:${registry.port}`)
    const got = await stranger.run(['download', link, '-o', '-', '--allow-private'])
    equal(got.stdout, 'behind a login')
    const denied = await stranger.run(['rm', link, '--force', '--allow-private'])
    equal(denied.code, 7)
    match(denied.stderr, /Not everything was removed: 127\.0\.0\.1 port/)
    await stranger[Symbol.asyncDispose]()
  })

  test('--include-password puts tokens into the link, keys never, and says what that means', async () => {
    await settle([token, key])
    const { stdout, stderr } = await place.run(['upload', 'file', '--include-password'])
    match(stderr, /Warning: --include-password puts the tokens/)
    const { blocks } = await metadataOf(linkIn(stdout))
    deepEqual(
      blocks[0]?.shards.map((shard) => shard.token),
      [uploaderToken, undefined],
    )
  })

  test('a login that is refused ends it before anything is sent, without telling the secret', async () => {
    await settle(['{ type = "token", token = "another-token" }', key])
    const { code, stdout, stderr } = await place.run(['upload', 'file'])
    deepEqual([code, stdout], [4, ''])
    match(stderr, /127\.0\.0\.1:\d+ database 0 cannot be used: it does not know these credentials/)
    ok(!stderr.includes('another-token'))
    await settle([undefined, key])
    equal((await place.run(['upload', 'file'])).code, 12, 'who may only read stores nothing there')
  })

  test('by name, and with one server of two databases by two names refused', async () => {
    await settle([token, key], `localhost:${server.port}`)
    equal((await place.run(['upload', 'file'])).code, 0)
    const host = `127.0.0.1:${server.port}`
    await place.settle(
      configOf(1, [
        { host, db: 1, auth: token },
        { host: `localhost:${server.port}`, db: 1, auth: token },
      ]),
    )
    const twice = await place.run(['upload', 'file'])
    equal(twice.code, 2)
    match(twice.stderr, /backend 2: its name leads to the same place as backend 1/)
    await place.settle(
      configOf(1, [
        { host, db: 1 },
        { host: 'no.such.host.invalid:6666', db: 1 },
      ]),
    )
    const nowhere = await place.run(['upload', 'file'])
    equal(nowhere.code, 2)
    match(nowhere.stderr, /backend 2: there is no host no\.such\.host\.invalid/)
  })

  test('a Redis that speaks TLS only, by its name', { skip: withoutRedis }, async () => {
    const folder = place.path('authority')
    await mkdir(folder)
    const authority = makeAuthority(folder)
    await using redis = await startTlsRedis(authority.issue('redis'))
    const settleTls = async (tls: string): Promise<void> => {
      const text = configOf(
        1,
        [1, 2].map((db) => ({ host: `localhost:${redis.port}`, db })),
      )
      await place.settle(text.replaceAll(/^db = .*$/gm, `$&\n${tls}`))
    }
    const [believed, other] = ['tls = { ca = "authority/authority.pem" }', 'tls = true']
    await settleTls(believed)
    const { code, stdout, stderr } = await place.run(['upload', 'file'])
    equal(code, 0, stderr)
    const link = linkIn(stdout)
    equal((await place.run(['download', link, '-o', '-'])).stdout, 'behind a login')
    for (const [tls, says] of [
      [other, /nobody we believe has signed its certificate/],
      ['', /it (?:cut|closed) the connection/],
    ] as const) {
      await settleTls(tls)
      const refused = await place.run(['upload', 'file'])
      deepEqual([refused.code, refused.stdout], [5, ''])
      match(refused.stderr, says)
    }
    await settleTls('tls = { ca = "no-such.pem" }')
    equal((await place.run(['upload', 'file'])).code, 3)
  })

  test('rm at a registry with tokens: the one of the settings must have the right', async () => {
    const folder = place.path('tokens')
    const tokens = [
      ['writer', 'upload'],
      ['owner', 'upload,delete'],
    ].map(
      ([name = '', rights]) =>
        `${name} ${rights} ${digestOf(Buffer.from(`of-${name}`), 'sha256').toHex()}`,
    )
    await writeFile(folder, `${tokens.join('\n')}\n`)
    await using guarded = await startRegistry({ flags: ['--tokens', folder] })
    const at = ['--registry', `http://localhost:${guarded.port}`]
    const as = (name: string) => ({ env: { MYCDNCTL_REGISTRY_TOKEN: `of-${name}` } })
    await settle([token, key])
    const nobody = await place.run(['upload', 'file', ...at])
    deepEqual([nobody.code, nobody.stdout], [4, ''])
    const link = linkIn((await place.run(['upload', 'file', ...at], as('writer'))).stdout)
    const refused = await place.run(['rm', link, '--force', ...at], as('writer'))
    equal(refused.code, 7)
    match(refused.stdout, /file: shards removed \(2 shards\)/)
    match(refused.stderr, /does not let its manifest be removed \(403\)/)
    ok(!refused.stderr.includes('of-writer'))
    const removed = await place.run(['rm', link, '--force', ...at], as('owner'))
    equal(removed.code, 0, removed.stderr)
    match(removed.stdout, /file: removed \(0 shards\)/)
    equal((await place.run(['ls', link, ...at])).code, 3, 'nothing leads there any more')
  })

  test('buckets of a store of ours, beside a Hero Redis', async () => {
    await using store = await startStore({ flags: smallStore })
    using bucket = bucketOf(store, 'shards')
    await bucket.create()
    const s3 = (prefix: string): string =>
      `[[backends]]\nkind = "s3"\nendpoint = "${store.s3Url}"\nbucket = "shards"\nprefix = "${prefix}"\n`
    const hero = configOf(2, [{ host: `127.0.0.1:${server.port}`, db: 3, auth: token }])
    await place.settle(`${hero}\n${s3('a/')}\n${s3('b/')}`)
    const env = {
      AWS_ACCESS_KEY_ID: store.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    }
    const stored = await place.run(['upload', 'file'], { env })
    equal(stored.code, 0, stored.stderr)
    const link = linkIn(stored.stdout)
    const [block] = (await metadataOf(link)).blocks
    const name = Buffer.from(block?.encryptedHash ?? fromHex('')).toString('hex')
    deepEqual(
      (await bucket.list()).map(({ key: of }) => of),
      [`a/${name}`, `b/${name}`],
    )
    equal((await place.run(['download', link, '-o', '-'], { env })).stdout, 'behind a login')
    await bucket.remove(`a/${name}`)
    const verified = await place.run(['verify', link], { env })
    equal(verified.code, 12)
    match(verified.stdout, /1 missing/)
    equal((await place.run(['repair', link], { env })).code, 0)
    equal((await bucket.list()).length, 2)
    match((await place.run(['rm', link, '--force'], { env })).stdout, /shards removed \(3 shards\)/)
    equal((await bucket.list()).length, 0)
    const without = await place.run(['upload', 'file'], {
      env: { AWS_ACCESS_KEY_ID: 'AKIDNOBODY', AWS_SECRET_ACCESS_KEY: 'x' },
    })
    equal(without.code, 4)
    match(without.stderr, /\/shards\/a\/ cannot be used|does not accept the access key/)
  })
})
