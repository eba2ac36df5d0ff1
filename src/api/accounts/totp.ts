import { z } from 'zod'
import { accountRoute, shortText } from '#api/accounts/route'
import { requireUser } from '#identity/actor'

const proof = z.strictObject({
  password: shortText.optional().describe('left out by whoever has none'),
})
const code = z.strictObject({ code: shortText })
const newTotp = z.object({
  secret: z.string().describe('base32; shown this once'),
  uri: z.string().describe('for authenticator apps'),
  recovery_codes: z.array(z.string()).describe('each is good once; shown this once'),
})

export const beginTotp = accountRoute<z.infer<typeof proof>>({
  method: 'POST',
  path: '/auth/totp',
  operation: 'BeginTotp',
  summary: 'Get a secret for codes that change; they are asked for once one was confirmed',
  budget: 'auth',
  body: proof,
  answer: newTotp,
  status: 201,
  answers: { 409: 'There is one already' },
  async run({ accounts }, { actor, body }) {
    const made = await accounts.signIns.beginTotp(requireUser(actor), body.password)
    const { secret, uri, recoveryCodes } = made
    return { secret, uri, recovery_codes: [...recoveryCodes] }
  },
})

export const confirmTotp = accountRoute<z.infer<typeof code>>({
  method: 'POST',
  path: '/auth/totp/confirm',
  operation: 'ConfirmTotp',
  summary: 'Be asked for codes from now on',
  budget: 'auth',
  body: code,
  status: 204,
  answers: { 401: 'The code is wrong', 409: 'No secret waits to be confirmed' },
  run: ({ accounts }, { actor, body }) =>
    accounts.signIns.confirmTotp(requireUser(actor), body.code),
})

export const removeTotp = accountRoute<z.infer<typeof code>>({
  method: 'DELETE',
  path: '/auth/totp',
  operation: 'RemoveTotp',
  summary: 'Be asked for codes no more; takes one of them, or a recovery code',
  budget: 'auth',
  body: code,
  status: 204,
  answers: { 401: 'The code is wrong', 409: 'There is none' },
  run: ({ accounts }, { actor, body }) =>
    accounts.signIns.giveUpTotp(requireUser(actor), body.code),
})
