/** The doors of libraries: the API, and the pages for people. Loaded with the first request for either: half of what a start would load is theirs. */
import type { AccountParts } from '#api/accounts/route'
import { accountRoutes } from '#api/accounts/routes'
import { createLibraryDoor } from '#api/library/door'
import { createLibraryPages } from '#api/library/pages/door'
import { Slots } from '#api/library/route'
import { libraryRoutes } from '#api/library/routes'
import { bindRoutes } from '#api/rest-route'
import type { HttpHandler } from '#http/message'
import type { Actor } from '#identity/actor'
import { personFault } from '#identity/faults'
import type { Libraries } from '#library/libraries'
import { readLibraryPageFiles } from '#main/library-page-files'
import type { LibraryServiceOptions } from '#main/library-service'
import { version } from '#main/version'
import type { Queryable } from '#sql/sql'

/** Each holds an open archive, a digest and the text that is searched; more of them would only share the same cores. */
const publishesAtOnce = 16

export interface LibraryDoors {
  readonly api: HttpHandler
  readonly pages: HttpHandler
}

export function openLibraryDoors(
  libraries: Libraries,
  options: LibraryServiceOptions,
): LibraryDoors {
  const { accounts, rules, publicUrl, auditLog } = options
  const pages = createLibraryPages({
    ...options,
    libraries,
    anonymousRead: rules.anonymousRead,
    removalWindowMs: rules.removalWindowMs,
    readFiles: readLibraryPageFiles,
    onUse: (actor) => libraries.countUse(actor),
  })
  const people: AccountParts = {
    ...{ accounts, auditLog, publicUrl, mayRemoveTeam },
    figures: (actor, scope) => scopeFigures(libraries, actor, scope),
    trustedBy: (issuer, claims) => libraries.trustedBy(issuer, claims),
    onSignedOn: (signedOn) => pages.signedOn(signedOn),
    onSignOnRefused: (failure) => pages.signOnRefused(failure),
  }
  const parts = {
    ...{ libraries, publicUrl, publishing: new Slots(publishesAtOnce) },
    archiveBytesMax: rules.archiveLimits.packedBytesMax,
  }
  const api = createLibraryDoor({
    ...options,
    routes: [...bindRoutes(accountRoutes, people), ...bindRoutes(libraryRoutes, parts)],
    authenticate: (token, from) => accounts.tokens.authenticate(token, from),
    anonymousRead: rules.anonymousRead,
    onUse: (actor) => libraries.countUse(actor),
    version,
  })
  return { api, pages: pages.answer }
}

/** A team stays while libraries are known by its name. `identity/team-in-use` */
async function mayRemoveTeam(tx: Queryable, { name }: { readonly name: string }): Promise<void> {
  const found = await tx.query`
    select 1 as found from library where scope = ${name} or owner = ${name} limit 1`
  if (found.length > 0) throw personFault('identity/team-in-use', { name })
}

const pageLibraries = 100

async function scopeFigures(libraries: Libraries, actor: Actor, scope: string) {
  let downloads = 0
  let cursor: string | undefined
  for (;;) {
    const page = { scope, perPage: pageLibraries, ...(cursor === undefined ? {} : { cursor }) }
    const { libraries: found, total, next } = await libraries.find(actor, page)
    downloads += found.reduce((sum, one) => sum + one.downloads, 0)
    if (next === undefined) return { libraries: total, downloads }
    cursor = next
  }
}
