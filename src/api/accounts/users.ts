import { z } from 'zod'
import { accountRoute, isoTime, isoTimeOrNull, shortText, time } from '#api/accounts/route'
import { requireUser, teamRoles, tokenScopes } from '#identity/actor'
import { accountFault } from '#identity/faults'

const me = z.object({
  id: z.string(),
  username: z.string(),
  display_name: z.string(),
  email: z.string().nullable(),
  email_verified_at: time.nullable(),
  created_at: time,
  is_admin: z.boolean(),
  has_password: z.boolean(),
  has_totp: z.boolean(),
  recovery_codes: z.int().describe('how many are left'),
  teams: z.array(z.object({ name: z.string(), role: z.enum(teamRoles) })),
  libraries_count: z.int(),
  total_downloads: z.int(),
  token: z.object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(['login', 'api', 'ci']),
    scopes: z.array(z.enum(tokenScopes)),
    libraries: z.array(z.string()),
    expires_at: time.nullable(),
  }),
})

export const getMe = accountRoute({
  method: 'GET',
  path: '/users/me',
  operation: 'GetMe',
  summary: 'Who you are, and what the token that you show may do',
  budget: 'metadata',
  answer: me,
  status: 200,
  async run({ accounts, figures }, call) {
    const actor = requireUser(call.actor)
    const found = await accounts.people.profile(actor.id)
    const { libraries, downloads } = await figures(actor, actor.handle)
    const { id, name, kind, scopes, globs, expiresAt } = actor.token
    return {
      id: found.id,
      username: found.handle,
      display_name: found.displayName,
      email: found.email ?? null,
      email_verified_at: isoTimeOrNull(found.emailVerifiedAt),
      created_at: isoTime(found.createdAt),
      is_admin: actor.isAdmin,
      has_password: found.hasPassword,
      has_totp: found.hasTotp,
      recovery_codes: found.recoveryCodes,
      teams: [...actor.teams].map(([name, role]) => ({ name, role })),
      libraries_count: libraries,
      total_downloads: downloads,
      token: {
        ...{ id, name, kind, scopes: [...scopes], libraries: [...globs] },
        expires_at: isoTimeOrNull(expiresAt),
      },
    } satisfies z.infer<typeof me>
  },
})

const changedMe = z.strictObject({ display_name: shortText })

export const updateMe = accountRoute<z.infer<typeof changedMe>>({
  method: 'PATCH',
  path: '/users/me',
  operation: 'UpdateMe',
  summary: 'Change how you are called',
  budget: 'metadata',
  body: changedMe,
  status: 204,
  async run({ accounts }, { actor, body }) {
    await accounts.people.rename(requireUser(actor), body.display_name)
  },
})

const person = z.object({
  username: z.string(),
  display_name: z.string(),
  created_at: time,
  libraries_count: z.int().describe('of those that you may read'),
  total_downloads: z.int(),
})

export const getUser = accountRoute({
  method: 'GET',
  path: '/users/{name}',
  operation: 'GetUser',
  summary: 'Somebody, as others see them',
  budget: 'metadata',
  answer: person,
  status: 200,
  answers: { 404: 'There is nobody of that name' },
  async run({ accounts, figures }, { actor, names }) {
    const name = (names['name'] ?? '').replace(/^@/, '').toLowerCase()
    const found = await accounts.people.find(name)
    if (found === undefined)
      throw accountFault('identity/no-such-principal', { name: name.slice(0, 80) })
    const { libraries, downloads } = await figures(actor, found.handle)
    return {
      username: found.handle,
      display_name: found.displayName,
      created_at: isoTime(found.createdAt),
      libraries_count: libraries,
      total_downloads: downloads,
    } satisfies z.infer<typeof person>
  },
})
