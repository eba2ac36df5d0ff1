import { z } from 'zod'
import { accountRoute, given, isoTimeOrNull, shortText, time, whenceOf } from '#api/accounts/route'

const asked = z.strictObject({
  token: z.string().max(20_000).describe('of an issuer that the operator trusts; for this server'),
  library: shortText.optional().describe('@scope/name; needed when several trust the token'),
})

const exchanged = z.object({
  token: z.string().describe('good for a quarter of an hour'),
  expires_at: time.nullable(),
  libraries: z.array(z.string()),
})

export const exchangeToken = accountRoute<z.infer<typeof asked>>({
  method: 'POST',
  path: '/auth/oidc/exchange',
  operation: 'ExchangeToken',
  summary: 'Trusted publishing: a token of a system that builds, for one that publishes',
  budget: 'auth',
  isOpen: true,
  body: asked,
  answer: exchanged,
  status: 200,
  answers: { 403: 'No library trusts whoever the token is of, or it was used before' },
  async run({ accounts, trustedBy }, call) {
    const options = { trustedBy, from: whenceOf(call) }
    const { token } = await accounts.trustedPublishing.exchange(given(call.body), options)
    return {
      token: token.text,
      expires_at: isoTimeOrNull(token.info.expiresAt),
      libraries: [...token.info.globs],
    }
  },
})
