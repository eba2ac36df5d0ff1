/** `mdlibs owner` and `mdlibs grant`: who manages a library, and who else may read or publish it. */
import { z } from 'zod'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { parseSpec, pathOf } from '#cli/mdlibs/library-spec'
import { openOwnRegistry, openRegistry } from '#cli/mdlibs/open-registry'
import { ownHandle } from '#cli/mdlibs/own-handle'
import type { RegistryApi } from '#cli/mdlibs/registry-api'
import { give } from '#cli/mdlibs/say'
import type { LibraryRef } from '#library/name'

const invitation = z.looseObject({
  scope: z.string(),
  name: z.string(),
  kind: z.string(),
  to: z.string(),
  by: z.string(),
})
const ownerList = z.looseObject({
  owner: z.string(),
  co_owners: z.array(z.string()),
  invitations: z.array(invitation),
})
const invitationList = z.looseObject({ invitations: z.array(invitation) })
const grantList = z.looseObject({
  grants: z.array(z.looseObject({ to: z.string(), role: z.string() })),
})

interface Managed {
  readonly api: RegistryApi
  readonly ref: LibraryRef
  readonly library: string
}

async function openManaged(context: MdlibsContext, text: string): Promise<Managed> {
  const { ref, library } = parseSpec(text)
  return { api: await openOwnRegistry(context, { scope: ref.scope }), ref, library }
}

export async function listOwners(context: MdlibsContext, text: string): Promise<void> {
  const { ref, library } = parseSpec(text)
  const api = await openRegistry(context, { scope: ref.scope })
  const facts = await api.json(pathOf(ref, 'owners'), { schema: ownerList })
  give(context, { library, ...facts }, [
    `${facts.owner} (owner)`,
    ...facts.co_owners.map((handle) => `${handle} (co-owner)`),
    ...facts.invitations.map(({ to, kind, by }) => `${to} (asked by ${by}: ${kind})`),
  ])
}

/** They have to accept. */
export async function inviteOwner(
  context: MdlibsContext,
  text: string,
  { handle, isTransfer }: { readonly handle: string; readonly isTransfer: boolean },
): Promise<void> {
  const { api, ref, library } = await openManaged(context, text)
  const path = pathOf(ref, isTransfer ? 'transfer' : 'owners')
  await api.done(path, { method: 'POST', body: { handle } })
  const what = isTransfer ? 'to own it instead' : 'to own it too'
  const lines = [`✓ ${handle} is asked ${what}. They accept with: mdlibs owner accept ${library}`]
  give(context, { library, to: handle, transfer: isTransfer }, lines)
}

export async function removeOwner(
  context: MdlibsContext,
  text: string,
  handle: string,
): Promise<void> {
  const { api, ref, library } = await openManaged(context, text)
  await api.done(pathOf(ref, 'owners', handle), { method: 'DELETE' })
  give(context, { library, removed: handle }, [`✓ ${handle} does not own ${library} any more`])
}

export async function listOwnerInvitations(context: MdlibsContext): Promise<void> {
  const api = await openOwnRegistry(context)
  const { invitations } = await api.json('/libraries/invitations', { schema: invitationList })
  const lines = invitations.map(
    ({ scope, name, kind, to, by }) => `@${scope}/${name}: ${by} asks ${to} (${kind})`,
  )
  give(context, { invitations }, lines.length > 0 ? lines : ['Nobody asks you to own a library.'])
}

/** For oneself, or for a team that one administers. */
export async function answerOwnership(
  context: MdlibsContext,
  text: string,
  { handle, accepts }: { readonly handle: string | undefined; readonly accepts: boolean },
): Promise<void> {
  const { api, ref, library } = await openManaged(context, text)
  const to = handle ?? (await ownHandle(api))
  const verb = accepts ? 'accept' : 'decline'
  await api.done(pathOf(ref, 'owners', to, verb), { method: 'POST' })
  const done = accepts ? `✓ ${to} owns ${library} now` : `✓ ${to} does not take ${library}`
  give(context, { library, handle: to, accepted: accepts }, [done])
}

export async function listGrants(context: MdlibsContext, text: string): Promise<void> {
  const { api, ref, library } = await openManaged(context, text)
  const { grants } = await api.json(pathOf(ref, 'grants'), { schema: grantList })
  const lines = grants.map(({ to, role }) => `${to}: ${role}`)
  give(context, { library, grants }, lines.length > 0 ? lines : ['Nobody else has a right to it.'])
}

export async function setGrant(
  context: MdlibsContext,
  text: string,
  { handle, role }: { readonly handle: string; readonly role: string },
): Promise<void> {
  const { api, ref, library } = await openManaged(context, text)
  await api.done(pathOf(ref, 'grants', handle), { method: 'PUT', body: { role } })
  give(context, { library, to: handle, role }, [`✓ ${handle} may ${role} ${library}`])
}

export async function removeGrant(
  context: MdlibsContext,
  text: string,
  handle: string,
): Promise<void> {
  const { api, ref, library } = await openManaged(context, text)
  await api.done(pathOf(ref, 'grants', handle), { method: 'DELETE' })
  give(context, { library, to: handle, role: null }, [`✓ ${handle} has no grant any more`])
}
