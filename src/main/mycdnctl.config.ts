/** The settings of `mycdnctl`: a TOML file, that of the older tool and more. All mistakes are told at once. */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { z } from 'zod'
import { fileFault } from '#cli/local-file'
import { cdnFault } from '#cli/mycdnctl/faults'
import { configDefault } from '#cli/mycdnctl/program'
import { requiredShardsMax, shardsMax } from '#content/metadata-rules'
import { isFault } from '#fault/fault'
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
const u16 = z.int().min(0).max(dbMax)
const seedHex = /^\s*[0-9a-f]{64}\s*$/i

const place = z.string().transform((text, context) => {
  const found = parsePlace(text)
  if (found !== undefined) return found
  const message = 'expected HOST:PORT, ADDRESS:PORT or [IPV6]:PORT'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

const auth = z
  .discriminatedUnion('type', [
    z.looseObject({ type: z.literal('token'), token: z.string().min(1) }),
    z.looseObject({
      type: z.literal('private_key'),
      private_key: z.string().regex(seedHex, 'expected 64 hexadecimal digits, an Ed25519 seed'),
    }),
  ])
  .optional()

const tls = z.union([z.boolean(), z.looseObject({ ca: z.string().min(1) })]).optional()

const backend = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('hero_redis'), host: place, db: u16, auth, tls }),
  z.looseObject({
    kind: z.literal('s3'),
    endpoint: z.url({ protocol: /^https?$/ }).optional(),
    bucket: z.string().min(3).max(63),
    prefix: z.string().max(512).default(''),
    region: z.string().min(1).optional(),
    profile: z.string().min(1).optional(),
  }),
])

const file = z.looseObject({
  required_shards: z.int().min(1).max(requiredShardsMax),
  registry: z.url({ protocol: /^https?$/ }).optional(),
  registry_token: z.string().min(1).optional(),
  state: z.string().min(1).optional(),
  backends: z.array(backend).default([]),
})

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
export function parseMycdnctlConfig(text: string, path: string): MycdnctlConfig {
  const raw = parseToml(text, path)
  const read = file.safeParse(raw)
  const mistakes = read.success ? [] : read.error.issues.map((issue) => tellIssue(issue, raw))
  if (!read.success) throw mistaken(path, [...mistakes, ...ruleMistakes(raw)])
  const { required_shards: requiredShards, backends, registry, ...rest } = read.data
  const broken = ruleMistakes(raw)
  if (broken.length > 0) throw mistaken(path, broken)
  return {
    path,
    requiredShards,
    registry,
    registryToken: rest.registry_token,
    stateDirectory: rest.state === undefined ? undefined : beside(path, rest.state),
    backends: backends.map((one) => backendOf(one, path)),
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

/** `backends[1].host: …`, counted from 1 as people do. */
function tellIssue(issue: z.core.$ZodIssue, raw: unknown): string {
  const at = issue.path
    .map((part) => (typeof part === 'number' ? ` ${part + 1}` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
    .replace(/^backends/, 'backend')
  const found = issue.path.reduce<unknown>((value, part) => fieldOf(value, part), raw)
  if (found === undefined) return `${at}: missing`
  if (at.endsWith('.kind')) return `${at}: expected "hero_redis" or "s3"`
  if (at.endsWith('.type')) return `${at}: expected "token" or "private_key"`
  return `${at}: ${issue.message.replace(/^Invalid input: /, '')}`
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

function backendOf(settings: z.infer<typeof backend>, path: string): BackendSettings {
  if (settings.kind === 's3') {
    const { kind, endpoint, bucket, prefix, region, profile } = settings
    return { kind, endpoint, bucket, prefix, region, profile }
  }
  const { kind, host, db } = settings
  return { kind, ...host, db, login: loginOf(settings.auth), tls: tlsOf(settings.tls, path) }
}

function tlsOf(given: z.infer<typeof tls>, path: string): TlsSettings | undefined {
  if (given === undefined || given === false) return undefined
  return { ca: given === true ? undefined : beside(path, given.ca) }
}

function loginOf(given: z.infer<typeof auth>): HeroLogin {
  switch (given?.type) {
    case undefined:
      return { kind: 'none' }
    case 'token':
      return { kind: 'token', token: given.token }
    case 'private_key':
      return { kind: 'private-key', seed: Uint8Array.fromHex(given.private_key.trim()) }
  }
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
