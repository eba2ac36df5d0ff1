/** What a server's refusal means, and what helps. Its own words may repeat what was sent, secrets too: only their first, its code, is ever told. */
import type { FaultDetail } from '#fault/fault'
import { type RedisFaultCode, redisFault } from '#redis/faults'

interface Meaning {
  readonly pattern: RegExp
  readonly code: RedisFaultCode
  readonly reason: string
  readonly remedy?: string
}

const logIn = 'log in with a token or a private key that may use the database'
const otherLogin = 'give the token or private key that this server knows'
const tryAgain = 'try again later'

/** The first that matches. */
const meanings: readonly Meaning[] = [
  {
    pattern: /^NOAUTH\b/,
    code: 'redis/login-refused',
    reason: 'it wants to know who we are',
    remedy: logIn,
  },
  {
    pattern: /^WRONGPASS\b|^ERR invalid password/,
    code: 'redis/login-refused',
    reason: 'it does not know these credentials',
    remedy: otherLogin,
  },
  {
    pattern: /^ERR .*(?:no password is set|without any password configured)/,
    code: 'redis/login-refused',
    reason: 'it knows no passwords',
    remedy: 'log in without a token',
  },
  {
    pattern: /^NOPERM\b/,
    code: 'redis/denied',
    reason: 'it does not allow this',
    remedy: 'ask its operator for the right to this database',
  },
  {
    pattern: /^OOM\b/,
    code: 'redis/full',
    reason: 'it is full',
    remedy: 'make room there, or use another server',
  },
  {
    pattern: /^ERR .*DB index/,
    code: 'redis/refused',
    reason: 'it has no such database',
    remedy: 'name another database, or let it have more',
  },
  {
    pattern: /^ERR unknown command/,
    code: 'redis/refused',
    reason: 'it does not know this command',
  },
  { pattern: /^WRONGTYPE\b/, ...refused('there is something else under that name') },
  { pattern: /^LOADING\b/, ...unavailable('it is starting', tryAgain) },
  { pattern: /^BUSY\b/, ...unavailable('it is busy with a script', tryAgain) },
  {
    pattern: /^READONLY\b/,
    ...unavailable('it is a replica', 'name the server that is written to'),
  },
  { pattern: /^(?:MOVED|ASK|CLUSTERDOWN)\b/, ...unavailable('it is one of a cluster') },
  { pattern: /^MISCONF\b/, ...unavailable('it cannot write to its disk') },
  { pattern: /^ERR max number of clients/, ...unavailable('it has too many clients', tryAgain) },
]

function refused(reason: string): Pick<Meaning, 'code' | 'reason'> {
  return { code: 'redis/refused', reason }
}

function unavailable(reason: string, remedy?: string): Omit<Meaning, 'pattern'> {
  return { code: 'redis/unavailable', reason, ...(remedy === undefined ? {} : { remedy }) }
}

/** The fault that an error reply stands for. */
export function refusalOf(text: string, where: FaultDetail): Error {
  const meaning = meanings.find(({ pattern }) => pattern.test(text))
  const { code, reason, remedy }: Omit<Meaning, 'pattern'> = meaning ?? refused(codeOf(text))
  return redisFault(code, { ...where, reason, remedy })
}

function codeOf(text: string): string {
  return /^[A-Z]{1,32}(?= |$)/.exec(text)?.[0] ?? 'it refuses'
}

const reasonsOfErrno: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it cut the connection',
  EPIPE: 'it cut the connection',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  ETIMEDOUT: 'it does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'nobody we believe has signed its certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody we believe has signed its certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody we believe has signed its certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'nobody we believe has signed its certificate',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/** The fault that an error of the socket stands for. `redis/unavailable` */
export function brokenConnection(error: unknown, where: FaultDetail): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const reason = reasonsOfErrno[code ?? ''] ?? code ?? 'it closed the connection'
  return redisFault('redis/unavailable', { ...where, reason }, error)
}
