/**
 * The policy of a form: what its signer allows whoever sends it to upload, and until when.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
import { z } from 'zod'
import { parseBase64 } from '#api/s3/checksums'
import { s3Fault } from '#api/s3/faults'

export interface PostPolicy {
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly conditions: readonly FieldCondition[]
  readonly fileBytes: ByteBounds
}

/** Both inclusive. */
export interface ByteBounds {
  readonly min: number
  readonly max: number
}

export const anyBytes: ByteBounds = { min: 0, max: Number.POSITIVE_INFINITY }

interface FieldCondition {
  readonly operator: 'eq' | 'starts-with'
  /** In lower case. */
  readonly field: string
  readonly value: string
}

/** What a policy is held against. */
export interface PostedForm {
  /** By name in lower case, variables replaced. Without the file. */
  readonly values: ReadonlyMap<string, string>
  /** Of the address. A condition on `bucket` is about this one, whether or not the form repeats it. */
  readonly bucket: string
  /** Milliseconds since 1970. */
  readonly now: number
}

function word<const Word extends string>(...words: readonly [Word, ...Word[]]) {
  return z.string().toLowerCase().pipe(z.enum(words))
}

/** S3 takes text as well. */
const bytes = z.union([
  z.int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
])
const condition = z.union([
  z.tuple([word('content-length-range'), bytes, bytes]),
  z.tuple([word('eq', 'starts-with'), z.string().regex(/^\$./s), z.string()]),
  z.record(z.string(), z.string()).refine((pairs) => Object.keys(pairs).length === 1),
])
const documentSchema = z.object({
  expiration: z.iso.datetime(),
  conditions: z.array(condition).min(1),
})

/** Reads the field's text: JSON in base64, in which line breaks do not count. `s3/invalid-policy-document` */
export function parsePostPolicy(text: string): PostPolicy {
  const { success, data, error } = documentSchema.safeParse(readJson(text))
  if (!success) throw invalid(z.prettifyError(error).slice(0, reasonCharactersMax), error)
  const conditions: FieldCondition[] = []
  let fileBytes = anyBytes
  for (const one of data.conditions) {
    if (!Array.isArray(one)) conditions.push(...Object.entries(one).map(asEqual))
    else if (one[0] === 'content-length-range') {
      const [, min, max] = one
      // All ranges must hold.
      fileBytes = { min: Math.max(fileBytes.min, min), max: Math.min(fileBytes.max, max) }
    } else {
      const [operator, field, value] = one
      conditions.push({ operator, field: field.slice(1).toLowerCase(), value })
    }
  }
  return { expiresAt: Date.parse(data.expiration), conditions, fileBytes }
}

/**
 * Whether the policy allows the form: it has not expired, each condition holds, and each field but those that carry the proof is in
 * one. `s3/access-denied` says which is not so. How long the file is remains to be seen: `fileBytes`.
 */
export function checkPostPolicy(
  { expiresAt, conditions }: PostPolicy,
  { values, bucket, now }: PostedForm,
): void {
  if (now >= expiresAt) throw denied('Policy expired.')
  const form = new Map(values)
  if ((form.get('bucket') ?? bucket) !== bucket) throw denied('The bucket is another one.')
  form.set('bucket', bucket)
  for (const one of conditions) {
    if (isMet(one, form.get(one.field))) continue
    const { operator, field, value } = one
    throw denied(`Policy Condition failed: ${JSON.stringify([operator, `$${field}`, value])}`)
  }
  const covered = new Set(conditions.map(({ field }) => field))
  const extra = [...form.keys()].find((name) => !covered.has(name) && !isExempt(name))
  if (extra !== undefined) throw denied(`Extra input fields: ${extra}`)
}

/** Of a reason that is shown: a policy has room for hundreds of mistakes. */
const reasonCharactersMax = 1024

function readJson(text: string): unknown {
  const json = parseBase64(text.replaceAll(/\s/g, ''))
  if (json === undefined) throw invalid('Invalid Policy: Invalid Base64 Encoding.')
  try {
    const document = new TextDecoder('utf-8', { fatal: true }).decode(json)
    return JSON.parse(withoutEscapedDollars(document))
  } catch (cause) {
    throw invalid('Invalid Policy: Invalid JSON.', cause)
  }
}

/** `\$` is a dollar sign in a policy, and an error in JSON. */
function withoutEscapedDollars(json: string): string {
  return json.replace(/\\(.)/gs, (pair, escaped: string) => (escaped === '$' ? escaped : pair))
}

function asEqual([name, value]: readonly [string, string]): FieldCondition {
  return { operator: 'eq', field: name.toLowerCase(), value }
}

/** Of a field that is not there only nothing can be asked: that it starts with the empty text. */
function isMet({ operator, field, value }: FieldCondition, given: string | undefined): boolean {
  if (given === undefined) return operator === 'starts-with' && value === ''
  if (operator === 'eq') return given === value
  // "Content-Types values for a starts-with condition that include commas are interpreted as lists."
  const starts = field === 'content-type' ? given.split(',').map((type) => type.trim()) : [given]
  return starts.every((start) => start.startsWith(value))
}

const proofFields = new Set(['awsaccesskeyid', 'signature', 'policy', 'file', 'x-amz-signature'])

/** A checksum allows nothing: it only refuses a file that is another one. */
function isExempt(name: string): boolean {
  return proofFields.has(name) || name.startsWith('x-ignore-') || name.startsWith('x-amz-checksum-')
}

function denied(why: string): Error {
  return s3Fault('s3/access-denied', { reason: `Invalid according to Policy: ${why}` })
}

function invalid(reason: string, cause?: unknown): Error {
  return s3Fault('s3/invalid-policy-document', { reason }, cause)
}
