/** A team, who is in it, and who was asked, as people see them. */
import type { TeamRole } from '#identity/actor'
import type { Visibility } from '#identity/changes'

export interface Team {
  readonly id: string
  readonly name: string
  readonly displayName: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly members: number
  /** Of whoever asks; an administrator may be in none. */
  readonly role: TeamRole | undefined
  readonly defaultVisibility?: Visibility
  /** Only members who sign in with codes as well may do more than read. */
  readonly needsTotp: boolean
}

export interface TeamInvitation {
  readonly id: string
  readonly team: Pick<Team, 'id' | 'name' | 'displayName'>
  readonly user: { readonly id: string; readonly handle: string }
  readonly role: TeamRole
  /** Handle. */
  readonly invitedBy: string
  /** Milliseconds since 1970, both. */
  readonly createdAt: number
  readonly expiresAt: number
}

export interface Member {
  readonly id: string
  readonly handle: string
  readonly displayName: string
  readonly role: TeamRole
  /** Milliseconds since 1970; nobody knows of whoever was put there before it was noted. */
  readonly joinedAt?: number
}
