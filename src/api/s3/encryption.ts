/**
 * Server-side encryption on the wire: what a write asks for, what a read must show, and what both are told.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html
 */
import type { BucketCall, Call } from '#api/s3/call'
import { parseBase64 } from '#api/s3/checksums'
import { invalidArgument, s3Fault } from '#api/s3/faults'
import { encryptionContextBytesMax } from '#api/s3/limits'
import { isSecure } from '#api/s3/secure-transport'
import { openDigest } from '#crypto/digest'
import { assertCustomerKey, customerKeyBytes } from '#object/encryption'
import type { Encryption, EncryptionContext, EncryptionWish } from '#object/model'

const methodHeader = 'x-amz-server-side-encryption'
const keyIdHeader = `${methodHeader}-aws-kms-key-id`
const contextHeader = `${methodHeader}-context`
const bucketKeyHeader = `${methodHeader}-bucket-key-enabled`
const customerPrefix = `${methodHeader}-customer-`
const sourcePrefix = `x-amz-copy-source-server-side-encryption-customer-`

/** Naming one of these is enough to change an object by copying it onto itself. */
export const encryptionHeaderNames: readonly string[] = [methodHeader, `${customerPrefix}algorithm`]

/** What a write asks for, or the bucket by default. `s3/invalid-argument`, and the faults of `readCustomerKey`. */
export function readEncryption(
  call: Pick<BucketCall, 'headers' | 'request' | 'facts'>,
): EncryptionWish | undefined {
  const { headers, facts } = call
  const key = readCustomerKey(call)
  const method = headers[methodHeader]
  if (key !== undefined) {
    if (method !== undefined) {
      throw invalidArgument(
        methodHeader,
        'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
      )
    }
    return { kind: 'customer', key }
  }
  const isNamed = headers[keyIdHeader] !== undefined || headers[contextHeader] !== undefined
  if (isNamed && method !== 'aws:kms') {
    throw invalidArgument(
      keyIdHeader,
      `The ${keyIdHeader} and ${contextHeader} headers need ${methodHeader}: aws:kms`,
    )
  }
  const usesBucketKey = readFlag(headers, bucketKeyHeader)
  if (method === undefined) return withBucketKey(facts.config.encryption, usesBucketKey)
  if (method === 'AES256') return { kind: method }
  if (method !== 'aws:kms') {
    throw invalidArgument(methodHeader, 'The encryption method specified is not supported')
  }
  const keyId = headers[keyIdHeader]
  const context = readContext(headers[contextHeader])
  return withBucketKey(
    {
      kind: method,
      ...(keyId === undefined ? {} : { keyId }),
      ...(context === undefined ? {} : { context }),
    },
    usesBucketKey,
  )
}

function withBucketKey(
  wish: EncryptionWish | undefined,
  isWanted: boolean | undefined,
): EncryptionWish | undefined {
  if (wish?.kind !== 'aws:kms' || isWanted === undefined) return wish
  const { usesBucketKey: _, ...rest } = wish
  return isWanted ? { ...rest, usesBucketKey: true } : rest
}

/** The key that three headers bring, of what is addressed. `s3/invalid-argument`, `s3/invalid-encryption-algorithm`, `s3/insecure-transport` */
export function readCustomerKey(
  { headers, request }: Pick<Call, 'headers' | 'request'>,
  prefix = customerPrefix,
): Uint8Array | undefined {
  const algorithm = headers[`${prefix}algorithm`]
  const keyText = headers[`${prefix}key`]
  const md5Text = headers[`${prefix}key-md5`]
  if (algorithm === undefined && keyText === undefined && md5Text === undefined) return undefined
  if (!isSecure(request)) throw s3Fault('s3/insecure-transport')
  const refuse = (header: string, reason: string): never => {
    throw invalidArgument(`${prefix}${header}`, reason)
  }
  const must = 'Requests specifying Server Side Encryption with Customer provided keys must provide'
  if (algorithm === undefined) return refuse('algorithm', `${must} a valid encryption algorithm.`)
  if (algorithm !== 'AES256') throw s3Fault('s3/invalid-encryption-algorithm')
  if (keyText === undefined) return refuse('key', `${must} an appropriate secret key.`)
  if (md5Text === undefined)
    return refuse('key-md5', `${must} the client calculated MD5 of the secret key.`)
  const key = parseBase64(keyText)
  if (key?.length !== customerKeyBytes)
    return refuse('key', 'The secret key was invalid for the specified algorithm.')
  if (md5Text !== md5Of(key))
    return refuse(
      'key-md5',
      'The calculated MD5 hash of the key did not match the hash that was provided.',
    )
  return key
}

/** The key of what is copied from. The faults of `readCustomerKey`. */
export function readSourceKey(call: Pick<Call, 'headers' | 'request'>): {
  readonly customerKey?: Uint8Array
} {
  const customerKey = readCustomerKey(call, sourcePrefix)
  return customerKey === undefined ? {} : { customerKey }
}

/**
 * Refuses what means nothing when reading, and whoever has not shown the object's key.
 * `s3/invalid-argument`, `object/customer-key-needed`, `object/customer-key-wrong`, `object/customer-key-unwanted`, and the faults of `readCustomerKey`.
 */
export function assertReadable(
  call: Pick<Call, 'headers' | 'request'>,
  { encryption }: { readonly encryption?: Encryption },
): void {
  const argument = [methodHeader, keyIdHeader, contextHeader, bucketKeyHeader].find(
    (header) => call.headers[header] !== undefined,
  )
  if (argument !== undefined) {
    throw invalidArgument(argument, `${argument} header is not supported for this operation.`)
  }
  assertCustomerKey({ encryption, customerKey: readCustomerKey(call) })
}

/** For every answer about an object, or an upload. A customer's key is told by the MD5 that the request has stated, which was checked. */
export function encryptionHeaders(
  { headers }: Pick<Call, 'headers'>,
  { encryption }: { readonly encryption?: Encryption },
): Record<string, string> {
  switch (encryption?.kind) {
    case undefined:
      return {}
    case 'AES256':
      return { [methodHeader]: encryption.kind }
    case 'aws:kms':
      return {
        [methodHeader]: encryption.kind,
        [keyIdHeader]: encryption.keyId,
        ...(encryption.usesBucketKey === true ? { [bucketKeyHeader]: 'true' } : {}),
      }
    case 'customer': {
      const md5 = headers[`${customerPrefix}key-md5`]
      if (md5 === undefined) return {} // completing an upload needs no key
      return { [`${customerPrefix}algorithm`]: 'AES256', [`${customerPrefix}key-md5`]: md5 }
    }
  }
}

/** Base64 of a JSON object whose values are texts. */
function readContext(text: string | undefined): EncryptionContext | undefined {
  if (text === undefined) return undefined
  const bytes = text.length > encryptionContextBytesMax ? undefined : parseBase64(text)
  const context = bytes && parseTexts(bytes)
  if (context === undefined) {
    throw invalidArgument(
      contextHeader,
      `The header '${contextHeader}' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map`,
    )
  }
  return context
}

function parseTexts(bytes: Uint8Array): EncryptionContext | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value)
  return entries.every(([, one]) => typeof one === 'string')
    ? Object.fromEntries(entries)
    : undefined
}

function readFlag(headers: Call['headers'], header: string): boolean | undefined {
  const text = headers[header]?.toLowerCase()
  if (text === undefined) return undefined
  if (text !== 'true' && text !== 'false')
    throw s3Fault('s3/invalid-argument', { argument: header })
  return text === 'true'
}

function md5Of(key: Uint8Array): string {
  const digest = openDigest('md5')
  digest.update(key)
  return Buffer.from(digest.digest()).toString('base64')
}
