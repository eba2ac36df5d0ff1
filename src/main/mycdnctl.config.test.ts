import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Fault, isFault } from '#fault/fault'
import { parseMycdnctlConfig } from '#main/mycdnctl.config'

const sample = readFileSync(new URL('../../docs/sample-config.toml', import.meta.url), 'utf8')

test('the sample loads, and says what it says it does', () => {
  const { requiredShards, backends, warnings, registry } = parseMycdnctlConfig(sample, 'sample')
  equal(requiredShards, 3)
  equal(registry, undefined)
  deepEqual(warnings, [])
  deepEqual(
    backends.map((backend) =>
      backend.kind === 's3'
        ? [backend.endpoint, backend.bucket, backend.prefix, backend.profile]
        : [backend.host, backend.port, backend.db, backend.login.kind],
    ),
    [
      ['10.0.0.11', 6666, 7, 'none'],
      ['2001:db8::12', 6666, 7, 'none'],
      ['10.0.0.13', 6666, 300, 'token'],
      ['localhost', 6666, 1, 'private-key'],
      ['https://s3.example.org', 'links', 'shards/', 'links'],
    ],
  )
})

test('what stands commented out in the sample is known too', () => {
  const open = sample.replaceAll(/^# (registry|registry_token|state) /gm, '$1 ')
  const { registry, registryToken, stateDirectory, warnings } = parseMycdnctlConfig(open, '/etc/x')
  deepEqual(
    [registry, registryToken, stateDirectory],
    ['https://cdn.example.org', '…', '/etc/uploads'],
  )
  deepEqual(warnings, [])
})

const two = (more: string): string => `
[[backends]]
kind = "hero_redis"
host = "10.0.0.1:6379"
db = 1
${more}
[[backends]]
kind = "hero_redis"
host = "10.0.0.2:6379"
db = 1
`

const secret = '00'.repeat(31)
const wrong: readonly (readonly [name: string, text: string, ...says: RegExp[]])[] = [
  ['no TOML', 'required_shards = ', /line 1, column \d+: it is no TOML/],
  ['nothing', '', /required_shards: missing/, /backends: at least 2/],
  [
    'k = n',
    `required_shards = 2${two('')}`,
    /2 of 2 backends leaves none to lose; at most 1, or name more backends/,
  ],
  ['k = 0', `required_shards = 0${two('')}`, /required_shards: /],
  [
    'several mistakes at once',
    'required_shards = 5\n[[backends]]\nkind = "zdb"\n[[backends]]\nkind = "hero_redis"\nhost = "10.0.0.1"\ndb = 70000\n',
    /backend 1\.kind: expected "hero_redis" or "s3"/,
    /backend 2\.host: expected HOST:PORT/,
    /backend 2\.db: /,
    /required_shards: 5 of 2 backends/,
  ],
  [
    'the same place twice',
    `required_shards = 1${two('')}[[backends]]\nkind = "hero_redis"\nhost = "10.0.0.1:6379"\ndb = 1\n`,
    /backend 3: the same place as backend 1.*overwrite each other/,
  ],
  [
    'a key that is none',
    `required_shards = 1${two(`auth = { type = "private_key", private_key = "${secret}" }`)}`,
    /backend 1\.auth\.private_key: expected 64 hexadecimal digits/,
  ],
  [
    'a login of no kind',
    `required_shards = 1${two('auth = { type = "password", token = "x" }')}`,
    /backend 1\.auth\.type: expected "token" or "private_key"/,
  ],
  [
    'no tables',
    'required_shards = 1\nbackends = [7]\n',
    /backend 1: expected a table/,
    /leaves none to lose/,
  ],
  [
    'a login without its token, or with an empty one, or of no fields',
    `required_shards = 1${two('auth = { type = "token" }')}${two('auth = { type = "token", token = "" }')}${two('auth = 1')}`,
    /backend 1\.auth\.token: missing/,
    /backend 3\.auth\.token: expected a string that is not empty/,
    /backend 5\.auth: expected a table/,
  ],
  [
    'a bucket with mistakes',
    'required_shards = 1\n[[backends]]\nkind = "s3"\nbucket = "x"\nendpoint = "s3.example.org"\nregion = 1\n',
    /backend 1\.bucket: expected a string of 3 to 63 characters/,
    /backend 1\.endpoint: expected an address that begins with/,
    /backend 1\.region: expected/,
  ],
  [
    'TLS by no file',
    `required_shards = 1${two('tls = { ca = 3 }')}`,
    /backend 1\.tls\.ca: expected/,
  ],
  [
    'an address in brackets that is none',
    `required_shards = 1${two('').replace('10.0.0.1:6379', '[10.0.0.1]:6379')}`,
    /backend 1\.host: expected/,
  ],
]
for (const [name, text, ...says] of wrong)
  test(`refused: ${name}`, () => {
    throws(
      () => parseMycdnctlConfig(text, 'config.toml'),
      (error: Fault) => {
        ok(isFault(error, 'mycdnctl/mistaken-settings'), String(error))
        for (const one of says) match(String(error.detail['mistakes']), one)
        ok(!String(error).includes(secret), 'a mistake repeats no secret')
        return true
      },
    )
  })

test('TLS by the system’s authorities, or by those in a file beside the settings', () => {
  const tlsOf = (line: string) => {
    const [first] = parseMycdnctlConfig(`required_shards = 1${two(line)}`, '/etc/x.toml').backends
    return first?.kind === 'hero_redis' && first.tls
  }
  deepEqual(['', 'tls = false', 'tls = true', 'tls = { ca = "ca.pem" }'].map(tlsOf), [
    ...[undefined, undefined, { ca: undefined }, { ca: '/etc/ca.pem' }],
  ])
  throws(() => tlsOf('tls = "yes"'), /mistaken-settings/)
})

test('keys that mean nothing are told, wherever they stand', () => {
  const text = `required_shards = 1\nzdbs = []${two('namespace = "x"\nauth = { type = "token", token = "x", user = "y" }')}`
  const { warnings } = parseMycdnctlConfig(text, 'config.toml')
  deepEqual(
    warnings.map((warning) => /"([^"]+)"( of backend \d)?/.exec(warning)?.[0]),
    ['"zdbs"', '"namespace" of backend 1', '"auth.user" of backend 1'],
  )
})

test('the same host with another database is another place', () => {
  const text = `required_shards = 1${two('').replace('10.0.0.2:6379"\ndb = 1', '10.0.0.1:6379"\ndb = 2')}`
  equal(parseMycdnctlConfig(text, 'config.toml').backends.length, 2)
})
