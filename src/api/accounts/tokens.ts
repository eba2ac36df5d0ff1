import { z } from 'zod'
import {
  accountRoute,
  given,
  isoTime,
  isoTimeOrNull,
  shortText,
  time,
  whenceOf,
} from '#api/accounts/route'
import { requireUser, tokenScopes } from '#identity/actor'
import type { TokenInfo } from '#identity/tokens'

const token = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['login', 'api', 'ci']),
  prefix: z.string().describe('how the token begins'),
  scopes: z.array(z.enum(tokenScopes)),
  libraries: z.array(z.string()).describe('what it is limited to; * stands for any characters'),
  created_at: time,
  created_ip: z.string().nullable(),
  expires_at: time.nullable(),
  last_used_at: time.nullable().describe('to the hour'),
  last_used_ip: z.string().nullable(),
  last_user_agent: z.string().nullable(),
  is_current: z.boolean().describe('the one that the request shows'),
})

const newToken = z.strictObject({
  name: shortText,
  expires_in_days: z
    .union([z.int().min(1), z.literal('never'), z.null()])
    .optional()
    .describe('as the operator has it when left out; only what just reads may have `never`'),
  scopes: z.array(z.enum(tokenScopes)).min(1).optional().describe('read and publish'),
  libraries: z.array(shortText).min(1).max(50).optional().describe('such as @docs/*; all'),
})

const madeToken = token.extend({ token: z.string().describe('shown this once') })

export function printToken(info: TokenInfo, current: string): z.infer<typeof token> {
  const { id, name, kind, prefix, scopes, globs, createdAt, expiresAt, from, lastUse } = info
  return {
    ...{ id, name, kind, prefix, scopes: [...scopes], libraries: [...globs] },
    created_at: isoTime(createdAt),
    created_ip: from.address ?? null,
    expires_at: isoTimeOrNull(expiresAt),
    last_used_at: isoTimeOrNull(lastUse?.at),
    last_used_ip: lastUse?.address ?? null,
    last_user_agent: lastUse?.agent ?? null,
    is_current: id === current,
  }
}

export const listTokens = accountRoute({
  method: 'GET',
  path: '/auth/tokens',
  operation: 'ListTokens',
  summary: 'Your tokens that are still good, newest first',
  budget: 'metadata',
  answer: z.object({ tokens: z.array(token) }),
  status: 200,
  async run({ accounts }, call) {
    const actor = requireUser(call.actor)
    const tokens = await accounts.tokens.list(actor)
    return { tokens: tokens.map((info) => printToken(info, actor.token.id)) }
  },
})

export const createToken = accountRoute<z.infer<typeof newToken>>({
  method: 'POST',
  path: '/auth/tokens',
  operation: 'CreateToken',
  summary: 'Make a token for a program; whoever asks has signed in',
  budget: 'auth',
  body: newToken,
  answer: madeToken,
  status: 201,
  answers: { 403: 'The token shown is none of a sign-in' },
  async run({ accounts }, call) {
    const actor = requireUser(call.actor)
    const { name, expires_in_days: days, scopes, libraries: globs } = call.body
    const asked = given({ name, scopes, globs, days: days ?? undefined })
    const { info, text } = await accounts.tokens.create(actor, asked, whenceOf(call))
    return { ...printToken(info, actor.token.id), token: text }
  },
})

export const revokeToken = accountRoute({
  method: 'DELETE',
  path: '/auth/tokens/{id}',
  operation: 'RevokeToken',
  summary: 'End one of your tokens',
  budget: 'auth',
  status: 204,
  answers: { 404: 'You have no such token' },
  run: ({ accounts }, { actor, names }) =>
    accounts.tokens.revoke(requireUser(actor), names['id'] ?? ''),
})
