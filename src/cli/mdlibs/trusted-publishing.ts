/**
 * Publishing without a token that lasts: the system that builds vouches for the build (an OpenID Connect ID token), and the registry gives a token for
 * a quarter of an hour and one library for it, when that library trusts it.
 */
import { z } from 'zod'
import { fromBase64url } from '#bytes/text'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import type { RegistryAccess } from '#cli/mdlibs/registry-access'
import type { RegistryApi } from '#cli/mdlibs/registry-api'

const exchanged = z.looseObject({ token: z.string().min(1) })
const sourceAnswer = z.looseObject({ value: z.string().min(1) })
const claims = z.looseObject({ aud: z.union([z.string(), z.array(z.string())]) })

/** `undefined` where nobody vouches. `mdlibs/id-token-unusable` */
export async function findIdToken(
  context: MdlibsContext,
  { origin }: Pick<RegistryAccess, 'origin'>,
): Promise<string | undefined> {
  const { idToken, idTokenSource } = await context.settings()
  if (idToken !== undefined) {
    refuseOtherAudience(idToken, origin)
    return idToken
  }
  return idTokenSource === undefined ? undefined : await askSource(context, idTokenSource, origin)
}

/** `library`: `@scope/name`. `mdlibs/denied` when it trusts nobody of that kind. */
export async function exchangeIdToken(
  api: RegistryApi,
  { idToken, library }: { readonly idToken: string; readonly library: string },
): Promise<string> {
  const body = { token: idToken, library }
  const ask = { method: 'POST', body, schema: exchanged } as const
  return (await api.json('/auth/oidc/exchange', ask)).token
}

/** Whoever gets it could use it where it is meant for. An audience that is no address is a name that an operator has agreed on. */
function refuseOtherAudience(idToken: string, origin: string): void {
  const { aud } = claimsOf(idToken)
  const places = [aud].flat().flatMap((one) => URL.parse(one)?.origin ?? [])
  if (places.length === 0 || places.includes(origin)) return
  const reason = `it is for ${places.join(' and ')}`
  throw mdlibsFault('mdlibs/id-token-unusable', { registry: origin, reason })
}

function claimsOf(idToken: string): z.infer<typeof claims> {
  try {
    const [, payload = ''] = idToken.split('.')
    return claims.parse(JSON.parse(new TextDecoder().decode(fromBase64url(payload))))
  } catch {
    const reason = 'it is no signed JSON Web Token with an audience'
    throw mdlibsFault('mdlibs/id-token-unusable', { reason })
  }
}

async function askSource(
  { signal }: MdlibsContext,
  { url: text, token }: { readonly url: string; readonly token: string },
  audience: string,
): Promise<string> {
  const url = URL.parse(text)
  url?.searchParams.set('audience', audience)
  try {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
    const answer = await fetch(url ?? text, { headers, signal, redirect: 'error' })
    return sourceAnswer.parse(await answer.json()).value
  } catch (cause) {
    signal.throwIfAborted()
    const reason = 'the system that builds gives none (ACTIONS_ID_TOKEN_REQUEST_URL)'
    throw mdlibsFault('mdlibs/id-token-unusable', { registry: audience, reason }, cause)
  }
}
