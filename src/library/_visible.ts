/** `mayRead` of `rights.ts` as a condition on rows of `library l`. The two must say the same: a test compares them. */
import { type Actor, everyLibrary, type UserActor } from '#identity/actor'
import { type Clause, clause, joined } from '#library/_clauses'
import { handlesOf } from '#library/rights'

export function visibleTo(actor: Actor): Clause {
  if (actor.kind === 'anonymous' || !actor.token.scopes.includes('read'))
    return clause`l.visibility = 'public'`
  const inside = clause`(${isNamed(actor)} and ${isInside(actor)})`
  return clause`(l.visibility = 'public' or ${inside})`
}

/** Whoever sees nothing but what is public needs no look at each. */
export function seesOnlyPublic(actor: Actor): boolean {
  return actor.kind === 'anonymous' || !actor.token.scopes.includes('read')
}

function isNamed({ token }: UserActor): Clause {
  if (token.globs.includes(everyLibrary)) return clause`1 = 1`
  const likes = token.globs.map(
    (glob) => clause`('@' || l.scope || '/' || l.name) like ${likeOf(glob)} escape '\\'`,
  )
  return clause`(${joined(likes, clause` or `, clause`1 = 0`)})`
}

function isInside(actor: UserActor): Clause {
  if (actor.isAdmin) return clause`1 = 1`
  const handles = `|${handlesOf(actor).join('|')}|` // handles have no bars
  return clause`(l.visibility = 'internal' or ${handles} like ('%|' || l.owner || '|%')
    or exists (select 1 from library_party p where p.library = l.id
      and p.role in ('co-owner', 'read', 'publish') and ${handles} like ('%|' || p.handle || '|%')))`
}

/** Names have one slash, so `%` matches what `*` does. */
function likeOf(glob: string): string {
  return glob
    .split('*')
    .map((part) => part.replace(/[\\%_]/g, '\\$&'))
    .join('%')
}
