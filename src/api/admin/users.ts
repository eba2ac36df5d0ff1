import { z } from 'zod'
import { printUsage, quota, usage } from '#api/admin/quotas'
import { route } from '#api/admin/route'
import type { Principal } from '#identity/principal'

export const user = z.object({
  handle: z.string(),
  id: z.string().describe("S3's canonical user id"),
  displayName: z.string(),
  email: z.string().optional(),
  tenant: z.string().optional(),
  isRoot: z.boolean(),
  isAccount: z.boolean().optional().describe('has users, groups and roles of its own'),
  isAdmin: z.boolean().optional().describe('may do what root may, where people sign in'),
  disabledAt: z.iso.datetime().optional(),
  emailVerifiedAt: z.iso.datetime().optional(),
  createdAt: z.iso.datetime(),
})

const newUser = z.strictObject({
  handle: z.string(),
  id: z.string().optional().describe('for who moves in from another system; drawn when left out'),
  displayName: z.string().optional(),
  email: z.string().optional(),
  tenant: z.string().optional(),
  isAccount: z.boolean().optional(),
})

const changedUser = z.strictObject({
  handle: z.string().optional(),
  displayName: z.string().optional(),
  email: z.string().optional().describe('empty takes it away'),
})

export function printUser({
  createdAt,
  disabledAt,
  emailVerifiedAt,
  ...principal
}: Principal): z.infer<typeof user> {
  const print = (ms: number): string => new Date(ms).toISOString()
  return {
    ...principal,
    ...(disabledAt === undefined ? {} : { disabledAt: print(disabledAt) }),
    ...(emailVerifiedAt === undefined ? {} : { emailVerifiedAt: print(emailVerifiedAt) }),
    createdAt: print(createdAt),
  }
}

export const userRoutes = [
  route({
    method: 'GET',
    path: '/users',
    summary: 'All users, by name',
    answer: z.object({ users: z.array(user) }),
    status: 200,
    run: async ({ accounts }) => ({ users: (await accounts.listPrincipals()).map(printUser) }),
  }),
  route<z.infer<typeof newUser>>({
    method: 'POST',
    path: '/users',
    summary: 'Add a user',
    body: newUser,
    answer: user,
    status: 201,
    run: async ({ accounts }, { body }) => printUser(await accounts.createPrincipal(given(body))),
  }),
  route({
    method: 'GET',
    path: '/users/{user}',
    summary: 'One user, by handle or id, with what their buckets hold',
    answer: user.extend({ usage, quota: quota.optional() }),
    status: 200,
    run: async ({ accounts, objects }, { names }) => {
      const found = await accounts.principal(names['user'] ?? '')
      return { ...printUser(found), ...printUsage(await objects.ownerUsage(found.id)) }
    },
  }),
  route<z.infer<typeof changedUser>>({
    method: 'PATCH',
    path: '/users/{user}',
    summary: 'Change what is given of a user',
    body: changedUser,
    answer: user,
    status: 200,
    run: async ({ accounts }, { names, body }) =>
      printUser(await accounts.updatePrincipal(names['user'] ?? '', given(body))),
  }),
  route({
    method: 'DELETE',
    path: '/users/{user}',
    summary: 'Remove a user with all its keys; its buckets stay, for root',
    status: 204,
    run: ({ accounts }, { names }) => accounts.removePrincipal(names['user'] ?? ''),
  }),
]

/** Without the fields that were left out. */
type Given<Of> = { readonly [Name in keyof Of]: Exclude<Of[Name], undefined> }
function given<Of extends object>(body: Of): Given<Of> {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined),
  ) as Given<Of> // just filtered
}
