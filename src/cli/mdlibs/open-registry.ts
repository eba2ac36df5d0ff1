/** From what a command is about to a client of the registry that has it. */
import { readFile } from 'node:fs/promises'
import { fileFault } from '#cli/local-file'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { makePrivate } from '#cli/mdlibs/credentials'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { accessChosen, accessRegistry, type RegistryAccess } from '#cli/mdlibs/registry-access'
import { RegistryApi } from '#cli/mdlibs/registry-api'
import type { ChosenRegistry } from '#cli/mdlibs/registry-choice'
import { note } from '#cli/mdlibs/say'

/** As `accessRegistry`, and `mdlibs/insecure-registry`. */
export async function openRegistry(
  context: MdlibsContext,
  wish: { readonly scope?: string } = {},
): Promise<RegistryApi> {
  return await openAccess(context, await accessRegistry(context, wish))
}

/** As `openRegistry`, of one that was chosen already. */
export async function openChosen(
  context: MdlibsContext,
  chosen: ChosenRegistry,
): Promise<RegistryApi> {
  return await openAccess(context, await accessChosen(context, chosen))
}

/** As `openRegistry`, for what nobody may do without a token. `mdlibs/not-logged-in` */
export async function openOwnRegistry(
  context: MdlibsContext,
  wish: { readonly scope?: string } = {},
): Promise<RegistryApi> {
  const access = await accessRegistry(context, wish)
  const { origin, token, tokenIsFor } = access
  if (token === undefined) {
    throw mdlibsFault('mdlibs/not-logged-in', { registry: origin, tokenIsFor })
  }
  return await openAccess(context, access)
}

export async function openAccess(
  context: MdlibsContext,
  access: RegistryAccess,
): Promise<RegistryApi> {
  const { timeoutMs, insecure, cafile, places } = await context.settings()
  const { world, signal, userAgent } = context
  if (insecure !== undefined) context.trust.anybody()
  if (cafile !== undefined) {
    const certificates = await readFile(cafile.value, 'utf8').catch((cause) => {
      throw fileFault(cafile.value, cause)
    })
    try {
      context.trust.also(certificates)
    } catch (cause) {
      const reason = 'there is no certificate in it (PEM is expected)'
      throw mdlibsFault('mdlibs/malformed-cafile', { path: cafile.value, reason }, cause)
    }
  }
  if (await makePrivate(places)) {
    note(context, `Note: others could read ${places.credentials}. Now they cannot.`)
  }
  const options = { world, signal, userAgent, insecure, timeoutMs: timeoutMs.value }
  return new RegistryApi({ ...access, ...options })
}
