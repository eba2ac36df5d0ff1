/** Where the pages of libraries are. `@` begins whatever belongs to somebody, so that no name can take the place of a page. */

/** What addresses are made of; checked elsewhere. */
export interface LibraryNames {
  readonly scope: string
  readonly name: string
}

export const homePath = '/'
export const searchPath = '/search'
export const signInPath = '/login'
export const signOutPath = '/logout'
export const registerPath = '/register'
export const accountPath = '/account'
export const tokensPath = '/account/tokens'
export const passwordPath = '/account/password'
export const codesPath = '/account/codes'
export const loginsPath = '/account/logins'
export const moderationPath = '/moderation'
export const advisoriesPath = '/advisories'
export const newTeamPath = '/new-team'

/** Where signing in elsewhere begins: the API's way, which leads back here. */
export function signOnPath(provider: string, next: string): string {
  return withQuery(`/api/v1/auth/oidc/${encodeURIComponent(provider)}/start`, { next })
}

export function scopePath(scope: string): string {
  return `/@${encodeURIComponent(scope)}`
}

/** Who belongs to a team. */
export function membersPath(team: string): string {
  return `${scopePath(team)}/-/members`
}

/** What somebody, or a team, may store and publish. */
export function quotaPath(scope: string): string {
  return `${scopePath(scope)}/-/quota`
}

/** What is known against a library; `id`: one of it. */
export function libraryAdvisoriesPath(library: LibraryNames, id?: string): string {
  const path = `${libraryPath(library)}/advisories`
  return id === undefined ? path : `${path}#${encodeURIComponent(id)}`
}

export function libraryPath({ scope, name }: LibraryNames): string {
  return `${scopePath(scope)}/${encodeURIComponent(name)}`
}

export function settingsPath(library: LibraryNames): string {
  return `${libraryPath(library)}/settings`
}

export function versionsPath(library: LibraryNames): string {
  return `${libraryPath(library)}/versions`
}

/** Where all versions of a library are deleted. */
export function deleteLibraryPath(library: LibraryNames): string {
  return `${libraryPath(library)}/delete`
}

export function deleteVersionPath(library: LibraryNames, version: string): string {
  return `${versionPath(library, version)}/delete`
}

export function insidePath(library: LibraryNames): string {
  return `${libraryPath(library)}/search`
}

export function comparePath(library: LibraryNames): string {
  return `${libraryPath(library)}/compare`
}

export function versionPath(library: LibraryNames, version: string): string {
  return `${libraryPath(library)}/v/${encodeURIComponent(version)}`
}

export function filePath(library: LibraryNames, version: string, path = ''): string {
  return `${versionPath(library, version)}/files${belowPath(path)}`
}

/** Its bytes, for browsers. */
export function rawPath(library: LibraryNames, version: string, path: string): string {
  return `${versionPath(library, version)}/raw${belowPath(path)}`
}

/** The library as the API gives it. */
export function libraryApiPath({ scope, name }: LibraryNames): string {
  return `/api/v1/libraries/${encodeURIComponent(scope)}/${encodeURIComponent(name)}`
}

/** The archive of a version: for whoever may read the page, by the same cookie. */
export function archivePath(library: LibraryNames, version: string): string {
  return `${versionPath(library, version)}/archive`
}

export function withQuery(
  path: string,
  values: Readonly<Record<string, string | number | undefined>>,
): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === ''
      ? []
      : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  )
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

function belowPath(path: string): string {
  return path === '' ? '' : `/${path.split('/').map(encodeURIComponent).join('/')}`
}
