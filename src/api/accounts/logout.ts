import { accountRoute } from '#api/accounts/route'
import { requireUser } from '#identity/actor'

export const logout = accountRoute({
  method: 'POST',
  path: '/auth/logout',
  operation: 'Logout',
  summary: 'End the token that the request shows',
  budget: 'auth',
  status: 204,
  async run({ accounts }, call) {
    const actor = requireUser(call.actor)
    await accounts.tokens.revoke(actor, actor.token.id)
  },
})
