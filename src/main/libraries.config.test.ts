import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import {
  librariesPortDefault,
  librariesSettings,
  readLibrariesConfig,
} from '#main/libraries.config'
import { budgetRulesOf, registryRulesOf } from '#main/library-settings'
import { prettyLine } from '#main/pretty-lines'
import { printSettings } from '#main/print-settings'
import { parseSettingsFile } from '#main/settings-file'

const where = { path: 'config.toml', flag: '--config' }
const fileOf = (text: string) => ({ path: where.path, values: parseSettingsFile(text, where) })
const read = (
  env: Readonly<Record<string, string>> = {},
  { flags = {}, toml }: { readonly flags?: object; readonly toml?: string } = {},
) =>
  readLibrariesConfig({
    flags: { ...flags },
    env,
    ...(toml === undefined ? {} : { file: fileOf(toml) }),
  })

test('without anything it is a store of its own on port 8080 of this machine, and nobody may come uninvited', () => {
  const config = read()
  equal(config.port ?? librariesPortDefault, 8080)
  deepEqual(
    [config.host, config.database, config.archives, config.registration, config.crossOrigins],
    ['127.0.0.1', undefined, undefined, 'invite', []],
  )
  const { archiveLimits, quota, anonymousRead } = registryRulesOf(config)
  deepEqual([archiveLimits.packedBytesMax, anonymousRead], [100 * 2 ** 20, true])
  equal(quota.publishesPerDay, 100)
  ok(Number(budgetRulesOf(config).metadata.anonymous) > 300 * 4, 'a build of 300 libraries')
})

test('REQ-DEPLOY-004 a flag wins over a variable, which wins over the file, which wins over the default', () => {
  const toml = '[server]\nport = 1111\nhost = "::"\n[security]\nregistration = "open"\n'
  equal(read({}, { toml }).port, 1111)
  equal(read({ REGISTRY_PORT: '2222' }, { toml }).port, 2222)
  equal(read({ REGISTRY_PORT: '2222' }, { toml, flags: { port: '3333' } }).port, 3333)
  deepEqual([read({}, { toml }).host, read({}, { toml }).registration], ['::', 'open'])
})

test('REQ-DEPLOY-002 a database is PostgreSQL or a file of SQLite; archives are in a directory or any S3', () => {
  deepEqual(read({ DATABASE_URL: 'sqlite:///var/lib/x.sqlite' }).database, {
    ...{ kind: 'sqlite', path: '/var/lib/x.sqlite' },
  })
  equal(read({ DATABASE_URL: 'postgres://a@h/d' }).database?.kind, 'postgresql')
  deepEqual(read({ STORAGE_PATH: 's3://bucket/some/where' }).archives, {
    ...{ kind: 's3', bucket: 'bucket', prefix: 'some/where/' },
  })
  deepEqual(read({ STORAGE_PATH: '/srv/a' }).archives, { kind: 'directory', path: '/srv/a' })
})

test('what is in force is printed as a file that brings it about again, without secrets', () => {
  const env = { ADMIN_USERNAME: 'ada', ADMIN_EMAIL: 'a@b.org', ADMIN_PASSWORD: 'not to be seen' }
  const given = { flags: { host: '0.0.0.0' }, env, file: fileOf('[rate_limit]\nsearch = "5/7"\n') }
  const printed = printSettings(librariesSettings, { given, values: readLibrariesConfig(given) })
  ok(!printed.includes('not to be seen'))
  match(printed, /^host = "0\.0\.0\.0" {3}# --host$/m)
  match(printed, /^search = "5\/7" {3}# rate_limit\.search in config\.toml$/m)
  match(printed, /^username = "ada" {3}# ADMIN_USERNAME$/m)
  match(printed, /^token_expiry_days = 90 {3}# default$/m)
  const again = parseSettingsFile(printed.replace(/^password = .*$/m, ''), where)
  equal(again.get('server.host'), '0.0.0.0')
  equal(again.get('rate_limit.search'), '5/7')
})

const mistakes: readonly (readonly [
  env: Record<string, string>,
  toml: string,
  sentence: RegExp,
])[] = [
  [{ REGISTRY_PORT: '70000' }, '', /REGISTRY_PORT "70000": expected a port/],
  [{ DATABASE_URL: 'mysql://h/d' }, '', /DATABASE_URL/],
  [{ ADMIN_USERNAME: 'ada' }, '', /ADMIN_USERNAME, ADMIN_EMAIL and ADMIN_PASSWORD come together/],
  [{ AWS_ACCESS_KEY_ID: 'x' }, '', /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come together/],
  [{ REGISTRATION: 'maybe' }, '', /REGISTRATION "maybe": expected one of open, invite, closed/],
  [{ RATE_LIMIT_SEARCH: '5' }, '', /RATE_LIMIT_SEARCH "5": expected requests an hour without/],
  [{ MYCELIUM_TLS_CERT: 'a' }, '', /--tls-key: missing/],
  [{}, '[server]\nprot = 1\n', /config\.toml: there is no setting server\.prot/],
  [{}, '[server]\nport = "x"\n', /server\.port in config\.toml "x": expected a port/],
]
for (const [env, toml, sentence] of mistakes)
  test(`a mistake is told: ${sentence.source}`, () =>
    throws(
      () => read(env, { toml }),
      (error) => {
        match(String(error), sentence)
        return true
      },
    ))

test('REQ-OPS-003 a line of the log for people has the time, the level, what happened, and the rest', () => {
  const line =
    '{"level":"warn","time":"2026-11-22T07:00:00Z","requestId":"A1","reason":"it is away","message":"hm"}\n'
  equal(prettyLine(line), '2026-11-22T07:00:00Z WARN  hm requestId=A1 reason="it is away"')
  equal(prettyLine('no JSON\n'), 'no JSON')
})
