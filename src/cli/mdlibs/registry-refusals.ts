/** What a registry says when it does not do what it was asked, and what it means when it says nothing. */
import { z } from 'zod'
import { type MdlibsFaultCode, mdlibsFault } from '#cli/mdlibs/faults'
import { type Fault, isFault } from '#fault/fault'

/** RFC 9457, with what the first design of registries has beside it. */
const problem = z.object({
  detail: z.string().optional(),
  hint: z.string().optional(),
  request_id: z.string().optional(),
  error: z
    .object({ code: z.string().optional(), message: z.string().optional() })
    .optional()
    .catch(undefined),
})

export interface Refusal {
  readonly code: string | undefined
  readonly message: string | undefined
  readonly hint: string | undefined
  readonly requestId: string | undefined
}

/** Of text that may be anything: proxies answer as well. */
export function refusalOfBody(text: string): Refusal {
  const nothing = { code: undefined, message: undefined, hint: undefined, requestId: undefined }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return nothing
  }
  const read = problem.safeParse(document)
  if (!read.success) return nothing
  const { detail, hint, error, request_id: requestId } = read.data
  return { code: error?.code, message: error?.message ?? detail, hint, requestId }
}

interface RefusalOptions {
  readonly registry: string
  readonly tokenIsFor: string | undefined
}

const codes: Readonly<Record<number, MdlibsFaultCode>> = {
  401: 'mdlibs/login-needed',
  403: 'mdlibs/denied',
  404: 'mdlibs/absent',
  410: 'mdlibs/gone',
  413: 'mdlibs/too-large',
  429: 'mdlibs/busy',
}

export function refusalOf(
  status: number,
  { code, message, hint, requestId }: Refusal,
  { hasToken, ...options }: RefusalOptions & { readonly hasToken: boolean },
): Fault {
  const detail = { ...options, status, reason: code, message, hint, requestId, hasToken }
  const known = codes[status]
  if (known !== undefined) return mdlibsFault(known, detail)
  if (status >= 500) return mdlibsFault('mdlibs/server-failed', detail)
  if (status >= 400 && message !== undefined) return mdlibsFault('mdlibs/refused', detail)
  const what = `it answers ${status}, and does not say why`
  return mdlibsFault('mdlibs/not-a-registry', { ...options, reason: what })
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it cut the connection',
  EPIPE: 'it cut the connection',
  UND_ERR_SOCKET: 'it cut the connection',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name cannot be looked up now',
  ETIMEDOUT: 'no connection',
  UND_ERR_CONNECT_TIMEOUT: 'no connection',
}

/** Failures before a byte was sent. */
const beforehand = [
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]

const certificateReasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it has signed its certificate itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate leads to one that nobody here trusts',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate leads to nobody who is trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate leads to nobody who is trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate leads to nobody who is trusted here',
  CERT_HAS_EXPIRED: 'its certificate has run out',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_SIGNATURE_FAILURE: 'its certificate is damaged',
}

/** `fetch` hides what happened in the cause. */
export function connectionFault(error: unknown, options: RefusalOptions): Fault {
  if (isFault(error)) return error
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const code = codeOf(cause)
  const { registry } = options
  const certificate = certificateReasons[code]
  if (certificate !== undefined) {
    return mdlibsFault('mdlibs/untrusted-certificate', { registry, reason: certificate }, error)
  }
  if (code === 'ENOTFOUND') {
    return mdlibsFault('mdlibs/no-such-host', { registry, reason: reasons[code] }, error)
  }
  const reason = reasons[code] ?? (code || (cause instanceof Error ? cause.message : 'unknown'))
  const wasSent = !beforehand.includes(code)
  return mdlibsFault('mdlibs/unreachable', { registry, reason, wasSent }, error)
}

/** Of several addresses that were tried, the last one's. */
function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError) return codeOf(cause.errors.at(-1))
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
