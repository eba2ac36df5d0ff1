/** A registry that a command may speak to, with the token that is for it and no other. */

import type { MdlibsContext } from '#cli/mdlibs/context'
import { readCredential } from '#cli/mdlibs/credentials'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { keepAgreement, readKnown } from '#cli/mdlibs/known-registries'
import {
  type ChosenRegistry,
  chooseRegistry,
  environmentTokenOrigin,
  needsConsent,
  type Wish,
} from '#cli/mdlibs/registry-choice'
import type { Settings } from '#cli/mdlibs/settings'

export interface RegistryAccess {
  readonly origin: string
  readonly token: string | undefined
  /** What there is a token for, when it is for somebody else: to be told when one is missed. */
  readonly tokenIsFor: string | undefined
}

/** `mdlibs/unknown-registry`, `mdlibs/registry-not-agreed`, and as `readSettings` */
export async function accessRegistry(
  context: MdlibsContext,
  wish: Omit<Wish, 'named'> = {},
): Promise<RegistryAccess> {
  const settings = await context.settings()
  const named = context.registryFlag()
  return await accessChosen(context, chooseRegistry(settings, { ...wish, named }))
}

/** As `accessRegistry`, for one that was chosen already. */
export async function accessChosen(
  context: MdlibsContext,
  chosen: ChosenRegistry,
): Promise<RegistryAccess> {
  const settings = await context.settings()
  await agree(context, { settings, chosen })
  const { origin } = chosen
  const kept = await readCredential(settings.places, origin)
  const { environmentToken } = settings
  if (environmentToken === undefined) return { origin, token: kept?.token, tokenIsFor: undefined }
  const tokenOrigin = environmentTokenOrigin(settings, context.registryFlag())
  if (tokenOrigin === origin) return { origin, token: environmentToken, tokenIsFor: undefined }
  return { origin, token: kept?.token, tokenIsFor: tokenOrigin }
}

/** Asked once for each registry. */
async function agree(
  { ask }: MdlibsContext,
  { settings, chosen }: { readonly settings: Settings; readonly chosen: ChosenRegistry },
): Promise<void> {
  if (!needsConsent(settings, chosen)) return
  const { places } = settings
  const { origin, from } = chosen
  if ((await readKnown(places, origin)).isAgreed) return
  const file = from === 'lock' ? 'mdlibs.lock' : '.mdlibs.toml'
  const question = `The ${file} of this project names the registry ${origin}, which you have not used so far. Use it? [y/N] `
  const answer = await ask?.line(question)
  if (!/^y(?:es)?$/i.test(answer?.trim() ?? '')) {
    throw mdlibsFault('mdlibs/registry-not-agreed', { origin, file })
  }
  await keepAgreement(places, origin)
}
