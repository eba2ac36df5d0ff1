/** Sessions: keys for a while, whose rights are those their user or role has at each request. */
import { findCaller } from '#identity/_callers'
import type { LedgerParts } from '#identity/_ledger'
import { findEntity, findPrincipalRow, principalOf, readPolicies } from '#identity/_rows'
import type { AccessKey } from '#identity/access-keys'
import { sessionArn } from '#identity/arn'
import { type Caller, plainStanding } from '#identity/caller'
import type { KeyRow, PrincipalRow } from '#identity/changes'
import { newCredentials } from '#identity/new-credentials'
import { printToken, readToken, type SessionTicket } from '#identity/session-token'
import type { Queryable } from '#sql/sql'

export interface OpenedSession {
  readonly accessKeyId: string
  readonly secret: string
  readonly token: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

export class Sessions {
  readonly #parts: Pick<LedgerParts, 'keyring' | 'world'>

  constructor(parts: Pick<LedgerParts, 'keyring' | 'world'>) {
    this.#parts = parts
  }

  /** Nothing is kept of it: its token says all. */
  open(
    ticket: Omit<SessionTicket, 'secret' | 'openedAt' | 'expiresAt'>,
    seconds: number,
  ): OpenedSession {
    const { keyring, world } = this.#parts
    const { accessKeyId: drawn, secret } = newCredentials(world)
    const accessKeyId = drawn.replace(/^AKIA/, 'ASIA')
    const openedAt = world.now()
    const expiresAt = openedAt + seconds * 1000
    const token = printToken(
      { ...ticket, secret, openedAt, expiresAt },
      { accessKeyId, keyring, world },
    )
    return { accessKeyId, secret, token, expiresAt }
  }

  /** `undefined` for a token that is not of this key, or whose user, key or role is no more. */
  async find(
    tx: Queryable,
    { accessKeyId, token }: { readonly accessKeyId: string; readonly token: string },
  ): Promise<AccessKey | undefined> {
    const { keyring, world } = this.#parts
    const ticket = readToken(token, { accessKeyId, keyring })
    if (ticket === undefined) return undefined
    const { secret, expiresAt, by, name } = ticket
    if (by !== undefined && (await findCaller(tx, by)) === undefined) return undefined
    if (name === undefined) return await userOf(tx, ticket, world.now())
    const principal = await roleOf(tx, ticket, name)
    return principal && { secret, principal, expiresAt }
  }
}

/** It ends with the key it was asked for with. */
async function userOf(
  tx: Queryable,
  ticket: SessionTicket,
  now: number,
): Promise<AccessKey | undefined> {
  const [key] = await tx.query<KeyRow>`select * from access_key where id = ${ticket.key ?? ''}`
  const keyEndsAt = key?.expires_at ?? Infinity
  if (key?.state !== 'active' || keyEndsAt <= now) return undefined
  const user = await findCaller(tx, ticket.of)
  if (user === undefined) return undefined
  const { standing = plainStanding(user) } = user
  const principal = { ...user, standing: { ...standing, session: { openedAt: ticket.openedAt } } }
  return { secret: ticket.secret, principal, expiresAt: Math.min(ticket.expiresAt, keyEndsAt) }
}

async function roleOf(
  tx: Queryable,
  { of, openedAt, policy, known = {} }: SessionTicket,
  session: string,
): Promise<Caller | undefined> {
  const role = await findEntity(tx, of)
  if (role?.kind !== 'role') return undefined
  const owner = await ownerOf(tx, role.account)
  if (owner === undefined || owner.disabled_at !== null) return undefined
  return {
    ...principalOf(owner),
    isRoot: false,
    standing: {
      arn: sessionArn(role, session),
      userId: `${role.id}:${session}`,
      account: role.account,
      isBound: true,
      policies: await readPolicies(tx, of),
      session: { role: role.arn, openedAt, ...(policy === undefined ? {} : { policy }) },
      known,
    },
  }
}

/** In whose name a role acts: what it makes is theirs. */
async function ownerOf(tx: Queryable, account: string): Promise<PrincipalRow | undefined> {
  if (account !== '') return await findPrincipalRow(tx, account)
  const [root] = await tx.query<PrincipalRow>`select * from principal where is_root = 1`
  return root
}
