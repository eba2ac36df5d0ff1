/** Access lists on the wire: canned names, headers, documents. https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html */
import type { BucketCall, Call } from '#api/s3/call'
import { accessOf, ownerOf } from '#api/s3/enter'
import { invalidArgument, invalidRequest, s3Fault } from '#api/s3/faults'
import { nameElements, ownerElement } from '#api/s3/owner-element'
import { xmlResponse } from '#api/s3/response'
import { readXmlBody } from '#api/s3/xml-body'
import { childOf, childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import {
  cannedGrants,
  type Grant,
  type GrantGroup,
  type Grants,
  isPublicGrant,
  type Permission,
} from '#identity/grants'
import type { Owner } from '#identity/principal'

/** S3's limit. */
const grantsMax = 100

const permissions: ReadonlyMap<string | undefined, Permission> = new Map(
  (['FULL_CONTROL', 'READ', 'WRITE', 'READ_ACP', 'WRITE_ACP'] as const).map((one) => [one, one]),
)
const grantHeaders: readonly (readonly [header: string, permission: Permission])[] = [
  ['x-amz-grant-read', 'READ'],
  ['x-amz-grant-write', 'WRITE'],
  ['x-amz-grant-read-acp', 'READ_ACP'],
  ['x-amz-grant-write-acp', 'WRITE_ACP'],
  ['x-amz-grant-full-control', 'FULL_CONTROL'],
]
const groupUris: ReadonlyMap<string, GrantGroup> = new Map([
  ['http://acs.amazonaws.com/groups/global/AllUsers', 'AllUsers'],
  ['http://acs.amazonaws.com/groups/global/AuthenticatedUsers', 'AuthenticatedUsers'],
  ['http://acs.amazonaws.com/groups/s3/LogDelivery', 'LogDelivery'],
])
const urisOfGroups = new Map([...groupUris].map(([uri, group]) => [group, uri]))

interface Owners {
  readonly owner: string
  readonly bucketOwner: string
}

/** What the headers of a write grant; `undefined` when they say nothing. `s3/invalid-argument`, `s3/invalid-request` */
export async function readGrantHeaders(
  call: Pick<Call, 'headers' | 'door'>,
  owners: Owners,
): Promise<Grants | undefined> {
  const { headers } = call
  const canned = headers['x-amz-acl']
  const given = grantHeaders.filter(([header]) => headers[header] !== undefined)
  if (canned !== undefined && given.length > 0) {
    throw invalidRequest('Specifying both Canned ACLs and Header Grants is not allowed')
  }
  if (canned !== undefined) {
    const grants = cannedGrants(canned, owners)
    if (grants === undefined) throw s3Fault('s3/invalid-argument', { argument: 'x-amz-acl' })
    return grants
  }
  if (given.length === 0) return undefined
  const lists = await Promise.all(
    given.map(async ([header, permission]) => {
      const grantees = (headers[header] ?? '').split(',').map((text) => text.trim())
      return await Promise.all(
        grantees.map(async (text): Promise<Grant> => {
          const [, kind, value = ''] = /^(id|uri|emailAddress)\s*=\s*"?([^"]*)"?$/i.exec(text) ?? []
          if (kind === undefined) throw s3Fault('s3/invalid-argument', { argument: header })
          return { to: await granteeOf(call, kind.toLowerCase(), value), permission }
        }),
      )
    }),
  )
  return lists.flat()
}

/** The `AccessControlPolicy` of the body, or what the headers say instead. `s3/malformed-acl`, and the faults of `readGrantHeaders` */
export async function readAcl(call: BucketCall, owners: Owners): Promise<Grants> {
  const fromHeaders = await readGrantHeaders(call, owners)
  if (fromHeaders !== undefined) return fromHeaders
  if (call.request.body.bytes === 0) {
    throw s3Fault('s3/missing-security-header', { reason: 'No access control list was given' })
  }
  const document = await readXmlBody(call, 'AccessControlPolicy')
  const stated = childOf(document, 'Owner')
  const statedId = stated && textOf(stated, 'ID')
  if (statedId !== undefined && statedId !== owners.owner) throw s3Fault('s3/access-denied')
  const list = childOf(document, 'AccessControlList')
  if (list === undefined) throw s3Fault('s3/malformed-acl')
  return await readGrants(call, list)
}

/** At most as many as a list may have. `s3/malformed-acl` */
export async function readGrants(
  call: Pick<Call, 'door'>,
  list: XmlElement | undefined,
): Promise<Grants> {
  const grants = childrenOf(list, 'Grant')
  if (grants.length > grantsMax) throw s3Fault('s3/malformed-acl')
  return await Promise.all(grants.map((grant) => readGrant(call, grant)))
}

async function readGrant(call: Pick<Call, 'door'>, grant: XmlElement): Promise<Grant> {
  const permission = permissions.get(textOf(grant, 'Permission')?.trim())
  const grantee = childOf(grant, 'Grantee')
  if (permission === undefined || grantee === undefined) throw s3Fault('s3/malformed-acl')
  for (const [element, kind] of [
    ['ID', 'id'],
    ['URI', 'uri'],
    ['EmailAddress', 'emailaddress'],
  ] as const) {
    const value = textOf(grantee, element)?.trim()
    if (value !== undefined) return { to: await granteeOf(call, kind, value), permission }
  }
  throw s3Fault('s3/malformed-acl')
}

async function granteeOf(
  { door }: Pick<Call, 'door'>,
  kind: string,
  value: string,
): Promise<Grant['to']> {
  if (kind === 'uri') {
    const group = groupUris.get(value)
    if (group === undefined) throw invalidArgument('URI', 'Invalid group uri')
    return { group }
  }
  const principal = await door.lookups.principal(value)
  if (kind === 'emailaddress') {
    if (principal?.email !== value.toLowerCase()) throw s3Fault('s3/unresolvable-email')
    return { id: principal.id }
  }
  if (principal?.id !== value) throw invalidArgument('ID', 'Invalid id')
  return { id: value }
}

export async function targetGrantsElement(
  call: Pick<Call, 'door' | 'caller'>,
  grants: Grants,
): Promise<Xml> {
  if (grants.length === 0) return branches([], (none) => none)
  const elements = await Promise.all(grants.map((grant) => grantElement(call, grant)))
  return branch('TargetGrants', ...elements)
}

/** Refuses grants that the bucket does not take. `s3/acl-not-supported`, `s3/access-denied` */
export function checkGrants({ facts, door, headers }: BucketCall, grants: Grants): void {
  const { ownership, publicAccess } = accessOf(facts, door.root.id)
  // With grants turned off, only the one that says what is so anyway is taken.
  const isHarmless = headers['x-amz-acl'] === 'bucket-owner-full-control'
  if (ownership === 'BucketOwnerEnforced' && !isHarmless) throw s3Fault('s3/acl-not-supported')
  if (publicAccess?.blocksGrants === true && grants.some(isPublicGrant))
    throw s3Fault('s3/access-denied')
}

export async function aclResponse(
  call: Pick<Call, 'door' | 'caller'>,
  {
    owner,
    grants,
    headers,
  }: {
    readonly owner: Owner
    readonly grants: Grants
    readonly headers: Readonly<Record<string, string>>
  },
): Promise<HttpResponse> {
  // Groups come first, as S3's clients have learned to expect.
  const [others = [], groups = []] = [false, true].map((isGroup) =>
    grants.filter(({ to }) => 'group' in to === isGroup),
  )
  const elements = await Promise.all(
    [...groups, ...others].map((grant) => grantElement(call, grant)),
  )
  return xmlResponse(
    'AccessControlPolicy',
    [ownerElement(owner), branch('AccessControlList', ...elements)],
    headers,
  )
}

async function grantElement(
  call: Pick<Call, 'door' | 'caller'>,
  { to, permission }: Grant,
): Promise<Xml> {
  const [type, ...content] =
    'group' in to
      ? (['Group', leaf('URI', urisOfGroups.get(to.group))] as const)
      : (['CanonicalUser', ...nameElements(await ownerOf(call, to.id))] as const)
  const grantee =
    `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}">${content.join('')}</Grantee>` as Xml // only names of ours
  return branch('Grant', grantee, leaf('Permission', permission))
}
