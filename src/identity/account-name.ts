/**
 * Names that people and teams take by themselves, which are the scopes of libraries. Stricter than handles that an administrator gives: a name that
 * could be taken for another one deceives whoever installs from it. No I/O here.
 */
import { personFault } from '#identity/faults'
import type { Handle } from '#identity/principal'

/** What a path, a host or a person of authority could be meant by. */
const reservedNames: ReadonlySet<string> = new Set(
  `about abuse access account accounts admin administrator admins advisories advisory all anonymous anybody api app assets audit auth badge badges billing
  blog ci cli config contact cyxcloud dashboard default demo dev docs-site download downloads edit error everybody everyone example explore favicon feed
  feeds files guest health healthz help home host http https info internal invitation invitations invite issues keys legal libraries library license
  livez localhost login logout mail mdlibs me metrics mirror moderation moderator mycelium new news nobody none null oauth oidc official openapi owner
  owners password ping policy postmaster pricing privacy private profile public publish query quota quotas readyz register registry releases resolve
  robots root rss scope scopes search security self session sessions settings setup sign-in sign-out sign-up signin signout signup site sitemap staff
  static stats status store support system team teams terms test token tokens trusted undefined unknown update upload user users verify version versions
  web webhook webhooks webmaster well-known www you`.split(/\s+/),
)

/** 3 to 32 letters, digits and single hyphens between them, in lower case. `identity/malformed-username` */
export function parseAccountName(text: string): Handle {
  if (/^[A-Za-z0-9](?:-?[A-Za-z0-9])*$/.test(text) && text.length >= 3 && text.length <= 32)
    return text.toLowerCase() as Handle // just parsed
  throw personFault('identity/malformed-username', { name: text.slice(0, 80) })
}

export function isReserved(name: string): boolean {
  return reservedNames.has(name)
}

/** What is left of a name when all that looks alike is made the same: two names with one skeleton are easily mistaken. */
export function skeletonOf(name: string): string {
  return name
    .replaceAll(/[._-]/g, '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('0', 'o')
    .replaceAll(/[1i]/g, 'l')
}
