/**
 * Who may do what with a library: pure, and the only place that decides it. A token narrows what its user may do: by scopes (`read`, `publish`,
 * `yank`), and by globs of the libraries it is for. Whoever may not read a library is not told that it is there.
 */
import { type Actor, isAllowed, type TokenScope, type UserActor } from '#identity/actor'
import type { GrantRole, LibraryRef, Visibility } from '#library/model'
import { formatLibraryRef } from '#library/name'

/** What rights are decided by. */
export interface GuardedLibrary extends LibraryRef {
  readonly visibility: Visibility
  /** Handle of a user or team. */
  readonly owner: string
  readonly coOwners: readonly string[]
  /** By handle of a user or team. */
  readonly grants: ReadonlyMap<string, GrantRole>
}

/** What somebody is to a handle: its own, or of its team. */
type Standing = 'admin' | 'member' | 'reader' | 'none'

/** Whether readers without a token are let in at all (`anonymous_read`) is asked before, by whoever serves. */
export function mayRead(actor: Actor, library: GuardedLibrary): boolean {
  if (library.visibility === 'public') return true
  if (actor.kind === 'anonymous' || !allows(actor, 'read', library)) return false
  if (library.visibility === 'internal' || actor.isAdmin) return true
  return isInside(actor, library)
}

/** A version of a library that is there. */
export function mayPublish(actor: Actor, library: GuardedLibrary): actor is UserActor {
  if (actor.kind === 'anonymous' || !allows(actor, 'publish', library)) return false
  if (actor.isAdmin) return true
  return (
    ownersOf(library).some((owner) => isAtLeast(standing(actor, owner), 'member')) ||
    holdsGrant(actor, library, (role) => role === 'publish')
  )
}

/** The first version of a library under this scope. */
export function mayCreate(actor: Actor, ref: LibraryRef): actor is UserActor {
  if (actor.kind === 'anonymous' || !allows(actor, 'publish', ref)) return false
  return actor.isAdmin || isAtLeast(standing(actor, ref.scope), 'member')
}

/** To yank, to deprecate, to delete: a member of the owning team only what it published itself. */
export function mayYank(
  actor: Actor,
  library: GuardedLibrary,
  { publishedBy }: { readonly publishedBy: string },
): actor is UserActor {
  if (actor.kind === 'anonymous' || !allows(actor, 'yank', library)) return false
  if (isManager(actor, library)) return true
  const isOwn = publishedBy === actor.handle
  return isOwn && ownersOf(library).some((owner) => isAtLeast(standing(actor, owner), 'member'))
}

/** Visibility, settings, owners, grants, publishers, what waits. */
export function mayManage(actor: Actor, library: GuardedLibrary): actor is UserActor {
  if (actor.kind === 'anonymous' || !allows(actor, 'admin:team', library)) return false
  return isManager(actor, library)
}

/** To yank, deprecate and delete all that a library has. */
export function mayYankAll(actor: Actor, library: GuardedLibrary): actor is UserActor {
  if (actor.kind === 'anonymous' || !allows(actor, 'yank', library)) return false
  return isManager(actor, library)
}

/** What they published themselves, at least. */
export function mayYankOwn(actor: Actor, library: GuardedLibrary): actor is UserActor {
  return actor.kind === 'user' && mayYank(actor, library, { publishedBy: actor.handle })
}

/** In the name of a handle: to take what is offered to it, to see what it uses. */
export function maySpeakFor(actor: Actor, handle: string): actor is UserActor {
  if (actor.kind === 'anonymous') return false
  return actor.isAdmin || standing(actor, handle) === 'admin'
}

/** The whole registry: moderation, quotas, advisories, others' figures. */
export function mayAdminister(actor: Actor): actor is UserActor {
  return actor.kind === 'user' && actor.isAdmin && actor.token.scopes.includes('admin:team')
}

/** Handles that this actor may read private libraries as: for queries; what `mayRead` decides for one. */
export function handlesOf(actor: UserActor): readonly string[] {
  return [actor.handle, ...actor.teams.keys()]
}

/** Of a login token everything; of others what they say. */
function allows(actor: UserActor, scope: TokenScope, ref: LibraryRef): boolean {
  return isAllowed(actor.token, scope, formatLibraryRef(ref))
}

function isManager(actor: UserActor, library: GuardedLibrary): boolean {
  return actor.isAdmin || ownersOf(library).some((owner) => standing(actor, owner) === 'admin')
}

/** Of the owners, or whom they have let in. */
function isInside(actor: UserActor, library: GuardedLibrary): boolean {
  return (
    ownersOf(library).some((owner) => standing(actor, owner) !== 'none') ||
    holdsGrant(actor, library, () => true)
  )
}

function ownersOf({ owner, coOwners }: GuardedLibrary): readonly string[] {
  return [owner, ...coOwners]
}

function holdsGrant(
  actor: UserActor,
  { grants }: GuardedLibrary,
  suits: (role: GrantRole) => boolean,
): boolean {
  return handlesOf(actor).some((handle) => {
    const role = grants.get(handle)
    return role !== undefined && suits(role)
  })
}

/** Everybody administers their own handle. */
function standing(actor: UserActor, handle: string): Standing {
  if (actor.handle === handle) return 'admin'
  return actor.teams.get(handle) ?? 'none'
}

const ranks: Readonly<Record<Standing, number>> = { none: 0, reader: 1, member: 2, admin: 3 }

function isAtLeast(one: Standing, least: Standing): boolean {
  return ranks[one] >= ranks[least]
}
