/** The servers that shards are fetched from for browsers, which cannot speak to them: those that the operator has named, and no other. */
import { fromHex } from '#bytes/text'
import { contentFault } from '#content/faults'
import { formatIp, parseIp, unmapIp } from '#content/ip-address'
import type { HeroLogin } from '#redis/hero-login'
import type { HeroRedisPool } from '#redis/hero-redis-pool'

/** One database of one server, as manifests name it. */
export interface ShardPlace {
  /** An address in its one spelling, or a name in lower case. */
  readonly host: string
  readonly port: number
  readonly db: number
}

export interface ShardBackend extends ShardPlace {
  /** For logs, and to say how to log in there; the address when it was given no other. */
  readonly label: string
}

/** Ports and databases. */
const numberMax = 65_535

/** `HOST:PORT/DB` or `HOST:PORT/DB=LABEL`; an IPv6 address stands in brackets. `undefined` for anything else. */
export function parseShardBackend(text: string): ShardBackend | undefined {
  const [, address = '', bracketed, name = '', port = '', db = '', label = address] =
    /^((?:\[([^\]]+)\]|([^:/=[\]]+)):(\d{1,5})\/(\d{1,5}))(?:=([\w.-]{1,64}))?$/.exec(
      text.trim(),
    ) ?? []
  const place = parseShardPlace({ host: bracketed ?? name, port, db })
  return place && { ...place, label }
}

/** From text in whatever spelling. `undefined` for what is no place. */
export function parseShardPlace(text: {
  readonly host: string
  readonly port: string
  readonly db: string
}): ShardPlace | undefined {
  const host = parseHost(text.host)
  if (host === undefined || ![text.port, text.db].every((one) => /^\d{1,5}$/.test(one))) return
  const [port, db] = [Number(text.port), Number(text.db)]
  return port > 0 && port <= numberMax && db <= numberMax ? { host, port, db } : undefined
}

/** 32 hexadecimal digits: the hash of the sealed block that a shard is a part of. */
export function parseShardKey(text: string): Uint8Array | undefined {
  return /^[0-9a-f]{32}$/i.test(text) ? fromHex(text) : undefined
}

/** By label. */
export type BackendLogins = ReadonlyMap<string, HeroLogin>

/**
 * How to log in where reading is not for everybody: a label, `token` or `private-key`, and the token, or the 32 bytes of an Ed25519 key in hex, one
 * backend a line; lines that begin with `#` do not count. `content/malformed-tokens` with the line's number.
 */
export function parseBackendLogins(text: string): BackendLogins {
  const logins = new Map<string, HeroLogin>()
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const [, label = '', kind, secret = ''] =
      /^\s*(\S+)\s+(token|private-key)\s+(\S+)\s*$/.exec(line) ?? []
    const isSeed = /^[0-9a-f]{64}$/i.test(secret)
    if (kind === undefined || (kind === 'private-key' && !isSeed))
      throw contentFault('content/malformed-tokens', { line: index + 1 })
    logins.set(
      label,
      kind === 'token' ? { kind, token: secret } : { kind: 'private-key', seed: fromHex(secret) },
    )
  }
  return logins
}

export class ShardBackends {
  readonly #backends: ReadonlyMap<string, ShardBackend>
  readonly #logins: BackendLogins
  readonly #pool: Pick<HeroRedisPool, 'at'>

  constructor(
    backends: readonly ShardBackend[],
    { logins, pool }: { readonly logins: BackendLogins; readonly pool: Pick<HeroRedisPool, 'at'> },
  ) {
    this.#backends = new Map(backends.map((backend) => [nameOf(backend), backend]))
    this.#logins = logins
    this.#pool = pool
  }

  /** The one that is exactly there. */
  find(place: ShardPlace): ShardBackend | undefined {
    return this.#backends.get(nameOf(place))
  }

  /** `undefined` when nothing is there. Faults of `redis`. */
  async get(
    { label, host, port, db }: ShardBackend,
    key: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const login = this.#logins.get(label) ?? { kind: 'none' }
    const client = await this.#pool.at({ host, port, db, login })
    return await client.get(key)
  }
}

function nameOf({ host, port, db }: ShardPlace): string {
  return `${host} ${port} ${db}`
}

function parseHost(text: string): string | undefined {
  const address = parseIp(text)
  if (address !== undefined) return formatIp(unmapIp(address))
  const isName = text.length <= nameMax && text.split('.').every((part) => label.test(part))
  return isName && !number.test(text) ? text.toLowerCase() : undefined
}

/** RFC 1035 section 2.3.4 */
const nameMax = 253
const label = /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/i
/** What ends in a number is read as an address by some (https://url.spec.whatwg.org/#ends-in-a-number-checker). */
const number = /(?:^|\.)(?:\d+|0x[\da-f]*)$/i
