/** What somebody gets who has signed in, whichever way. */
import { z } from 'zod'
import { isoTimeOrNull, time } from '#api/accounts/route'
import type { SignedIn } from '#identity/sign-ins'

export const signedIn = z.object({
  token: z.string().describe('shown this once'),
  expires_at: time.nullable(),
  user: z.object({ id: z.string(), username: z.string() }),
})

export function printSignedIn({
  principal: { id, handle },
  token: { text, info },
}: SignedIn): z.infer<typeof signedIn> {
  return { token: text, expires_at: isoTimeOrNull(info.expiresAt), user: { id, username: handle } }
}
