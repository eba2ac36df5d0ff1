/** `mdlibs token create|list|revoke`. */
import { z } from 'zod'
import { cliFault } from '#cli/faults'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { openOwnRegistry } from '#cli/mdlibs/open-registry'
import { give } from '#cli/mdlibs/say'

export interface CreateTokenOptions {
  readonly name: string
  /** The registry's own choice otherwise. */
  readonly days: number | 'never' | undefined
  /** `read`, `publish`, `yank`, `admin:team` */
  readonly scopes: readonly string[] | undefined
  /** `@scope/*`, `@scope/name` */
  readonly libraries: readonly string[] | undefined
}

const tokenFacts = z.looseObject({
  id: z.string(),
  name: z.string(),
  kind: z.string().optional(),
  prefix: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  created_at: z.string().nullish(),
  expires_at: z.string().nullish(),
  last_used_at: z.string().nullish(),
})
const made = tokenFacts.extend({ token: z.string().min(1) })
const list = z.looseObject({ tokens: z.array(tokenFacts) })

export async function createToken(
  context: MdlibsContext,
  { name, days, scopes, libraries }: CreateTokenOptions,
): Promise<void> {
  const api = await openOwnRegistry(context)
  const body = {
    name,
    ...(days === undefined ? {} : { expires_in_days: days }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(libraries === undefined ? {} : { libraries }),
  }
  const facts = await api.json('/auth/tokens', { method: 'POST', body, schema: made })
  const lines = context.isQuiet
    ? [facts.token]
    : [
        '✓ Token created',
        `Token: ${facts.token}`,
        `Name: ${facts.name}`,
        ...(facts.scopes === undefined ? [] : [`May: ${facts.scopes.join(', ')}`]),
        `Expires: ${dayOf(facts.expires_at, 'Never')}`,
        '',
        'Keep it now: it is not shown again.',
      ]
  give(context, facts, lines)
}

export async function listTokens(context: MdlibsContext): Promise<void> {
  const api = await openOwnRegistry(context)
  const { tokens } = await api.json('/auth/tokens', { schema: list })
  const lines = tokens.flatMap(({ id, name, kind, scopes, ...times }) => [
    '',
    `${name} (id: ${id}${kind === undefined ? '' : `, ${kind}`})`,
    ...(scopes === undefined ? [] : [`  May: ${scopes.join(', ')}`]),
    `  Created: ${dayOf(times.created_at, 'unknown')}`,
    `  Expires: ${dayOf(times.expires_at, 'Never')}`,
    `  Last used: ${dayOf(times.last_used_at, 'Never')}`,
  ])
  give(context, { tokens }, tokens.length === 0 ? ['No tokens.'] : ['Tokens:', ...lines])
}

/** By id, or by a name that only one has. `mdlibs/no-such-token`, `mdlibs/ambiguous-token` */
export async function revokeToken(context: MdlibsContext, wanted: string): Promise<void> {
  const api = await openOwnRegistry(context)
  const { tokens } = await api.json('/auth/tokens', { schema: list })
  const named = tokens.filter(({ name }) => name === wanted)
  const found = tokens.find(({ id }) => id === wanted) ?? named[0]
  if (found === undefined) throw mdlibsFault('mdlibs/no-such-token', { token: wanted })
  if (found.id !== wanted && named.length > 1) {
    const ids = named.map(({ id }) => id).join(' ')
    throw mdlibsFault('mdlibs/ambiguous-token', { token: wanted, ids })
  }
  await api.done(`/auth/tokens/${encodeURIComponent(found.id)}`, { method: 'DELETE' })
  give(context, { id: found.id, name: found.name }, [`✓ Revoked ${found.name} (id: ${found.id})`])
}

/** `90`, `never`. `cli/mistaken-usage` */
export function parseDays(text: string | undefined): number | 'never' | undefined {
  if (text === undefined || text === 'never') return text
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw cliFault('cli/mistaken-usage', { mistakes: `--expires "${text}": expected days, or never` })
}

function dayOf(time: string | null | undefined, otherwise: string): string {
  return time?.slice(0, 10) ?? otherwise
}
