/** The cookie that a browser is signed in by: a login token that no script can read, that no other site's page can send along, and only to this host. */
import type { MadeToken } from '#identity/tokens'

/** `__Host-`: browsers keep it only when it is Secure, for all paths, and given by this very host (RFC 6265bis, section 4.1.3.2). */
const name = '__Host-mdlibs'
const always = 'Path=/; Secure; HttpOnly; SameSite=Strict'

export function readLogin(header = ''): string | undefined {
  const pairs = header.split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

export function keepLogin({ text, info }: MadeToken, now: number): string {
  const seconds = Math.max(0, Math.floor(((info.expiresAt ?? now) - now) / 1000))
  return `${name}=${text}; ${always}; Max-Age=${seconds}`
}

export const forgetLogin = `${name}=; ${always}; Max-Age=0`
