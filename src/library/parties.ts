/** Who else owns a library, and whom its owners have let in. Nobody comes to own anything without having said yes. */
import type { CommitTransaction } from '#changelog/change'
import type { Actor, UserActor } from '#identity/actor'
import { libraryJson } from '#library/_dump'
import {
  type FoundLibrary,
  findLibrary,
  reading,
  refOf,
  requireReadable,
  requireRight,
} from '#library/_rows'
import type { LibraryChange, PartyRole, PartyRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { GrantRole, Invitation, LibraryGrant, LibraryRef, Owners } from '#library/model'
import type { LibraryParts } from '#library/parts'
import { mayManage, maySpeakFor } from '#library/rights'
import type { Queryable } from '#sql/sql'

const partiesMax = 200

const rolesOf: Readonly<Record<Invitation['kind'], PartyRole>> = {
  'co-owner': 'asked-to-own',
  transfer: 'asked-to-take',
}

export async function owners(parts: LibraryParts, actor: Actor, ref: LibraryRef): Promise<Owners> {
  return await reading(parts, async (sql) => {
    const { row, guarded } = await requireReadable(sql, parts, { actor, ref })
    const asked = mayManage(actor, guarded) ? await askedRows(sql, row.id) : []
    return {
      owner: row.owner,
      coOwners: guarded.coOwners,
      invitations: asked.map((party) => invitationOf(ref, party)),
    }
  })
}

async function askedRows(sql: Queryable, library: number): Promise<readonly PartyRow[]> {
  return await sql.query<PartyRow>`
    select * from library_party
    where library = ${library} and role in ('asked-to-own', 'asked-to-take') order by handle, role`
}

function invitationOf(ref: LibraryRef, { handle, role, by_handle: by, at }: PartyRow): Invitation {
  const { scope, name } = ref
  return {
    scope,
    name,
    kind: role === 'asked-to-take' ? 'transfer' : 'co-owner',
    to: handle,
    by,
    at,
  }
}

/** `library/no-such-scope`; one who owns it already is `library/malformed-text`. */
export async function invite(
  { changelog, scopes }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  { handle, kind }: { readonly handle: string; readonly kind: Invitation['kind'] },
): Promise<Invitation> {
  const isKnown = (await scopes.find(handle)) !== undefined
  return await changelog.commit(async (tx) => {
    const found = await requireRight(tx, { actor, ref }, mayManage)
    if (!isKnown) throw libraryFault('library/no-such-scope', { scope: handle.slice(0, 80) })
    const { owner, coOwners } = found.guarded
    if (handle === owner || (kind === 'co-owner' && coOwners.includes(handle)))
      throw libraryFault('library/malformed-text', { field: 'handle', reason: 'owns it already' })
    await putParty(tx, found, { handle, role: rolesOf[kind] })
    return { ...refOf(ref), kind, to: handle, by: found.actor.handle, at: tx.at }
  })
}

export async function invitations(
  parts: LibraryParts,
  actor: Actor,
): Promise<readonly Invitation[]> {
  if (actor.kind === 'anonymous') throw libraryFault('library/sign-in-needed')
  return await reading(parts, async (sql) => {
    const found: Invitation[] = []
    const handles = [actor.handle, ...actor.teams.keys()].filter((one) => maySpeakFor(actor, one))
    for (const handle of handles) {
      const rows = await sql.query<PartyRow & { scope: string; name: string }>`
        select p.*, l.scope, l.name from library_party p join library l on l.id = p.library
        where p.handle = ${handle} and p.role in ('asked-to-own', 'asked-to-take') order by p.at, p.library`
      found.push(...rows.map((row) => invitationOf(refOf(row), row)))
    }
    return found
  })
}

/** `library/no-such-invitation`: nobody has asked, or the actor does not speak for `handle`. */
export async function accept(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  handle: string,
): Promise<void> {
  await changelog.commit(async (tx) => {
    const { found, role, user } = await requireInvitation(tx, { actor, ref, handle })
    await removeParty(tx, found, { handle, role })
    if (role === 'asked-to-own')
      return await putParty(tx, { ...found, actor: user }, { handle, role: 'co-owner' })
    await removeParty(tx, found, { handle, role: 'co-owner' })
    const change: LibraryChange = {
      ...{ kind: 'library/put', ...libraryJson(found.row), owner: handle },
      tells: { event: 'transferred', library: found.row.id, by: user.handle },
    }
    await tx.record(change)
  })
}

export async function decline(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  handle: string,
): Promise<void> {
  await changelog.commit(async (tx) => {
    const { found, role } = await requireInvitation(tx, { actor, ref, handle })
    await removeParty(tx, found, { handle, role })
  })
}

async function requireInvitation(
  tx: Queryable,
  {
    actor,
    ref,
    handle,
  }: { readonly actor: Actor; readonly ref: LibraryRef; readonly handle: string },
): Promise<{ readonly found: FoundLibrary; readonly role: PartyRole; readonly user: UserActor }> {
  if (actor.kind === 'anonymous') throw libraryFault('library/sign-in-needed')
  const found = await findLibrary(tx, ref)
  const asked = found === undefined ? [] : await askedRows(tx, found.row.id)
  const party = asked.find((row) => row.handle === handle)
  const mayAnswer =
    found !== undefined && (maySpeakFor(actor, handle) || mayManage(actor, found.guarded))
  if (found === undefined || party === undefined || !mayAnswer)
    throw libraryFault('library/no-such-invitation', { handle: handle.slice(0, 80) })
  return { found, role: party.role as PartyRole, user: actor } // put there by us
}

/** Somebody who is one may go; the others are for who manages it. `library/last-owner`, `library/no-such-owner` */
export async function removeOwner(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  handle: string,
): Promise<void> {
  await changelog.commit(async (tx) => {
    const found = await requireRight(tx, { actor, ref }, mayManage)
    if (handle === found.guarded.owner) throw libraryFault('library/last-owner', { owner: handle })
    if (!found.guarded.coOwners.includes(handle))
      throw libraryFault('library/no-such-owner', { owner: handle.slice(0, 80) })
    await removeParty(tx, found, { handle, role: 'co-owner' })
  })
}

export async function grants(
  parts: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
): Promise<readonly LibraryGrant[]> {
  return await reading(parts, async (sql) => {
    const { guarded } = await requireRight(sql, { actor, ref }, mayManage)
    return [...guarded.grants].map(([to, role]) => ({ to, role }))
  })
}

/** `library/no-such-scope` */
export async function setGrant(
  { changelog, scopes }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  { to: handle, role }: { readonly to: string; readonly role: GrantRole },
): Promise<void> {
  const isKnown = (await scopes.find(handle)) !== undefined
  await changelog.commit(async (tx) => {
    const found = await requireRight(tx, { actor, ref }, mayManage)
    if (!isKnown) throw libraryFault('library/no-such-scope', { scope: handle.slice(0, 80) })
    const other: GrantRole = role === 'read' ? 'publish' : 'read'
    if (found.guarded.grants.get(handle) === other)
      await removeParty(tx, found, { handle, role: other })
    await putParty(tx, found, { handle, role })
  })
}

/** `library/no-such-grant` */
export async function removeGrant(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  handle: string,
): Promise<void> {
  await changelog.commit(async (tx) => {
    const found = await requireRight(tx, { actor, ref }, mayManage)
    const role = found.guarded.grants.get(handle)
    if (role === undefined) throw libraryFault('library/no-such-grant', { to: handle.slice(0, 80) })
    await removeParty(tx, found, { handle, role })
  })
}

async function putParty(
  tx: CommitTransaction,
  { row, actor }: Pick<FoundLibrary, 'row'> & { readonly actor: UserActor },
  { handle, role }: { readonly handle: string; readonly role: PartyRole },
): Promise<void> {
  const [counted] = await tx.query<{ count: number }>`
    select count(*) as count from library_party where library = ${row.id}`
  if ((counted?.count ?? 0) >= partiesMax)
    throw libraryFault('library/too-many', {
      what: 'owners, grants and invitations',
      most: partiesMax,
    })
  const change: LibraryChange = {
    ...{ kind: 'library/party-put', library: row.id, handle, role },
    by: actor.handle,
  }
  await tx.record(change)
}

async function removeParty(
  tx: CommitTransaction,
  { row }: Pick<FoundLibrary, 'row'>,
  { handle, role }: { readonly handle: string; readonly role: PartyRole },
): Promise<void> {
  const change: LibraryChange = { kind: 'library/party-removed', library: row.id, handle, role }
  await tx.record(change)
}
