/**
 * Who built an archive, of what, and where: an in-toto statement (v0.1 and v1) in a DSSE envelope, plain or inside a Sigstore bundle. Checked offline, against
 * keys that are given. A bundle's own certificate is no proof by itself, and is not looked at.
 */
import { strict as assert } from 'node:assert'
import { fromHex } from '#bytes/text'
import { isPemSignature } from '#crypto/pem-signature'
import { archiveFault } from '#library/archive-faults'

export const provenanceBytesMax = 256 * 1024
const subjectsMax = 1_000
const signaturesMax = 16
const textCharsMax = 1_024

export interface ProvenanceSubject {
  readonly name: string
  /** 32 bytes. */
  readonly sha256?: Uint8Array
}

export interface ProvenanceStatement {
  readonly predicateType: string
  readonly subjects: readonly ProvenanceSubject[]
  /** Of SLSA predicates, where they have them. Texts of whoever signed. */
  readonly builder?: string
  readonly source?: string
  readonly commit?: string
  readonly workflow?: string
}

export interface Provenance {
  readonly statement: ProvenanceStatement
  readonly signatures: readonly { readonly keyId: string; readonly signature: Uint8Array }[]
  /** What was signed: DSSE's pre-authentication encoding. */
  readonly signedBytes: Uint8Array
}

export interface ProvenanceKey {
  /** A hint only. */
  readonly keyId?: string
  /** PEM, SubjectPublicKeyInfo: Ed25519, or ECDSA over P-256, P-384 or P-521. */
  readonly pem: string
}

const payloadType = 'application/vnd.in-toto+json'
const statementTypes: readonly unknown[] = [
  'https://in-toto.io/Statement/v0.1',
  'https://in-toto.io/Statement/v1',
]

/** `library/malformed-provenance`. */
export function parseProvenance(bundle: Uint8Array): Provenance {
  if (bundle.length > provenanceBytesMax)
    throw malformed(`it is larger than ${provenanceBytesMax} bytes`)
  const document = tableOf(jsonOf(bundle), 'the bundle')
  const envelope = tableOf(document['dsseEnvelope'] ?? document, 'the envelope')
  if (envelope['payloadType'] !== payloadType)
    throw malformed(`its payload is not of type ${payloadType}`)
  const payload = base64Of(envelope['payload'], 'payload')
  const signatures = listOf(envelope['signatures'], signaturesMax, 'signatures').map((one) => {
    const { keyid, sig } = tableOf(one, 'a signature')
    return { keyId: typeof keyid === 'string' ? keyid : '', signature: base64Of(sig, 'sig') }
  })
  if (signatures.length === 0) throw malformed('nobody signed it')
  return { statement: statementOf(payload), signatures, signedBytes: encoded(payload) }
}

/** https://github.com/secure-systems-lab/dsse: "PAE". */
function encoded(payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `
  return Buffer.concat([Buffer.from(head), payload])
}

function statementOf(payload: Uint8Array): ProvenanceStatement {
  const statement = tableOf(jsonOf(payload), 'the statement')
  if (!statementTypes.includes(statement['_type'])) throw malformed('it is no in-toto statement')
  const { predicateType } = statement
  if (typeof predicateType !== 'string') throw malformed('it has no predicateType')
  const subjects = listOf(statement['subject'], subjectsMax, 'subject').map(subjectOf)
  if (subjects.length === 0) throw malformed('it is about nothing')
  return { predicateType, subjects, ...buildOf(statement['predicate']) }
}

function subjectOf(value: unknown): ProvenanceSubject {
  const { name, digest } = tableOf(value, 'a subject')
  const { sha256 } = tableOf(digest ?? {}, 'a digest')
  const label = typeof name === 'string' ? name.slice(0, textCharsMax) : ''
  if (sha256 === undefined) return { name: label }
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256))
    throw malformed('a digest is none')
  return { name: label, sha256: fromHex(sha256) }
}

type Build = Pick<ProvenanceStatement, 'builder' | 'source' | 'commit' | 'workflow'>

/** SLSA 0.2 and 1. */
function buildOf(predicate: unknown): Build {
  const at = (...path: readonly (string | number)[]): unknown =>
    path.reduce<unknown>((value, key) => (isTable(value) ? value[key] : undefined), predicate)
  const first = (...values: readonly unknown[]): string | undefined =>
    values
      .find((value) => typeof value === 'string')
      ?.toString()
      .slice(0, textCharsMax)
  const workflow = at('buildDefinition', 'externalParameters', 'workflow')
  const path = isTable(workflow) ? workflow['path'] : undefined
  const repository = isTable(workflow) ? workflow['repository'] : undefined
  const found = {
    builder: first(at('runDetails', 'builder', 'id'), at('builder', 'id')),
    source: first(
      repository,
      at('buildDefinition', 'resolvedDependencies', 0, 'uri'),
      at('invocation', 'configSource', 'uri'),
    ),
    commit: first(
      at('buildDefinition', 'resolvedDependencies', 0, 'digest', 'gitCommit'),
      at('invocation', 'configSource', 'digest', 'sha1'),
    ),
    workflow: first(path, at('invocation', 'configSource', 'entryPoint')),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

/** Whether it speaks of an archive of this digest. Signatures are not looked at. */
export function speaksOf({ statement }: Provenance, digest: Uint8Array): boolean {
  assert(digest.length === 32)
  return statement.subjects.some(
    ({ sha256 }) => sha256 !== undefined && Buffer.compare(sha256, digest) === 0,
  )
}

/** The first of these keys that signed it; `undefined`: none did. */
export function signerOf(
  { signatures, signedBytes }: Provenance,
  keys: readonly ProvenanceKey[],
): ProvenanceKey | undefined {
  return keys.find(({ pem }) =>
    signatures.some(({ signature }) => isPemSignature(pem, { message: signedBytes, signature })),
  )
}

function malformed(reason: string): Error {
  return archiveFault('library/malformed-provenance', { reason })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    throw malformed('it is no JSON')
  }
}

function base64Of(value: unknown, where: string): Uint8Array {
  const isBase64 = typeof value === 'string' && /^[A-Za-z0-9+/_-]+={0,2}$/.test(value)
  if (!isBase64) throw malformed(`${where} is no base64`)
  return Buffer.from(value, 'base64') // reads both alphabets
}

function listOf(value: unknown, most: number, where: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most)
    throw malformed(`${where} is no list of at most ${most}`)
  return value
}

function isTable(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === 'object' && value !== null
}

function tableOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (!isTable(value) || Array.isArray(value)) throw malformed(`${where} is no table`)
  return value
}
