/** What the listings have in common: parameters, and names written plainly or URL-encoded. */
import type { BucketCall, Call } from '#api/s3/call'
import { checksumWord } from '#api/s3/checksums'
import { ownerOf } from '#api/s3/enter'
import { invalidArgument, s3Fault } from '#api/s3/faults'
import { ownerElement } from '#api/s3/owner-element'
import { isoSeconds, quoted } from '#api/s3/response'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import { uriEncode } from '#identity/canonical-request'
import type { Owner } from '#identity/principal'
import { commonPrefixOf } from '#object/list'
import type { ObjectInfo, Traits } from '#object/model'
import { classOf, keyBytes } from '#object/rows'

/** How names are written: as they are, or as `encoding-type=url` asks (a space is `%20`, `/` stays). */
export interface NameWriter {
  readonly encodingType: 'url' | undefined
  write(name: string): string
}

export function nameWriter({ query }: Pick<Call, 'query'>): NameWriter {
  const encodingType = query.get('encoding-type')
  if (encodingType === undefined || encodingType === '') {
    return { encodingType: undefined, write: (name) => name }
  }
  if (encodingType !== 'url') {
    throw invalidArgument('encoding-type', 'Invalid Encoding Method specified in Request')
  }
  return { encodingType, write: (name) => name.split('/').map(uriEncode).join('/') }
}

/** A page size: a whole number, more than `max` is taken as `max`. */
export function readLimit({ query }: Pick<Call, 'query'>, name: string, max: number): number {
  const text = query.get(name)
  if (text === undefined || text === '') return max
  if (!/^\d{1,10}$/.test(text) || Number(text) >= 2 ** 31) {
    throw invalidArgument(name, `Argument ${name} must be an integer between 0 and 2147483647`)
  }
  return Math.min(Number(text), max)
}

/** A parameter that, when empty, is as good as missing. */
export function nonEmpty({ query }: Pick<Call, 'query'>, name: string): string | undefined {
  const text = query.get(name)
  return text === '' ? undefined : text
}

/** Ceph's extension: order may be given up. Ours costs nothing, so it is kept; but it cannot go with a delimiter. */
export function checkUnordered({ query }: Pick<Call, 'query'>): void {
  const isUnordered = query.get('allow-unordered')?.toLowerCase() === 'true'
  if (isUnordered && (query.get('delimiter') ?? '') !== '') {
    throw s3Fault('s3/invalid-argument', { argument: 'allow-unordered' })
  }
}

/** Who owns each: looked up once per owner. */
export async function ownersOf(
  call: BucketCall,
  traits: readonly Traits[],
): Promise<(traits: Traits) => Owner> {
  const ids = new Set(traits.flatMap(({ owner }) => owner ?? []))
  const found = await Promise.all(
    [...ids].map(async (id) => [id, await ownerOf(call, id)] as const),
  )
  const owners = new Map(found)
  return ({ owner }) => (owner === undefined ? undefined : owners.get(owner)) ?? call.owner
}

export function contentsElement(
  { key, modifiedAt, etag, bytes, checksum, traits }: ObjectInfo,
  { names, owner }: { readonly names: NameWriter; readonly owner: Owner | undefined },
): Xml {
  return branch(
    'Contents',
    leaf('Key', names.write(key)),
    leaf('LastModified', isoSeconds(modifiedAt)),
    leaf('ETag', quoted(etag)),
    leaf('ChecksumAlgorithm', checksum && checksumWord(checksum.algorithm)),
    leaf('ChecksumType', checksum?.type),
    leaf('Size', bytes),
    ...(owner === undefined ? [] : [ownerElement(owner)]),
    leaf('StorageClass', classOf(traits)),
  )
}

/** A marker within a common prefix stands for all of it, as in S3: whoever goes on behind the last key he has seen is not told the prefix again. */
export function markerOf(
  marker: string | undefined,
  { prefix, delimiter }: { readonly prefix: string; readonly delimiter: string | undefined },
): string | undefined {
  if (marker === undefined || !marker.startsWith(prefix)) return marker
  return commonPrefixOf(keyBytes(marker), { prefix, delimiter }) ?? marker
}

export function commonPrefixElements(prefixes: readonly string[], names: NameWriter): Xml {
  return branches(prefixes, (prefix) =>
    branch('CommonPrefixes', leaf('Prefix', names.write(prefix))),
  )
}

/** Opaque to clients: the last name of the page, so that any key survives every client and proxy. */
export function printToken(next: string): string {
  return Buffer.from(next).toString('base64url')
}

/** `s3/invalid-argument` for a token we did not print. */
export function parseToken(token: string): string {
  const next = Buffer.from(token, 'base64url').toString()
  if (printToken(next) === token) return next
  throw invalidArgument('continuation-token', 'The continuation token provided is incorrect')
}
