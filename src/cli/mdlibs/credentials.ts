/** Tokens, each under the origin of the registry that gave it, in a file that only its owner may read. */
import { chmod, stat } from 'node:fs/promises'
import { z } from 'zod'
import type { Places } from '#cli/mdlibs/places'
import { changeToml, readToml } from '#cli/mdlibs/toml-file'

const privateMode = 0o600

const credential = z.looseObject({
  token: z.string().min(1),
  username: z.string().optional(),
  expires_at: z.string().optional(),
  given: z.boolean().default(false),
})
const file = z.record(z.string(), credential)

export interface Credential {
  readonly token: string
  readonly username: string | undefined
  /** As the registry said it: RFC 3339. */
  readonly expiresAt: string | undefined
  /** It was not made by logging in, so logging out does not end it. */
  readonly isGiven: boolean
}

/** Of this origin and no other. `mdlibs/mistaken-settings`, `cli/file-unusable` */
export async function readCredential(
  { credentials: path }: Pick<Places, 'credentials'>,
  origin: string,
): Promise<Credential | undefined> {
  const all = await readToml(path, file)
  const found = Object.hasOwn(all, origin) ? all[origin] : undefined
  if (found === undefined) return undefined
  const { token, username, expires_at: expiresAt, given: isGiven } = found
  return { token, username, expiresAt, isGiven }
}

/** Takes away what others may do with the file; true when they could. */
export async function makePrivate({
  credentials: path,
}: Pick<Places, 'credentials'>): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined)
  if (facts === undefined || (facts.mode & 0o077) === 0) return false
  await chmod(path, privateMode)
  return true
}

export async function keepCredential(
  { credentials: path }: Pick<Places, 'credentials'>,
  origin: string,
  { token, username, expiresAt, isGiven }: Credential,
): Promise<void> {
  const fields = { username, token, expires_at: expiresAt, given: isGiven || undefined }
  const edits = Object.entries(fields).map(([key, value]) =>
    value === undefined
      ? ({ kind: 'unset', table: [origin], key } as const)
      : ({ kind: 'set', table: [origin], key, value } as const),
  )
  await changeToml(path, edits, { mode: privateMode })
}

/** Whether there was one. */
export async function forgetCredential(
  places: Pick<Places, 'credentials'>,
  origin: string,
): Promise<boolean> {
  if ((await readCredential(places, origin)) === undefined) return false
  const edit = { kind: 'unset', table: [], key: origin } as const
  await changeToml(places.credentials, [edit], { mode: privateMode })
  return true
}
