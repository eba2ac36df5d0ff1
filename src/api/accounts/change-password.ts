import { z } from 'zod'
import { accountRoute, shortText } from '#api/accounts/route'
import { requireUser } from '#identity/actor'

const change = z.strictObject({
  current_password: shortText.optional().describe('left out by whoever has none yet'),
  new_password: shortText,
})

export const changePassword = accountRoute<z.infer<typeof change>>({
  method: 'POST',
  path: '/auth/password',
  operation: 'ChangePassword',
  summary: 'Change your password; all your other sign-ins end',
  budget: 'auth',
  body: change,
  status: 204,
  answers: { 403: 'The token shown is none of a sign-in, or of one that is too old' },
  run: ({ accounts }, { actor, body }) =>
    accounts.signIns.changePassword(requireUser(actor), {
      current: body.current_password,
      next: body.new_password,
    }),
})
