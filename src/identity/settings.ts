/** What an operator decides about people: who may come, how long they stay, and who vouches for them. */
import type { TokenSettings } from '#identity/tokens'

export interface AccountSettings extends TokenSettings {
  /** `open`: whoever asks; `invite`: with an invitation of an administrator; `closed`: nobody. */
  readonly registration: 'open' | 'invite' | 'closed'
  /** Of passwords that people choose by themselves. */
  readonly passwordCharactersMin: number
  readonly teamsMadeBy: 'everybody' | 'admins'
  /** Teams that one person, who is no administrator, may be the only maker of. */
  readonly teamsPerMakerMax: number
  /** Besides those that are reserved anyway. */
  readonly reservedNames: readonly string[]
  readonly providers: readonly SignOnProvider[]
  /** Whose tokens are exchanged for ours: of the systems that publish by themselves. */
  readonly issuers: readonly TrustedIssuer[]
  /** For whom such a token must be, besides what its issuer says: our own address. */
  readonly audiences: readonly string[]
}

/** Where people sign in instead of here (OpenID Connect). What an operator names may be in a private network. */
export interface SignOnProvider {
  /** Letters, digits and hyphens: it stands in addresses. */
  readonly id: string
  /** For people. */
  readonly name: string
  /** Of the issuer, without `/.well-known/…`. */
  readonly url: string
  readonly clientId: string
  /** A public client has none. */
  readonly secret?: string
  /** `openid profile email` when left out. */
  readonly scopes?: readonly string[]
  /** Whether whoever signs in there may come, whatever `registration` says; that decides when left out. */
  readonly registers?: boolean
}

export interface TrustedIssuer {
  readonly url: string
  readonly audiences?: readonly string[]
}

export const defaultAccountSettings: AccountSettings = {
  registration: 'invite',
  passwordCharactersMin: 8,
  loginHours: 12,
  tokenDays: 90,
  writeTokenDaysMax: 90,
  teamsMadeBy: 'everybody',
  teamsPerMakerMax: 20,
  reservedNames: [],
  providers: [],
  issuers: [],
  audiences: [],
}
