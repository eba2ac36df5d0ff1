import { z } from 'zod'
import {
  accountRoute,
  given,
  isoTime,
  isoTimeOrNull,
  shortText,
  time,
  wholeNumber,
} from '#api/accounts/route'
import { requireUser } from '#identity/actor'
import { peoplePerPageMax } from '#identity/people'
import type { Principal } from '#identity/principal'

const path = '/admin/users'
const answers = { 403: 'You are no administrator' }

const user = z.object({
  id: z.string(),
  username: z.string(),
  display_name: z.string(),
  email: z.string().nullable(),
  email_verified_at: time.nullable(),
  role: z.enum(['admin', 'user']),
  disabled_at: time.nullable(),
  created_at: time,
})

function print(found: Principal): z.infer<typeof user> {
  return {
    id: found.id,
    username: found.handle,
    display_name: found.displayName,
    email: found.email ?? null,
    email_verified_at: isoTimeOrNull(found.emailVerifiedAt),
    role: found.isRoot || found.isAdmin === true ? 'admin' : 'user',
    disabled_at: isoTimeOrNull(found.disabledAt),
    created_at: isoTime(found.createdAt),
  }
}

const page = z.object({
  q: shortText.optional().describe('part of a name or of an address'),
  page: wholeNumber(1, 1_000_000).optional(),
  per_page: wholeNumber(1, peoplePerPageMax).optional().describe('20 when left out'),
})

export const listUsers = accountRoute<undefined, z.infer<typeof page>>({
  method: 'GET',
  path,
  operation: 'ListUsers',
  summary: 'All users, by name',
  budget: 'metadata',
  query: page,
  answer: z.object({
    users: z.array(user),
    pagination: z.object({
      page: z.int(),
      per_page: z.int(),
      total: z.int(),
      total_pages: z.int(),
    }),
  }),
  status: 200,
  answers,
  async run({ accounts }, { actor, query: { q: text, page = 1, per_page: perPage = 20 } }) {
    const asked = { ...given({ text }), page, perPage }
    const { people, total } = await accounts.people.list(requireUser(actor), asked)
    const pages = { total, total_pages: Math.ceil(total / perPage) }
    return { users: people.map(print), pagination: { page, per_page: perPage, ...pages } }
  },
})

const newUser = z.strictObject({ username: shortText, email: shortText, password: shortText })

export const addUser = accountRoute<z.infer<typeof newUser>>({
  method: 'POST',
  path,
  operation: 'AddUser',
  summary: 'Add a user, whoever may register by themselves',
  budget: 'auth',
  body: newUser,
  answer: user,
  status: 201,
  answers: { ...answers, 409: 'The name or the address is taken' },
  run: async ({ accounts }, { actor, body }) =>
    print(await accounts.registration.add(requireUser(actor), body)),
})

const changedUser = z.strictObject({
  role: z.enum(['admin', 'user']).optional(),
  disabled: z.boolean().optional().describe('ends all tokens; keys are refused as long'),
  display_name: shortText.optional(),
  email: shortText.optional(),
  password: shortText.optional().describe('in place of one that was forgotten'),
  has_totp: z.literal(false).optional().describe('for who has lost the device'),
})

export const updateUser = accountRoute<z.infer<typeof changedUser>>({
  method: 'PATCH',
  path: `${path}/{name}`,
  operation: 'UpdateUser',
  summary: 'Change what is given of a user; by id or name',
  budget: 'auth',
  body: changedUser,
  answer: user,
  status: 200,
  answers: { ...answers, 404: 'There is nobody of that name' },
  async run({ accounts }, { actor, names, body }) {
    const { role, disabled, display_name: displayName, has_totp: hasTotp, ...rest } = body
    const wanted = given({
      ...rest,
      ...{ displayName, hasTotp, isDisabled: disabled },
      isAdmin: role === undefined ? undefined : role === 'admin',
    })
    return print(await accounts.people.update(requireUser(actor), names['name'] ?? '', wanted))
  },
})

export const getAnyUser = accountRoute({
  method: 'GET',
  path: `${path}/{name}`,
  operation: 'GetAnyUser',
  summary: 'One user, by id or name',
  budget: 'metadata',
  answer: user,
  status: 200,
  answers: { ...answers, 404: 'There is nobody of that name' },
  run: async ({ accounts }, { actor, names }) =>
    print(await accounts.people.person(requireUser(actor), names['name'] ?? '')),
})
