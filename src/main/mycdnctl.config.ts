/** The settings of `mycdnctl`: a TOML file, that of the older tool and more. All mistakes are told at once. */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { fileFault } from '#cli/local-file'
import { cdnFault } from '#cli/mycdnctl/faults'
import { configDefault } from '#cli/mycdnctl/program'
import { requiredShardsMax, shardsMax } from '#content/metadata-rules'
import { isFault } from '#fault/fault'
import { filledText, oneOf, parsed, TableReader, text, wholeNumber } from '#main/table-reader'
import type { HeroLogin } from '#redis/hero-login'

export interface HeroRedisSettings {
  readonly kind: 'hero_redis'
  /** A name or an address. */
  readonly host: string
  readonly port: number
  readonly db: number
  readonly login: HeroLogin
  /** Clear text without. */
  readonly tls: TlsSettings | undefined
}

export interface TlsSettings {
  /** A file of authorities to believe, in PEM; the system's without. */
  readonly ca: string | undefined
}

export interface S3Settings {
  readonly kind: 's3'
  readonly endpoint: string | undefined
  readonly bucket: string
  readonly prefix: string
  readonly region: string | undefined
  readonly profile: string | undefined
}

export type BackendSettings = HeroRedisSettings | S3Settings

export interface MycdnctlConfig {
  readonly path: string
  readonly requiredShards: number
  readonly registry: string | undefined
  readonly registryToken: string | undefined
  readonly stateDirectory: string | undefined
  readonly backends: readonly BackendSettings[]
  /** Sentences. */
  readonly warnings: readonly string[]
}

const dbMax = 65_535
const url = parsed('an address that begins with http:// or https://', (given) =>
  /^https?:/i.test(given) && URL.canParse(given) ? given : undefined,
)
const seed = parsed('64 hexadecimal digits, an Ed25519 seed', (given) =>
  /^\s*[0-9a-f]{64}\s*$/i.test(given) ? Uint8Array.fromHex(given.trim()) : undefined,
)

const knownKeys = ['required_shards', 'registry', 'registry_token', 'state', 'backends']
const knownOf: Readonly<Record<string, readonly string[]>> = {
  hero_redis: ['kind', 'host', 'db', 'auth', 'tls'],
  s3: ['kind', 'endpoint', 'bucket', 'prefix', 'region', 'profile'],
  token: ['type', 'token'],
  private_key: ['type', 'private_key'],
}

/** `undefined` when there is none and none was named. `mycdnctl/no-settings`, `mycdnctl/mistaken-settings`, `cli/file-unusable` */
export async function readMycdnctlConfig(
  named: string | undefined,
): Promise<MycdnctlConfig | undefined> {
  const path = named ?? configDefault
  try {
    return parseMycdnctlConfig(await readFile(path, 'utf8'), path)
  } catch (error) {
    if (isFault(error)) throw error
    const fault = fileFault(path, error)
    if (fault.code !== 'cli/no-such-file') throw fault
    if (named === undefined) return undefined
    throw cdnFault('mycdnctl/no-settings', { path })
  }
}

/** `mycdnctl/mistaken-settings`, which repeats no secret. */
export function parseMycdnctlConfig(toml: string, path: string): MycdnctlConfig {
  const raw = parseToml(toml, path)
  const mistakes: string[] = []
  const file = new TableReader(raw, '', mistakes)
  const requiredShards = file.required(
    'required_shards',
    wholeNumber({ min: 1, max: requiredShardsMax }),
  )
  const registry = file.optional('registry', url)
  const registryToken = file.optional('registry_token', filledText)
  const state = file.optional('state', filledText)
  const given = fieldOf(raw, 'backends') ?? []
  if (!Array.isArray(given)) mistakes.push('backends: expected tables [[backends]]')
  const backends = (Array.isArray(given) ? given : []).flatMap(
    (one, index) =>
      readBackend(new TableReader(one, `backend ${index + 1}.`, mistakes), one, path) ?? [],
  )
  mistakes.push(...ruleMistakes(raw))
  if (requiredShards === undefined || mistakes.length > 0) throw mistaken(path, mistakes)
  return {
    ...{ path, requiredShards, registry, registryToken, backends },
    stateDirectory: state === undefined ? undefined : beside(path, state),
    warnings: unknownKeys(raw).map((key) => `${path}: ${key} means nothing here, and is ignored.`),
  }
}

function parseToml(text: string, path: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw mistaken(path, [`line ${error.line}, column ${error.column}: it is no TOML`])
  }
}

function mistaken(path: string, mistakes: readonly string[]): Error {
  return cdnFault('mycdnctl/mistaken-settings', { path, mistakes: mistakes.join('\n') })
}

/** What only the whole shows; for whatever part of it can be read. */
function ruleMistakes(raw: unknown): readonly string[] {
  const required = fieldOf(raw, 'required_shards')
  const backends = fieldOf(raw, 'backends')
  const count = Array.isArray(backends) ? backends.length : 0
  const mistakes: string[] = []
  if (count === 0) mistakes.push('backends: at least 2 are needed, as tables [[backends]]')
  if (count > shardsMax) mistakes.push(`backends: ${count}, but at most ${shardsMax} are possible`)
  if (typeof required === 'number' && count > 0 && required >= count) {
    mistakes.push(
      `required_shards: ${required} of ${count} backends leaves none to lose; at most ${count - 1}, or name more backends`,
    )
  }
  if (Array.isArray(backends)) mistakes.push(...duplicates(backends))
  return mistakes
}

/** The shards of a block have one key: the later one would overwrite the earlier. */
function duplicates(backends: readonly unknown[]): readonly string[] {
  const first = new Map<string, number>()
  return backends.flatMap((backend, index) => {
    const name = placeName(backend)
    const former = name === undefined ? undefined : first.get(name)
    if (name !== undefined && former === undefined) first.set(name, index)
    if (former === undefined) return []
    return [
      `backend ${index + 1}: the same place as backend ${former + 1} (${name}); shards there would overwrite each other`,
    ]
  })
}

function placeName(backend: unknown): string | undefined {
  const [kind, host, db] = ['kind', 'host', 'db'].map((key) => fieldOf(backend, key))
  if (kind === 's3') {
    const parts = ['endpoint', 'bucket', 'prefix'].map((key) => fieldOf(backend, key) ?? '')
    return parts.join(' ')
  }
  const at = typeof host === 'string' ? parsePlace(host) : undefined
  return at === undefined ? undefined : `${at.host.toLowerCase()} port ${at.port} database ${db}`
}

function fieldOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<PropertyKey, unknown>>)[key]
    : undefined
}

/** Where a file that the settings name lies. */
function beside(path: string, named: string): string {
  return resolve(dirname(path), named)
}

/** `undefined` for one with mistakes. */
function readBackend(table: TableReader, raw: unknown, path: string): BackendSettings | undefined {
  switch (table.required('kind', oneOf('hero_redis', 's3'))) {
    case undefined:
      return undefined
    case 's3':
      return readBucket(table)
    case 'hero_redis':
      return readHeroRedis(table, raw, path)
  }
}

function readBucket(table: TableReader): S3Settings | undefined {
  const endpoint = table.optional('endpoint', url)
  const bucket = table.required('bucket', text({ min: 3, max: 63 }))
  const prefix = table.optional('prefix', text({ max: 512 })) ?? ''
  const region = table.optional('region', filledText)
  const profile = table.optional('profile', filledText)
  return bucket === undefined
    ? undefined
    : { kind: 's3', endpoint, bucket, prefix, region, profile }
}

function readHeroRedis(
  table: TableReader,
  raw: unknown,
  path: string,
): HeroRedisSettings | undefined {
  const at = table.required('host', parsed('HOST:PORT, ADDRESS:PORT or [IPV6]:PORT', parsePlace))
  const db = table.required('db', wholeNumber({ min: 0, max: dbMax }))
  const login = readLogin(table.table('auth'))
  const tls = readTls(table, raw, path)
  if (at === undefined || db === undefined || login === undefined) return undefined
  return { kind: 'hero_redis', ...at, db, login, tls }
}

function readLogin(table: TableReader | undefined): HeroLogin | undefined {
  if (table === undefined) return { kind: 'none' }
  switch (table.required('type', oneOf('token', 'private_key'))) {
    case undefined:
      return undefined
    case 'token': {
      const token = table.required('token', filledText)
      return token === undefined ? undefined : { kind: 'token', token }
    }
    case 'private_key': {
      const key = table.required('private_key', seed)
      return key === undefined ? undefined : { kind: 'private-key', seed: key }
    }
  }
}

/** `true`, `false`, or a table. */
function readTls(table: TableReader, raw: unknown, path: string): TlsSettings | undefined {
  const given = fieldOf(raw, 'tls')
  if (given === undefined || given === false) return undefined
  if (given === true) return { ca: undefined }
  const ca = table.table('tls')?.required('ca', filledText)
  return ca === undefined ? undefined : { ca: beside(path, ca) }
}

function unknownKeys(raw: unknown): readonly string[] {
  const backends = fieldOf(raw, 'backends')
  return [
    ...strangers(raw, knownKeys).map((key) => `"${key}"`),
    ...(Array.isArray(backends) ? backends : []).flatMap((backend, index) => {
      const given = fieldOf(backend, 'auth')
      return [
        ...strangers(backend, knownOf[String(fieldOf(backend, 'kind'))] ?? []),
        ...strangers(given, knownOf[String(fieldOf(given, 'type'))] ?? []).map(
          (key) => `auth.${key}`,
        ),
      ].map((key) => `"${key}" of backend ${index + 1}`)
    }),
  ]
}

function strangers(table: unknown, known: readonly string[]): readonly string[] {
  if (typeof table !== 'object' || table === null) return []
  return Object.keys(table).filter((key) => !known.includes(key))
}

/** `10.0.0.1:6379`, `[::1]:6379`, `redis1.example.org:6379` */
function parsePlace(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text.trim())
  const [, ip6, name, digits] = match ?? []
  const port = Number(digits)
  if (ip6 !== undefined && isIP(ip6) !== 6) return undefined
  const host = ip6 ?? name
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined
}
