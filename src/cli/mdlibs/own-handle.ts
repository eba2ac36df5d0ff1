import { z } from 'zod'
import type { RegistryApi } from '#cli/mdlibs/registry-api'

const me = z.looseObject({ username: z.string() })

/** Of whoever the token is of: the scope that is theirs. */
export async function ownHandle(api: RegistryApi): Promise<string> {
  return (await api.json('/users/me', { schema: me })).username
}
