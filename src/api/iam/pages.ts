/** Lists page by page, and the elements that all things of an account have. */

import { type IamCall, optional, optionalNumber } from '#api/iam/call'
import { iamFault } from '#api/iam/faults'
import { isoDate } from '#api/s3/response'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type { Entity } from '#identity/entity'

const pageDefault = 100
const pageMax = 1_000

/** `MaxItems` of them after `Marker`, as `<NAME><member>…`. */
export function page<Item>(
  call: IamCall,
  items: readonly Item[],
  { name, element }: { readonly name: string; readonly element: (item: Item) => readonly Xml[] },
): readonly Xml[] {
  const size = optionalNumber(call, 'MaxItems') ?? pageDefault
  if (size < 1 || size > pageMax)
    throw iamFault('iam/invalid-parameter', { reason: `MaxItems is 1 to ${pageMax}.` })
  const marker = optional(call, 'Marker')
  const from = marker === undefined ? 0 : readMarker(marker)
  const next = from + size
  const isTruncated = next < items.length
  return [
    members(name, items.slice(from, next), element),
    leaf('IsTruncated', isTruncated),
    leaf('Marker', isTruncated ? printMarker(next) : undefined),
  ]
}

export function members<Item>(
  name: string,
  items: readonly Item[],
  element: (item: Item) => readonly Xml[],
): Xml {
  return branch(
    name,
    branches(items, (item) => branch('member', ...element(item))),
  )
}

/** Those below `PathPrefix`. */
export function belowPath(call: IamCall, entities: readonly Entity[]): readonly Entity[] {
  const prefix = optional(call, 'PathPrefix') ?? '/'
  return entities.filter(({ path }) => path.startsWith(prefix))
}

/** `UserName`, `UserId` and so on. */
export function entityElements(word: string, entity: Entity): readonly Xml[] {
  return [
    leaf('Path', entity.path),
    leaf(`${word}Name`, entity.name),
    leaf(`${word}Id`, entity.id),
    leaf('Arn', entity.arn),
    leaf('CreateDate', isoDate(entity.createdAt)),
  ]
}

/** Documents travel percent-encoded. */
export function documentElement(name: string, document: string | undefined): Xml {
  return leaf(name, document && encodeURIComponent(document))
}

function printMarker(next: number): string {
  return Buffer.from(String(next)).toString('base64url')
}

function readMarker(marker: string): number {
  const next = Buffer.from(marker, 'base64url').toString()
  if (/^\d{1,9}$/.test(next) && printMarker(Number(next)) === marker) return Number(next)
  throw iamFault('iam/invalid-parameter', { reason: 'The Marker is not one of ours.' })
}
