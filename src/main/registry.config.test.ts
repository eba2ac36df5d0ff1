import { deepEqual, equal, match, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { readRegistryConfig, registryPortDefault } from '#main/registry.config'

const read = (flags: Record<string, unknown>, env: Record<string, string> = {}) =>
  readRegistryConfig({ flags, env })

test('without anything it keeps what it gets on port 8080 in a file, for ever, from everybody', () => {
  const config = read({})
  equal(config.port ?? registryPortDefault, 8080)
  deepEqual(
    [config.data, config.databaseUrl, config.dbUser, config.bodyBytesMax, config.crossOrigins],
    ['./data', undefined, undefined, 2_097_152, '*'],
  )
  deepEqual(
    [config.keepDays, config.tokens, config.otlpEndpoint],
    [undefined, undefined, undefined],
  )
})

test('a password is visible only when a flag has brought it', () => {
  equal(read({ dbUser: 'a', dbPassword: 'b' }).isPasswordVisible, true)
  equal(read({ dbUser: 'a' }, { MYCELIUM_DB_PASSWORD: 'b' }).isPasswordVisible, false)
})

test("OpenTelemetry's variables are read as its specification has them", () => {
  const config = read(
    {},
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YQ==,x-scope=a',
    },
  )
  equal(config.otlpEndpoint, 'http://collector:4318')
  deepEqual(config.otlpHeaders, { authorization: 'Basic YQ==', 'x-scope': 'a' })
})

const mistakes: readonly (readonly [
  flags: Record<string, unknown>,
  env: Record<string, string>,
  sentence: RegExp,
])[] = [
  [
    { dbUser: 'a' },
    { DATABASE_URL: 'postgres://h/d' },
    /DATABASE_URL and --db-user: give only one/,
  ],
  [
    { dbUser: 'a', dbPassword: 'b', dbPasswordFile: 'c' },
    {},
    /--db-password and --db-password-file/,
  ],
  [{ dbName: 'a' }, {}, /--db-user: missing/],
  [
    { dbUser: 'a', dbTls: 'require' },
    {},
    /--db-sslmode "require": expected verify-full or disable/,
  ],
  [{ crossOrigins: 'https://a.example/path' }, {}, /--cors .*expected origins/],
  [{ keepDays: '0' }, {}, /--keep-days "0"/],
  [{ bodyBytesMax: '1GiB' }, {}, /--max-upload "1GiB"/],
  [{ tlsCertificate: 'a' }, {}, /--tls-key: missing/],
  [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, /OTEL_EXPORTER_OTLP_ENDPOINT/],
]
for (const [flags, env, sentence] of mistakes)
  test(`a mistake is told: ${sentence.source}`, () =>
    throws(
      () => read(flags, env),
      (error) => {
        match(String(error), sentence)
        return true
      },
    ))
