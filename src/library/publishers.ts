/** Issuers whose word lets a program publish: a library trusts tokens of an issuer that have certain claims, e.g. of one workflow of one repository. */
import { toHex } from '#bytes/text'
import type { Actor } from '#identity/actor'
import { wildcard } from '#identity/wildcard'
import { reading, refOf, requireRight } from '#library/_rows'
import type { LibraryChange } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { LibraryRef, TrustedPublisher } from '#library/model'
import type { LibraryParts } from '#library/parts'
import { mayManage } from '#library/rights'
import type { SqlRow } from '#sql/sql'

const publishersMax = 20
const claimsMax = 20
const charsMax = 1_000
const idBytes = 12

interface PublisherRow extends SqlRow {
  readonly id: string
  readonly library: number
  readonly issuer: string
  readonly claims: string
  readonly by_handle: string
  readonly at: number
}

function publisherOf({ id, issuer, claims, by_handle: by, at }: PublisherRow): TrustedPublisher {
  return { id, issuer, claims: JSON.parse(claims), by, at }
}

export async function trustedPublishers(
  parts: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
): Promise<readonly TrustedPublisher[]> {
  return await reading(parts, async (sql) => {
    const { row } = await requireRight(sql, { actor, ref }, mayManage)
    const rows = await sql.query<PublisherRow>`
      select * from library_publisher where library = ${row.id} order by sequence`
    return rows.map(publisherOf)
  })
}

/** `library/malformed-claims`, `library/too-many` */
export async function addTrustedPublisher(
  { changelog, world }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  { issuer, claims }: Pick<TrustedPublisher, 'issuer' | 'claims'>,
): Promise<TrustedPublisher> {
  checkPublisher(issuer, claims)
  const id = toHex(world.randomBytes(idBytes))
  return await changelog.commit(async (tx) => {
    const { row, actor: user } = await requireRight(tx, { actor, ref }, mayManage)
    const [counted] = await tx.query<{ count: number }>`
      select count(*) as count from library_publisher where library = ${row.id}`
    if ((counted?.count ?? 0) >= publishersMax)
      throw libraryFault('library/too-many', { what: 'trusted publishers', most: publishersMax })
    const change: LibraryChange = {
      ...{ kind: 'library/publisher-put', id, library: row.id, issuer, claims },
      by: user.handle,
      tells: { event: 'updated', library: row.id, by: user.handle },
    }
    await tx.record(change)
    return { id, issuer, claims, by: user.handle, at: tx.at }
  })
}

/** What every token of an issuer has, whoever it is of. https://www.rfc-editor.org/rfc/rfc7519#section-4.1 */
const ofEveryToken: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/** At least one claim says whose program it is: an issuer vouches for everybody's. */
function checkPublisher(issuer: string, claims: Readonly<Record<string, string>>): void {
  const url = URL.parse(issuer)
  const entries = Object.entries(claims)
  const isShort = entries.every(
    ([name, value]) => name.length <= charsMax && value.length <= charsMax,
  )
  const saysWho = entries.some(
    ([name, value]) => !ofEveryToken.has(name) && /[\p{L}\p{N}]/u.test(value),
  )
  if (url === null || !/^https?:$/.test(url.protocol) || issuer.length > charsMax)
    throw libraryFault('library/malformed-claims', { field: 'issuer' })
  if (!saysWho)
    throw libraryFault('library/malformed-claims', {
      field: 'claims',
      reason: 'One claim must say whose token it is, such as sub or repository.',
    })
  if (!isShort || entries.length > claimsMax)
    throw libraryFault('library/malformed-claims', { field: 'claims', most: claimsMax })
}

/** `library/no-such-publisher` */
export async function removeTrustedPublisher(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  id: string,
): Promise<void> {
  await changelog.commit(async (tx) => {
    const { row, actor: user } = await requireRight(tx, { actor, ref }, mayManage)
    const [found] = await tx.query`
      select 1 from library_publisher where id = ${id} and library = ${row.id}`
    if (found === undefined)
      throw libraryFault('library/no-such-publisher', { id: id.slice(0, 80) })
    const change: LibraryChange = {
      ...{ kind: 'library/publisher-removed', id },
      tells: { event: 'updated', library: row.id, by: user.handle },
    }
    await tx.record(change)
  })
}

/** Every claim that is asked for must be there, and be text that fits. */
export async function trustedBy(
  parts: LibraryParts,
  issuer: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<readonly (LibraryRef & { readonly publisher: TrustedPublisher })[]> {
  return await reading(parts, async (sql) => {
    const rows = await sql.query<PublisherRow & { scope: string; name: string }>`
      select p.*, l.scope, l.name from library_publisher p join library l on l.id = p.library
      where p.issuer = ${issuer} order by p.sequence`
    return rows
      .map((row) => ({ ...refOf(row), publisher: publisherOf(row) }))
      .filter(({ publisher }) =>
        Object.entries(publisher.claims).every(([name, pattern]) => {
          const value = Object.hasOwn(claims, name) ? claims[name] : undefined
          return typeof value === 'string' && fits(pattern, value)
        }),
      )
  })
}

/** Part by part: who trusts all branches of a place does not mean those of what lies below it. */
function fits(pattern: string, value: string): boolean {
  const [wanted, given] = [pattern.split('/'), value.split('/')]
  return (
    wanted.length === given.length && wanted.every((part, at) => wildcard(part)(given[at] ?? ''))
  )
}
