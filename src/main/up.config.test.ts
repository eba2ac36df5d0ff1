import { deepEqual, equal, ok } from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { explain } from '#main/explain'
import { librarySettings } from '#main/library-settings'
import { readSettings } from '#main/settings'
import { readUpConfig } from '#main/up.config'

function mistakesOf(flags: Record<string, unknown>, env: Record<string, string> = {}): string[] {
  try {
    readUpConfig({ flags, env })
  } catch (error) {
    ok(isFault(error, 'main/mistaken-settings'))
    return String(error.detail['mistakes']).split('\n')
  }
  return []
}

test('nothing given means the defaults people read about', () => {
  const config = readUpConfig({ flags: {}, env: {} })
  deepEqual(
    { ...config },
    {
      ...readSettings(librarySettings, { flags: {}, env: {} }),
      data: './data',
      databaseUrl: undefined,
      databaseReplicaUrl: undefined,
      databaseConnections: 8,
      masterKey: undefined,
      masterKeyFile: undefined,
      passphrase: undefined,
      logLevel: 'info',
      nodes: undefined,
      profile: undefined,
      chunkBytes: 64 * 1024 * 1024,
      host: '127.0.0.1',
      s3Port: undefined,
      httpPort: undefined,
      heroRedisPort: undefined,
      heroRedisTls: false,
      tlsCertificate: undefined,
      tlsKey: undefined,
      standsBy: false,
      advertise: undefined,
      s3Domains: undefined,
      hostsAreBuckets: false,
      websiteDomain: undefined,
      accessLogMs: 300_000,
      audit: 'changes',
      auditTo: 'file',
      perKey: undefined,
      perAddress: undefined,
      failures: { perSecond: 10, burst: 100 },
      anonymousNets: undefined,
      accessKeyId: undefined,
      secretAccessKey: undefined,
      strictPlacement: false,
      replaceLost: false,
      engine: 'files',
      gateways: Math.min(4, availableParallelism() >> 1),
      collectAt: { hour: 3, minute: 0 },
      collectEveryMs: undefined,
      collectRate: 100_000_000,
      collectGraceMs: 3_600_000,
      storageClasses: undefined,
      lifecycleDayMs: 86_400_000,
      snapshotMs: 21_600_000,
      giveUpMs: 86_400_000,
      scrubMs: 604_800_000,
      scrubRate: 50_000_000,
    },
  )
})

test('a flag wins over the environment, and an empty variable counts as not given', () => {
  const env = { MYCELIUM_NODES: '20', MYCELIUM_CHUNK_SIZE: '4MiB', MYCELIUM_HOST: '' }
  const config = readUpConfig({ flags: { nodes: '16' }, env })
  equal(config.nodes, 16)
  equal(config.chunkBytes, 4 * 1024 * 1024)
  equal(config.host, '127.0.0.1')
})

test('chunk sizes are MiB with or without saying so', () => {
  for (const size of ['64', '64M', '64MiB', '64mib']) {
    equal(readUpConfig({ flags: { chunkBytes: size }, env: {} }).chunkBytes, 64 * 1024 * 1024)
  }
  for (const size of ['3', '257', '64MB', '64KiB', 'big', '-4', '4.5']) {
    equal(mistakesOf({ chunkBytes: size }).length, 1, size)
  }
})

test('a rate has a burst of five seconds, unless it says so', () => {
  const read = (text: string) => readUpConfig({ flags: { perKey: text }, env: {} }).perKey
  deepEqual(read('100'), { perSecond: 100, burst: 500 })
  deepEqual(read('0.1:7'), { perSecond: 0.1, burst: 7 })
  equal(read('off'), 'off')
  for (const text of ['0', '-1', '10001', '1:0', '1:2:3', 'fast'])
    equal(mistakesOf({ perKey: text }).length, 1, text)
})

test('domains are lower case, one or several', () => {
  const domainsOf = (s3Domains: string) => readUpConfig({ flags: { s3Domains }, env: {} }).s3Domains
  deepEqual(domainsOf('S3.Example.org'), ['s3.example.org'])
  deepEqual(domainsOf('a.example, b'), ['a.example', 'b'])
  for (const text of ['a,', '*.example.org', 'a b', 'a..b', 'host:9000'])
    equal(mistakesOf({ s3Domains: text }).length, 1, text)
})

test('every mistake is reported at once, each with the name it was given under', () => {
  const mistakes = mistakesOf(
    { nodes: 'many', profile: '10-4', s3Port: '70000', engine: 'sled' },
    { MYCELIUM_GC_AT: '25:00', MYCELIUM_LOG: 'loud', AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE' },
  )
  deepEqual(mistakes, [
    'MYCELIUM_LOG "loud": expected one of silent, error, warn, info, debug, trace',
    '--nodes "many": expected a whole number from 1 to 254',
    '--profile "10-4": expected data+parity, such as 10+4, each at least 1 and together at most 256',
    '--s3-port "70000": expected a port from 0 (any free one) to 65535',
    '--engine "sled": expected files or lmdb',
    'MYCELIUM_GC_AT "25:00": expected a time of day such as 03:00, or off',
    'AWS_SECRET_ACCESS_KEY: missing; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come together',
  ])
})

test('a wrong secret is never shown', () => {
  const [mistake = '', ...others] = mistakesOf(
    {},
    { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'short' },
  )
  deepEqual(others, [], 'it is not missing as well')
  ok(mistake.startsWith('AWS_SECRET_ACCESS_KEY:'))
  ok(!mistake.includes('short'))
})

test('too few nodes for the profile: told what is needed and what would fit', () => {
  deepEqual(mistakesOf({ nodes: '3', profile: '10+4' }), [
    '--nodes 3: profile 10+4 needs at least 7 nodes (14 to survive the loss of any 4); ' +
      'give --nodes 14, or --profile 2+1',
  ])
  deepEqual(mistakesOf({ nodes: '7', profile: '10+4' }), [])
})

test('two sources of the master key are one too many', () => {
  const env = { MYCELIUM_MASTER_KEY: 'ab', MYCELIUM_PASSPHRASE: 'twelve characters' }
  deepEqual(mistakesOf({}, env), [
    'MYCELIUM_MASTER_KEY and MYCELIUM_PASSPHRASE: give only one of them',
  ])
})

test('the explanation lists the mistakes and ends with exit code 2', () => {
  let explanation = { text: '', exitCode: 0 }
  try {
    readUpConfig({ flags: { nodes: 'x', s3Port: 'y' }, env: {} })
  } catch (error) {
    explanation = explain(error)
  }
  equal(explanation.exitCode, 2)
  equal(explanation.text.split('\n  - ').length, 3)
})
