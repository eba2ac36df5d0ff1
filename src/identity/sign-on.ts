/**
 * Signing in elsewhere: the authorization code flow of OpenID Connect with PKCE, for providers that the operator names. Whom a provider means is kept by
 * issuer and subject, never by an e-mail address: addresses change hands. What is under way is nowhere but in the browser, sealed.
 * https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, RFC 7636, RFC 9207
 */
import type { JWTPayload } from 'jose'
import { toBase64url, toHex } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { digestOf } from '#crypto/digest'
import { isSameSecret } from '#crypto/hmac'
import { isFault } from '#fault/fault'
import { fetchDocument } from '#http/fetch-document'
import { type Issuer, type IssuerFacts, type Issuers, namesOf } from '#identity/_issuers'
import type { Ledger } from '#identity/_ledger'
import { findPrincipalRow, principalOf, readLogin } from '#identity/_rows'
import { assertSignedIn, type UserActor } from '#identity/actor'
import type { IdentityChange, LinkRow } from '#identity/changes'
import { accountFault, personFault } from '#identity/faults'
import type { Principal } from '#identity/principal'
import type { Registration } from '#identity/registration'
import {
  openSecret,
  type SealedSecretJson,
  sealedFromJson,
  sealedToJson,
  sealSecret,
} from '#identity/sealed-secret'
import type { AccountSettings, SignOnProvider } from '#identity/settings'
import type { SignedIn } from '#identity/sign-ins'
import type { Tokens, Whence } from '#identity/tokens'
import type { Queryable } from '#sql/sql'

/** From the first click to the way back. */
const underWayMs = 15 * 60_000
const answerMs = 10_000
const answerBytesMax = 256 * 1024
const randomBytes = 32

export interface SignOnStart {
  /** Where the browser goes next. */
  readonly url: string
  /** What it brings back, which nobody else may read: some 700 characters. */
  readonly ticket: string
}

/** What somebody who signs in wants besides. */
export interface SignOnWish {
  /** To be known by the provider from now on, instead of being somebody new. */
  readonly link?: UserActor
  readonly invitation?: string
  /** The name to have here, for who is new. */
  readonly username?: string
  /** A path of ours to go on at. */
  readonly next?: string
}

export interface SignedOn extends SignedIn {
  readonly isNew: boolean
  readonly next?: string
}

export interface LoginLink {
  readonly id: string
  /** How the operator calls it. */
  readonly provider: string
  readonly issuer: string
  readonly subject: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

interface Ticket {
  readonly provider: string
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirect: string
  readonly expiresAt: number
  /** Id of a principal. */
  readonly link?: string
  readonly invitation?: string
  readonly username?: string
  readonly next?: string
}

interface SignOnParts {
  readonly tokens: Tokens
  readonly registration: Registration
  readonly issuers: Issuers
  readonly settings: AccountSettings
}

export class SignOn {
  readonly #ledger: Ledger
  readonly #parts: SignOnParts

  constructor(ledger: Ledger, parts: SignOnParts) {
    this.#ledger = ledger
    this.#parts = parts
  }

  providers(): readonly Pick<SignOnProvider, 'id' | 'name'>[] {
    return this.#parts.settings.providers.map(({ id, name }) => ({ id, name }))
  }

  /** `redirect`: where the provider sends the browser back to. `identity/no-such-provider`, `identity/provider-unreachable`, `identity/login-needed` */
  async begin(id: string, redirect: string, wish: SignOnWish = {}): Promise<SignOnStart> {
    const provider = this.#provider(id)
    const { link, ...wanted } = wish
    if (link !== undefined) assertSignedIn(link)
    const facts = await this.#parts.issuers.facts(issuerOf(provider))
    const { keyring, world } = this.#ledger.parts
    const draw = (): string => toBase64url(world.randomBytes(randomBytes))
    const ticket: Ticket = {
      ...{ provider: id, state: draw(), nonce: draw(), verifier: draw(), redirect },
      expiresAt: world.now() + underWayMs,
      ...(link === undefined ? {} : { link: link.id }),
      ...wanted,
    }
    const url = new URL(endpointOf(facts, 'authorization_endpoint'))
    const asked = {
      response_type: 'code',
      client_id: provider.clientId,
      redirect_uri: redirect,
      scope: (provider.scopes ?? ['openid', 'profile', 'email']).join(' '),
      state: ticket.state,
      nonce: ticket.nonce,
      code_challenge: toBase64url(digestOf(Buffer.from(ticket.verifier), 'sha256')),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
    const sealed = sealSecret(JSON.stringify(ticket), { owner: ticketOwner, keyring, world })
    return { url: url.href, ticket: sealedToJson(sealed).join('.') }
  }

  /**
   * With what the provider sent the browser back with. `identity/sign-on-failed` says why; `identity/link-taken` when somebody else is known by it;
   * the faults of registration for who is new.
   */
  async finish(
    id: string,
    {
      answer,
      ticket: text,
      from = {},
    }: {
      readonly answer: ReadonlyMap<string, string>
      readonly ticket: string | undefined
      readonly from?: Whence
    },
  ): Promise<SignedOn> {
    const provider = this.#provider(id)
    const ticket = this.#open(text)
    const isTheSame =
      ticket?.provider === id &&
      isSameSecret(Buffer.from(ticket.state), Buffer.from(answer.get('state') ?? ''))
    if (ticket === undefined || !isTheSame) throw failed('it was not begun in this browser')
    if (ticket.expiresAt <= this.#ledger.parts.world.now()) throw failed('it took too long')
    const issuer = issuerOf(provider)
    const said = answer.get('iss')
    if (said !== undefined && !namesOf(issuer).includes(said))
      throw failed('another provider answers')
    const error = answer.get('error')
    if (error !== undefined) throw failed(`the provider says ${error.slice(0, 80)}`)
    const code = answer.get('code')
    if (code === undefined) throw failed('the provider sent no code')
    const claims = await this.#redeem(provider, { code, ticket })
    return await this.#ledger.change((tx) => this.#arrive(tx, { provider, ticket, claims, from }))
  }

  /** Oldest first. */
  async links(actor: UserActor): Promise<readonly LoginLink[]> {
    const rows = await this.#ledger.settled((tx) => readLinks(tx, actor.id))
    return rows.map(({ id, provider, issuer, subject, at }) => ({
      ...{ id, provider, issuer, subject },
      createdAt: at,
    }))
  }

  /** `identity/no-such-link`, `identity/login-needed`, `identity/last-login` for the only way somebody has to sign in */
  async unlink(actor: UserActor, id: string): Promise<void> {
    assertSignedIn(actor)
    await this.#ledger.note(async (tx) => {
      const rows = await readLinks(tx, actor.id)
      if (!rows.some((row) => row.id === id)) throw personFault('identity/no-such-link')
      const { password } = await readLogin(tx, actor.id)
      if (rows.length === 1 && password === undefined) throw personFault('identity/last-login')
      const change: IdentityChange = { kind: 'identity/link-removed', id }
      await tx.record(change)
    })
  }

  #provider(id: string): SignOnProvider {
    const found = this.#parts.settings.providers.find((provider) => provider.id === id)
    if (found === undefined) throw personFault('identity/no-such-provider', { id: id.slice(0, 80) })
    return found
  }

  #open(text = ''): Ticket | undefined {
    const [, generation, key = '', sealed = ''] =
      /^(\d{1,9})\.([\w-]{54})\.([\w-]{1,4000})$/.exec(text) ?? []
    if (generation === undefined) return undefined
    const json: SealedSecretJson = [Number(generation), key, sealed]
    const { keyring } = this.#ledger.parts
    try {
      return JSON.parse(openSecret(sealedFromJson(json), { owner: ticketOwner, keyring })) as Ticket // authentic: we made it
    } catch (error) {
      if (isFault(error)) return undefined
      throw error
    }
  }

  /** What the provider says of whoever came back. */
  async #redeem(
    provider: SignOnProvider,
    { code, ticket }: { readonly code: string; readonly ticket: Ticket },
  ): Promise<JWTPayload> {
    const issuer = issuerOf(provider)
    const facts = await this.#parts.issuers.facts(issuer)
    const token = await this.#exchange(provider, { code, ticket, facts })
    const claims = await this.#verify(token, issuer, provider.clientId)
    if (claims['nonce'] !== ticket.nonce) throw failed('the token is of another sign-in')
    const { azp } = claims
    if (azp !== undefined && azp !== provider.clientId)
      throw failed('the token is for another client')
    return claims
  }

  async #verify(token: string, issuer: Issuer, clientId: string): Promise<JWTPayload> {
    try {
      return await this.#parts.issuers.verify(token, issuer, { audience: [clientId] })
    } catch (error) {
      if (isFault(error, 'identity/invalid-web-identity', 'identity/expired-web-identity'))
        throw failed('the token of the provider is not good', error)
      throw error
    }
  }

  /** The ID token for the code (RFC 6749 section 4.1.3). */
  async #exchange(
    { clientId, secret }: SignOnProvider,
    {
      code,
      ticket,
      facts,
    }: { readonly code: string; readonly ticket: Ticket; readonly facts: IssuerFacts },
  ): Promise<string> {
    const abort = new AbortController()
    const cancel = this.#ledger.parts.world.timer(answerMs, () => abort.abort())
    const basic = isBasic(facts) && secret !== undefined
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: ticket.redirect,
      code_verifier: ticket.verifier,
      ...(basic ? {} : { client_id: clientId }),
      ...(basic || secret === undefined ? {} : { client_secret: secret }),
    }
    try {
      const bytes = await fetchDocument(endpointOf(facts, 'token_endpoint'), {
        bytesMax: answerBytesMax,
        isPrivate: true, // the operator named it
        form,
        ...(basic ? { authorization: basicOf(clientId, secret) } : {}),
        signal: abort.signal,
      })
      const { id_token: token } = JSON.parse(Buffer.from(bytes).toString())
      if (typeof token !== 'string') throw failed('the provider gave no token')
      return token
    } catch (cause) {
      if (isFault(cause, 'identity/sign-on-failed')) throw cause
      throw failed('the provider did not take the code', cause)
    } finally {
      cancel()
    }
  }

  async #arrive(
    tx: CommitTransaction,
    {
      provider,
      ticket,
      claims,
      from,
    }: {
      readonly provider: SignOnProvider
      readonly ticket: Ticket
      readonly claims: JWTPayload
      readonly from: Whence
    },
  ): Promise<SignedOn> {
    const [issuer = ''] = namesOf(issuerOf(provider))
    const { sub: subject = '' } = claims // it is required
    const [link] = await tx.query<LinkRow>`
      select * from login_link where issuer = ${issuer} and subject = ${subject}`
    if (link !== undefined && ticket.link !== undefined && link.principal !== ticket.link)
      throw personFault('identity/link-taken')
    const known = link?.principal ?? ticket.link
    const principal =
      known === undefined
        ? await this.#register(tx, { provider, ticket, claims })
        : await requireEnabled(tx, known)
    if (link === undefined) {
      const { world } = this.#ledger.parts
      const change: IdentityChange = {
        kind: 'identity/link-put',
        id: toHex(world.randomBytes(10)),
        ...{ issuer, subject, principal: principal.id, provider: provider.id },
      }
      await tx.record(change)
    }
    const token = await this.#parts.tokens.openLogin(tx, principal.id, from)
    const { next } = ticket
    return { principal, token, isNew: known === undefined, ...(next === undefined ? {} : { next }) }
  }

  async #register(
    tx: CommitTransaction,
    {
      provider,
      ticket,
      claims,
    }: {
      readonly provider: SignOnProvider
      readonly ticket: Ticket
      readonly claims: JWTPayload
    },
  ): Promise<Principal> {
    const { username, invitation } = ticket
    const email = await freeEmail(tx, claims)
    const displayName = textOf(claims, 'name')
      ?.replaceAll(/\p{Cc}/gu, ' ')
      .slice(0, 128)
    return await this.#parts.registration.registerVouched(tx, {
      usernames: username === undefined ? namesFor(claims) : [username],
      isAlwaysAdmitted: provider.registers === true,
      ...(email === undefined ? {} : { email }),
      ...(displayName === undefined || displayName === '' ? {} : { displayName }),
      ...(invitation === undefined ? {} : { invitation }),
    })
  }
}

const ticketOwner = 'sign-on'

function issuerOf({ id, url }: SignOnProvider): Issuer {
  return { id: `sign-on ${id}`, url, isPrivate: true }
}

/** `identity/provider-unreachable` */
function endpointOf(facts: IssuerFacts, name: string): string {
  const value = facts[name]
  if (typeof value === 'string' && URL.canParse(value) && /^https?:/.test(value)) return value
  throw accountFault('identity/provider-unreachable', { reason: `it names no ${name}` })
}

/** By default so (RFC 8414 section 2). */
function isBasic(facts: IssuerFacts): boolean {
  const methods = facts['token_endpoint_auth_methods_supported']
  return !Array.isArray(methods) || methods.includes('client_secret_basic')
}

/** RFC 6749 section 2.3.1: both are encoded as in a form first. */
function basicOf(clientId: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2)
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(secret)}`).toString('base64')}`
}

function textOf(claims: JWTPayload, name: string): string | undefined {
  const value = claims[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** That the provider has made sure of, and that nobody has here: whoever has it must link from inside. */
async function freeEmail(tx: Queryable, claims: JWTPayload): Promise<string | undefined> {
  const email = textOf(claims, 'email')?.toLowerCase()
  if (email === undefined || claims['email_verified'] !== true) return undefined
  if (!/^[^\s@]{1,64}@[^\s@]{1,190}$/.test(email)) return undefined
  const [taken] = await tx.query`select 1 as found from principal where email = ${email}`
  return taken === undefined ? email : undefined
}

/** What somebody new may be called: as there, or with a number. */
function namesFor(claims: JWTPayload): readonly string[] {
  const [local] = (textOf(claims, 'email') ?? '').split('@')
  const said = textOf(claims, 'preferred_username') ?? textOf(claims, 'nickname') ?? local ?? ''
  const plain = said
    .replace(/@.*$/, '')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 28)
    .replace(/-+$/, '')
  const base = plain.length < 3 ? `user-${plain}`.replace(/-$/, '') : plain
  return [base, ...Array.from({ length: 30 }, (_, index) => `${base}-${index + 2}`)]
}

async function requireEnabled(tx: Queryable, id: string): Promise<Principal> {
  const row = await findPrincipalRow(tx, id)
  if (row === undefined || row.disabled_at !== null) throw failed('the account is disabled')
  return principalOf(row)
}

async function readLinks(tx: Queryable, principal: string): Promise<readonly LinkRow[]> {
  return await tx.query<LinkRow>`
    select * from login_link where principal = ${principal} order by sequence`
}

function failed(reason: string, cause?: unknown): Error {
  return personFault('identity/sign-on-failed', { reason }, cause)
}
