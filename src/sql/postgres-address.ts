/** Where a PostgreSQL server is: a URL as libpq knows it, as far as it says something that we honour. */
import { readFile } from 'node:fs/promises'
import { sqlFault } from '#sql/faults'

export interface PostgresAddress {
  /** A name, an address, or the directory of the server's socket. */
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  /** `verify-full`: encrypted, the certificate signed by who we trust and made out to `host`. */
  readonly tls: 'disable' | 'verify-full'
  /** File with the certificates of who may sign; the system's when there is none. */
  readonly tlsRootPath: string | undefined
}

/** Connections that read, unless more or fewer are asked for. */
export const connectionsMaxDefault = 8

const portDefault = 5432
const parameters = ['host', 'sslmode', 'sslrootcert'] as const

/** `sql/malformed-address` says what is wrong, without the address, which may hold a password. */
export function parsePostgresAddress(text: string): PostgresAddress {
  const url = URL.parse(text)
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol))
    throw malformed('expected postgres://user:password@host:port/database')
  for (const name of url.searchParams.keys())
    if (!(parameters as readonly string[]).includes(name))
      throw malformed(`unknown parameter ${name}; known are ${parameters.join(', ')}`)
  const host = url.searchParams.get('host') ?? (bare(url.hostname) || 'localhost')
  const tls = tlsOf(url.searchParams.get('sslmode'), host)
  return {
    host,
    port: url.port === '' ? portDefault : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    database: decoded(url.pathname.slice(1)),
    tls,
    tlsRootPath: url.searchParams.get('sslrootcert') ?? undefined,
  }
}

/** `host:port/database`: for people, without who we are there. */
export function namePostgres({ host, port, database }: PostgresAddress): string {
  return `${host}:${port}/${database ?? ''}`
}

/** Options of Node's TLS. `sql/malformed-address` when the file of certificates cannot be read. */
export async function tlsOptions({ host, tls, tlsRootPath }: PostgresAddress): Promise<
  | false
  | {
      readonly rejectUnauthorized: true
      /** What the certificate must be made out to, be it a name or an address. */
      readonly host: string
      readonly ca?: string
    }
> {
  if (tls === 'disable') return false
  if (tlsRootPath === undefined) return { rejectUnauthorized: true, host }
  try {
    return { rejectUnauthorized: true, host, ca: await readFile(tlsRootPath, 'utf8') }
  } catch (cause) {
    throw sqlFault('sql/malformed-address', { reason: 'sslrootcert cannot be read' }, cause)
  }
}

/** Beyond this machine the server proves who it is, unless told otherwise. The modes between look secure and are not. */
function tlsOf(mode: string | null, host: string): PostgresAddress['tls'] {
  if (mode === null) return isThisMachine(host) ? 'disable' : 'verify-full'
  if (mode === 'disable' || mode === 'verify-full') return mode
  throw malformed('sslmode is verify-full or disable')
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('/')
}

function bare(hostname: string): string {
  return decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1')
}

function decoded(text: string): string | undefined {
  try {
    return text === '' ? undefined : decodeURIComponent(text)
  } catch {
    throw malformed('a % that begins no escape')
  }
}

function malformed(reason: string): Error {
  return sqlFault('sql/malformed-address', { reason })
}
