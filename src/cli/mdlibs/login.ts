/** `mdlibs login`, `logout` and `whoami`. */
import { z } from 'zod'
import { cliFault } from '#cli/faults'
import type { MdlibsContext } from '#cli/mdlibs/context'
import {
  type Credential,
  forgetCredential,
  keepCredential,
  readCredential,
} from '#cli/mdlibs/credentials'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { openAccess, openOwnRegistry } from '#cli/mdlibs/open-registry'
import { parseOrigin } from '#cli/mdlibs/origin'
import { accessRegistry } from '#cli/mdlibs/registry-access'
import type { RegistryApi } from '#cli/mdlibs/registry-api'
import { addUnnamed } from '#cli/mdlibs/registry-settings'
import { give, note, tell } from '#cli/mdlibs/say'
import { isFault } from '#fault/fault'
import { collect } from '#stream/collect'

export interface LoginOptions {
  /** Instead of `--registry`; it becomes one of the user's. */
  readonly url: string | undefined
  readonly username: string | undefined
  /** A token that there is already; `-` reads it from standard input. */
  readonly token: string | undefined
}

const loginAnswer = z.looseObject({
  token: z.string().min(1),
  expires_at: z.string().nullish(),
  user: z.looseObject({ username: z.string() }),
})

const me = z.looseObject({
  id: z.string(),
  username: z.string(),
  email: z.string().nullish(),
  libraries_count: z.number().optional(),
  token: z
    .looseObject({
      name: z.string().optional(),
      scopes: z.array(z.string()).optional(),
      expires_at: z.string().nullish(),
    })
    .optional(),
})

/** `mdlibs/no-terminal`, `mdlibs/login-needed` for a wrong password, and as `openRegistry` */
export async function login(context: MdlibsContext, options: LoginOptions): Promise<void> {
  const api = await openForLogin(context, options.url)
  const credential =
    options.token === undefined
      ? await askForToken(context, { api, options })
      : await checkToken(context, { api, given: options.token })
  const { places } = await context.settings()
  await keepCredential(places, api.origin, credential)
  const { username, expiresAt } = credential
  tell(context, `✓ Logged in to ${api.origin} as ${username}`)
  tell(context, `Token saved to ${places.credentials}`)
  if (context.isJson) {
    give(context, { registry: api.origin, username, expires_at: expiresAt ?? null }, [])
  }
}

async function openForLogin(context: MdlibsContext, url: string | undefined): Promise<RegistryApi> {
  if (url === undefined) {
    const { origin } = await accessRegistry(context)
    tell(context, `Registry: ${origin}`)
    return await openAccess(context, { origin, token: undefined, tokenIsFor: undefined })
  }
  if (context.registryFlag() !== undefined) {
    throw cliFault('cli/mistaken-usage', { mistakes: 'Give either an address or --registry.' })
  }
  const origin = parseOrigin(url)
  await addUnnamed(context, origin)
  return await openAccess(context, { origin, token: undefined, tokenIsFor: undefined })
}

interface LoginWork {
  readonly api: RegistryApi
  readonly options: LoginOptions
}

/** Asks for a code when the registry does. */
async function askForToken(
  { ask }: MdlibsContext,
  { api, options }: LoginWork,
): Promise<Credential> {
  if (ask === undefined) throw mdlibsFault('mdlibs/no-terminal', { wanted: 'A password' })
  const username = options.username ?? (await ask.line('Username: ')).trim()
  const password = await ask.hidden('Password: ')
  const send = async (code?: string): Promise<Credential> => {
    const body = { username, password, ...(code === undefined ? {} : { code }) }
    const { token, expires_at, user } = await api.json('/auth/login', {
      ...{ method: 'POST', body, schema: loginAnswer },
    })
    return { token, username: user.username, expiresAt: expires_at ?? undefined, isGiven: false }
  }
  try {
    return await send()
  } catch (error) {
    if (!isFault(error, 'mdlibs/login-needed') || error.detail['reason'] !== codeIsNeeded)
      throw error
  }
  return await send((await ask.line('Code of your authenticator: ')).trim())
}

/** How a registry says that the password was right, and a code is missing. */
const codeIsNeeded = 'CODE_REQUIRED'

async function checkToken(
  context: MdlibsContext,
  { api, given }: { readonly api: RegistryApi; readonly given: string },
): Promise<Credential> {
  const text = given === '-' ? new TextDecoder().decode(await collect(context.stdin())) : given
  const token = text.trim()
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw cliFault('cli/mistaken-usage', { mistakes: 'That is no token: it has no spaces in it.' })
  }
  if (given !== '-')
    note(context, 'Note: others on this machine can see arguments. --token - reads it from stdin.')
  const trying = await openAccess(context, { origin: api.origin, token, tokenIsFor: undefined })
  const { username, token: facts } = await trying.json('/users/me', { schema: me })
  return { token, username, expiresAt: facts?.expires_at ?? undefined, isGiven: true }
}

/** A token that was made by `login` is revoked, too. */
export async function logout(context: MdlibsContext): Promise<void> {
  const { places, environmentToken } = await context.settings()
  const { origin } = await accessRegistry(context)
  const kept = await readCredential(places, origin)
  if (environmentToken !== undefined) {
    note(context, 'Note: MDLIBS_TOKEN is set, and stays so.')
  }
  if (kept === undefined) {
    return give(context, { registry: origin, was_logged_in: false }, [
      `You were not logged in at ${origin}.`,
    ])
  }
  if (!kept.isGiven) await revoke(context, { origin, token: kept.token })
  await forgetCredential(places, origin)
  const lines = [`✓ Logged out of ${origin}`]
  if (kept.isGiven) lines.push('The token itself is still good: mdlibs token revoke NAME ends it.')
  give(context, { registry: origin, was_logged_in: true }, lines)
}

/** A registry that is away, or knows the token no more, keeps nobody from logging out. */
async function revoke(
  context: MdlibsContext,
  { origin, token }: { readonly origin: string; readonly token: string },
): Promise<void> {
  try {
    const api = await openAccess(context, { origin, token, tokenIsFor: undefined })
    await api.done('/auth/logout', { method: 'POST' })
  } catch (error) {
    context.signal.throwIfAborted()
    if (isFault(error, 'mdlibs/login-needed')) return
    if (!isFault(error)) throw error
    note(
      context,
      `Note: ${origin} was not told (${error.code}): the token is good there until it runs out.`,
    )
  }
}

/** `mdlibs/not-logged-in`, and as `openRegistry` */
export async function whoami(context: MdlibsContext): Promise<void> {
  const api = await openOwnRegistry(context)
  const facts = await api.json('/users/me', { schema: me })
  const { username, token } = facts
  give(context, { registry: api.origin, ...facts }, [
    `Logged in to: ${api.origin}`,
    `Username: ${username}`,
    `Scope: @${username}`,
    ...(token?.scopes === undefined ? [] : [`Token may: ${token.scopes.join(', ')}`]),
    `Token expires: ${token?.expires_at?.slice(0, 10) ?? 'never'}`,
  ])
}
