/**
 * Bearer tokens: `mdl_` and 256 random bits, of which the store keeps the SHA-256 alone: that many bits are not guessed, so no slow hash is needed. What a
 * token may do is read at each request: whoever leaves a team, is disabled or removed loses it at once.
 */
import { toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { sha256HexOf } from '#crypto/digest'
import type { Ledger } from '#identity/_ledger'
import { tokenJson } from '#identity/_personal-tables'
import { readLogin } from '#identity/_rows'
import {
  type ActorToken,
  assertSignedIn,
  everyLibrary,
  type TeamRole,
  type TokenKind,
  type TokenOrigin,
  type TokenScope,
  tokenScopes,
  type UserActor,
} from '#identity/actor'
import { drawLetters } from '#identity/base32'
import type { EntityFacts, IdentityChange, TokenJson, TokenRow } from '#identity/changes'
import { accountFault, identityFault, personFault } from '#identity/faults'
import { matchesGlob, parseGlobs } from '#identity/glob'
import type { Queryable, SqlRow } from '#sql/sql'

export const tokenPrefix = 'mdl_'
const tokenBytes = 32
/** Of the token, so that people know theirs again: 48 bits of 256 are told. */
const shownCharacters = tokenPrefix.length + 8
const tokenPattern = /^mdl_[\w-]{43}$/

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Somebody who signs in so often at a time has the oldest of these sessions ended. */
export const loginTokensMax = 50
export const apiTokensMax = 100
/** How long it is remembered that a token ended; of `ci` tokens there are many. */
const rememberedMs: Readonly<Record<TokenKind, number>> = {
  login: 30 * dayMs,
  api: 90 * dayMs,
  ci: 2 * dayMs,
}
const forgottenAtOnce = 20
const nameCharactersMax = 100
const agentCharactersMax = 200
export const tokenDaysMax = 3_650

const writeScopes: readonly TokenScope[] = ['publish', 'yank', 'admin:team']

export interface TokenSettings {
  /** Of tokens that people sign in with. */
  readonly loginHours: number
  /** Of tokens that are made without saying how long they are good. */
  readonly tokenDays: number
  /** The most of those that may change something. */
  readonly writeTokenDaysMax: number
}

/** Where a request came from: what people know their sessions by. */
export interface Whence {
  readonly address?: string
  /** The program, as it calls itself. */
  readonly agent?: string
}

export interface TokenInfo extends ActorToken {
  readonly prefix: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly from: Whence
  readonly lastUse?: Whence & {
    /** Milliseconds since 1970: the beginning of an hour. */
    readonly at: number
  }
}

export interface NewToken {
  readonly name: string
  /** `read` and `publish` when left out. */
  readonly scopes?: readonly TokenScope[]
  /** Every library when left out. */
  readonly globs?: readonly string[]
  /** `never` for one that may only read. */
  readonly days?: number | 'never'
}

export interface MadeToken {
  readonly info: TokenInfo
  /** Shown this once. */
  readonly text: string
}

interface BearerRow extends TokenRow {
  readonly handle: string
  readonly is_root: number
  readonly is_admin: number
  readonly disabled_at: number | null
}

interface TeamRow extends SqlRow {
  readonly name: string
  readonly role: string
  readonly facts: string
}

export class Tokens {
  readonly #ledger: Ledger
  readonly #settings: TokenSettings

  constructor(ledger: Ledger, settings: TokenSettings) {
    this.#ledger = ledger
    this.#settings = settings
  }

  /**
   * Whose token it is, and what they may do now. `identity/unknown-token` also for one that was revoked, or whose user is disabled;
   * `identity/expired-token`. That it was used is noted to the hour, behind the answer.
   */
  async authenticate(bearer: string, from: Whence = {}): Promise<UserActor> {
    if (!tokenPattern.test(bearer)) throw identityFault('identity/unknown-token')
    const { sql, world } = this.#ledger.parts
    const [row] = await sql.query<BearerRow>`
      select t.*, p.handle, p.is_root, p.is_admin, p.disabled_at from bearer_token t
      join principal p on p.id = t.principal where t.hash = ${hashOf(bearer)}`
    if (row === undefined || row.revoked_at !== null || row.disabled_at !== null)
      throw identityFault('identity/unknown-token')
    const now = world.now()
    if (row.expires_at !== null && row.expires_at <= now)
      throw identityFault('identity/expired-token')
    const hour = Math.floor(now / hourMs)
    if ((row.used_hour ?? 0) < hour) this.#noteUse(row.id, hour, from).catch(() => {}) // it will be used again
    return {
      kind: 'user',
      id: row.principal,
      handle: row.handle,
      isAdmin: row.is_root === 1 || row.is_admin === 1,
      teams: await readTeams(sql, row.principal),
      token: actorToken(row),
    }
  }

  /** `identity/malformed-token-name`, `identity/malformed-glob`, `identity/malformed-expiry`, `identity/too-many`, `identity/login-needed` */
  async create(actor: UserActor, asked: NewToken, from: Whence = {}): Promise<MadeToken> {
    assertSignedIn(actor)
    const name = parseTokenName(asked.name)
    const wanted = asked.scopes ?? ['read', 'publish']
    const scopes = tokenScopes.filter((scope) => wanted.includes(scope))
    const globs = parseGlobs(asked.globs ?? [everyLibrary])
    const expiry = this.#expiryOf(scopes, asked.days)
    return await this.#ledger.note(async (tx) => {
      const rows = await this.#alive(tx, actor.id, 'api')
      if (rows.length >= apiTokensMax)
        throw accountFault('identity/too-many', { what: 'tokens', max: apiTokensMax })
      const fields = { principal: actor.id, name, tokenKind: 'api', scopes, globs } as const
      return await this.#record(tx, { ...fields, ...expiry, ...from })
    })
  }

  /** For somebody who has just signed in. */
  async openLogin(tx: CommitTransaction, principal: string, from: Whence): Promise<MadeToken> {
    const rows = await this.#alive(tx, principal, 'login')
    for (const { id } of rows.slice(0, Math.max(0, rows.length - loginTokensMax + 1)))
      await recordRevoked(tx, id)
    const expiresAt = tx.at + this.#settings.loginHours * hourMs
    const fields = { principal, name: 'login', tokenKind: 'login', expiresAt } as const
    return await this.#record(tx, {
      ...fields,
      scopes: tokenScopes,
      globs: [everyLibrary],
      ...from,
    })
  }

  /** For a program for which an issuer vouched. `given`: what is taken for it once and never again. */
  async openCi(
    tx: CommitTransaction,
    asked: {
      readonly principal: string
      readonly library: string
      readonly via: TokenOrigin
      readonly given: string
      readonly seconds: number
    },
    from: Whence,
  ): Promise<MadeToken> {
    const { principal, library, via, given, seconds } = asked
    const [used] = await tx.query`select 1 as found from bearer_token where given = ${given}`
    if (used !== undefined) throw personFault('identity/token-used-up')
    return await this.#record(tx, {
      principal,
      name: 'trusted publishing',
      tokenKind: 'ci',
      scopes: ['read', 'publish'],
      globs: [library],
      expiresAt: tx.at + seconds * 1000,
      via,
      given,
      ...from,
    })
  }

  /** Those that are still good, newest first. `identity/login-needed` */
  async list(actor: UserActor): Promise<readonly TokenInfo[]> {
    assertSignedIn(actor)
    const now = this.#ledger.parts.world.now()
    const rows = await this.#ledger.settled(
      (tx) => tx.query<TokenRow>`
        select * from bearer_token where principal = ${actor.id} and revoked_at is null
          and (expires_at is null or expires_at > ${now}) order by sequence desc`,
    )
    return rows.map(tokenInfo)
  }

  /** One's own; of another's one learns nothing. `identity/no-such-token`, `identity/login-needed` unless it is the one that is shown */
  async revoke(actor: UserActor, id: string): Promise<void> {
    if (id !== actor.token.id) assertSignedIn(actor)
    await this.#ledger.note(async (tx) => {
      const [row] = await tx.query<TokenRow>`
        select * from bearer_token where id = ${id} and principal = ${actor.id} and revoked_at is null`
      if (row === undefined) throw personFault('identity/no-such-token', { id: id.slice(0, 80) })
      await recordRevoked(tx, id)
    })
  }

  #expiryOf(
    scopes: readonly TokenScope[],
    days: NewToken['days'],
  ): { readonly expiresAt?: number } {
    const { tokenDays, writeTokenDaysMax } = this.#settings
    const mayWrite = scopes.some((scope) => writeScopes.includes(scope))
    const daysMax = mayWrite ? writeTokenDaysMax : tokenDaysMax
    const wanted = days ?? Math.min(tokenDays, daysMax)
    if (wanted === 'never' && !mayWrite) return {}
    if (wanted === 'never' || !Number.isSafeInteger(wanted) || wanted < 1 || wanted > daysMax)
      throw personFault('identity/malformed-expiry', { daysMax })
    return { expiresAt: this.#ledger.parts.world.now() + wanted * dayMs }
  }

  /** Oldest first. */
  async #alive(tx: Queryable, principal: string, kind: TokenKind): Promise<readonly TokenRow[]> {
    const now = this.#ledger.parts.world.now()
    return await tx.query<TokenRow>`
      select * from bearer_token where principal = ${principal} and kind = ${kind} and revoked_at is null
        and (expires_at is null or expires_at > ${now}) order by sequence`
  }

  /** Forgets, on the way, some of those that ended long ago. */
  async #record(
    tx: CommitTransaction,
    { address, agent, ...fields }: Omit<TokenJson, 'id' | 'hash' | 'prefix'> & Whence,
  ): Promise<MadeToken> {
    const { world } = this.#ledger.parts
    const before = tx.at - rememberedMs[fields.tokenKind]
    const ended = await tx.query<{ id: string }>`
      select id from bearer_token where principal = ${fields.principal} and kind = ${fields.tokenKind}
        and coalesce(revoked_at, expires_at) < ${before} order by sequence limit ${forgottenAtOnce}`
    for (const { id } of ended) {
      const change: IdentityChange = { kind: 'identity/token-removed', id }
      await tx.record(change)
    }
    const text = tokenPrefix + toBase64url(world.randomBytes(tokenBytes))
    const token: TokenJson = {
      id: drawLetters(20, world).toLowerCase(),
      hash: hashOf(text),
      prefix: text.slice(0, shownCharacters),
      ...fields,
      ...shortened({ address, agent }),
    }
    const change: IdentityChange = { kind: 'identity/token-put', ...token }
    const { at } = await tx.record(change)
    return { info: infoOf(token, at), text }
  }

  async #noteUse(id: string, hour: number, from: Whence): Promise<void> {
    await this.#ledger.note(async (tx) => {
      const [row] = await tx.query<TokenRow>`select * from bearer_token where id = ${id}`
      if (row === undefined || (row.used_hour ?? 0) >= hour) return // somebody was faster
      const change: IdentityChange = { kind: 'identity/token-used', id, hour, ...shortened(from) }
      await tx.record(change)
    })
  }
}

/** All of somebody's that `isMeant`, but the one that is kept. */
export async function revokeTokens(
  tx: CommitTransaction,
  principal: string,
  {
    isMeant = () => true,
    kept,
  }: { readonly isMeant?: (token: ActorToken) => boolean; readonly kept?: string } = {},
): Promise<void> {
  const rows = await tx.query<TokenRow>`
    select * from bearer_token where principal = ${principal} and revoked_at is null order by sequence`
  for (const row of rows)
    if (row.id !== kept && isMeant(tokenInfo(row))) await recordRevoked(tx, row.id)
}

/** Of somebody who leaves a team: what is good for nothing else. */
export function isOnlyFor({ globs }: ActorToken, team: string): boolean {
  return globs.every((glob) => glob.startsWith(`@${team}/`) && matchesGlob(`@${team}/*`, glob))
}

async function recordRevoked(tx: CommitTransaction, id: string): Promise<void> {
  const change: IdentityChange = { kind: 'identity/token-revoked', id }
  await tx.record(change)
}

function hashOf(text: string): string {
  return sha256HexOf(Buffer.from(text))
}

/** 1 to 100 characters without control characters. `identity/malformed-token-name` */
function parseTokenName(text: string): string {
  if (text.length <= nameCharactersMax && /^\P{Cc}+$/u.test(text)) return text
  throw personFault('identity/malformed-token-name', { charactersMax: nameCharactersMax })
}

function shortened({
  address,
  agent,
}: { readonly [Name in keyof Whence]: string | undefined }): Whence {
  return {
    ...(address === undefined ? {} : { address }),
    ...(agent === undefined ? {} : { agent: agent.slice(0, agentCharactersMax) }),
  }
}

/** A member who must sign in with codes, and has none, may do what a reader may. */
async function readTeams(tx: Queryable, principal: string): Promise<ReadonlyMap<string, TeamRole>> {
  const rows = await tx.query<TeamRow>`
    select e.name, m.role, e.facts from iam_membership m join iam_entity e on e.id = m.team
    where m.member = ${principal} and e.account = ''`
  const needsTotp = ({ facts }: TeamRow): boolean =>
    (JSON.parse(facts) as EntityFacts).needsTotp === true // put there by us
  const isLimited =
    rows.some(needsTotp) && (await readLogin(tx, principal)).totp?.state !== 'active'
  return new Map(
    rows.map((row) => [
      row.name,
      isLimited && needsTotp(row) ? 'reader' : (row.role as TeamRole), // as above
    ]),
  )
}

function actorToken(row: TokenRow): ActorToken {
  const { prefix: _, createdAt: __, from: ___, lastUse: ____, ...token } = tokenInfo(row)
  return token
}

function tokenInfo(row: TokenRow): TokenInfo {
  return infoOf(tokenJson(row), row.at)
}

function infoOf(token: TokenJson, createdAt: number): TokenInfo {
  const { id, name, tokenKind: kind, scopes, globs, expiresAt, via, prefix, used } = token
  return {
    id,
    name,
    kind,
    scopes,
    globs,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(via === undefined ? {} : { via }),
    prefix,
    from: shortened({ address: token.address, agent: token.agent }),
    ...(used === undefined
      ? {}
      : {
          lastUse: {
            at: used.hour * hourMs,
            ...shortened({ address: used.address, agent: used.agent }),
          },
        }),
  }
}
