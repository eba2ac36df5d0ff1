/**
 * Faults as answers of the registry. Where the registry in Rust answers with a bare status, so do we; where it has no answer (limits,
 * tokens), a sentence says why.
 */
import type { RegistryFaultCode } from '#api/content/faults'
import { retryHeaders, statusOfKind } from '#api/faults'
import { Fault, type FaultDetail, type FaultKind } from '#fault/fault'
import type { HttpResponse } from '#http/message'

/** A body that does not come is the client's; and what is not supported are methods. */
const statuses: Readonly<Record<FaultKind, number>> = {
  ...statusOfKind,
  timeout: 408,
  unsupported: 405,
}

type Sentence = (detail: FaultDetail) => string

/** Empty for what programs of old get an empty answer for. */
const sentences: Readonly<Record<RegistryFaultCode, Sentence>> = {
  'registry/no-such-page': () => '',
  'registry/wrong-method': () => '',
  'registry/malformed-hash': () => '',
  'registry/no-such-manifest': () => '',
  'registry/malformed-shard': () => '',
  'registry/foreign-backend': () => 'Shards are fetched from the backends of this registry only.\n',
  'registry/no-such-shard': () => '',
  'registry/backend-failed': ({ backend }) => `The backend ${backend} does not answer.\n`,
  'registry/not-multipart': () => 'Expected multipart/form-data with a boundary.\n',
  'registry/malformed-form': () => '',
  'registry/too-large': ({ bytesMax }) => `The body may have ${bytesMax} bytes.\n`,
  'registry/busy': () => 'Too much is asked at once. Try again.\n',
  'registry/token-missing': () => 'This needs a token.\n',
  'registry/token-lacks-right': ({ right }) => `This token does not allow to ${right}.\n`,
  'registry/precondition-failed': () => '',
  'registry/range-unsatisfiable': () => '',
}

/** Faults that their kind says too little about. */
const others: Readonly<Record<string, readonly [status: number, text?: string]>> = {
  'registry/backend-failed': [502],
  'registry/range-unsatisfiable': [416, ''],
  'identity/unknown-token': [401, 'This token is not known.\n'],
  'api/slow-down': [429, 'Too many requests.\n'],
  'http/headers-too-large': [431, ''],
}

const retryAfterSeconds = 1

export function problemOf(error: unknown): HttpResponse {
  const { status, text } = tell(error)
  const plain = text === '' ? {} : { 'content-type': 'text/plain; charset=utf-8' }
  return {
    status,
    headers: { 'cache-control': 'no-store', ...plain, ...headersOf(error, status) },
    body: text,
  }
}

function tell(error: unknown): { readonly status: number; readonly text: string } {
  if (!(error instanceof Fault)) return { status: 500, text: '' }
  const [status = statuses[error.kind], text] = others[error.code] ?? []
  return { status, text: text ?? sentenceOf(error) }
}

function sentenceOf({ code, detail }: Fault): string {
  return isOwn(code) ? sentences[code](detail) : ''
}

function isOwn(code: string): code is RegistryFaultCode {
  return Object.hasOwn(sentences, code)
}

function headersOf(error: unknown, status: number): Readonly<Record<string, string>> {
  const { detail } = error instanceof Fault ? error : { detail: {} as FaultDetail }
  if (status === 401) return { 'www-authenticate': 'Bearer' }
  if (status === 405) return { allow: String(detail['allowed']) }
  if (status === 416) return { 'content-range': `bytes */${detail['bytes']}` }
  if (status === 503) return { 'retry-after': String(retryAfterSeconds) }
  return retryHeaders(error)
}
