/** What an account has and what hangs on it, as doors ask for it: calls whose arguments and results are plain data, for they may go to another thread. */
import type { OpenedSession } from '#identity/_sessions'
import type { Caller } from '#identity/caller'
import type { EntityFacts, RightsJson } from '#identity/changes'
import type { Entity } from '#identity/entity'
import type { KeyInfo, MadeKey } from '#identity/principal'

/** A user, a team or a role by its name in an account; a user of the store's own account by handle or id. */
export interface HolderRef {
  readonly account: string
  readonly kind: 'user' | 'team' | 'role'
  readonly name: string
}

/** Any thing of an account that is no user. */
export interface EntityRef {
  readonly account: string
  readonly kind: 'team' | 'role' | 'policy' | 'provider'
  readonly name: string
}

export interface Named {
  readonly name: string
  readonly path?: string
}

export interface AssumeRole {
  readonly roleArn: string
  readonly session: string
  /** What a session lasts by default when left out. */
  readonly seconds?: number
  readonly policy?: string
  readonly externalId?: string
  /** What conditions of the role may ask about the request. */
  readonly context: Readonly<Record<string, readonly string[] | undefined>>
}

/** Asked by somebody for whom a provider of identities vouches. */
export interface AssumeRoleWithWebIdentity extends Omit<AssumeRole, 'externalId'> {
  /** A JSON Web Token. */
  readonly token: string
}

export interface WebIdentitySession extends RoleSession {
  readonly subject: string
  readonly audience: string
  /** Its ARN. */
  readonly provider: string
}

export interface RoleSession extends OpenedSession {
  readonly arn: string
  /** `ROLE-ID:SESSION` */
  readonly userId: string
}

export interface Administration {
  /** By name. */
  listUsers(account: string): Promise<readonly Entity[]>
  /** `identity/no-such-principal` */
  user(account: string, name: string): Promise<Entity>
  /** `identity/entity-exists`, `identity/too-many`, `identity/handle-taken`, and the faults of malformed fields. */
  createUser(account: string, asked: Named): Promise<Entity>
  updateUser(account: string, name: string, wanted: Partial<Named>): Promise<Entity>
  /** `identity/still-in-use` while it has keys or policies. */
  removeUser(account: string, name: string): Promise<void>

  /** Of whoever has that id. */
  listKeys(id: string): Promise<readonly KeyInfo[]>
  createKey(id: string): Promise<MadeKey>
  setKeyState(id: string, accessKeyId: string, state: KeyInfo['state']): Promise<KeyInfo>
  removeKey(id: string, accessKeyId: string): Promise<void>
  /** That it was used about now, in milliseconds since 1970; kept to the day. */
  noteKeyUse(accessKeyId: string, now: number): Promise<void>
  /** Whose key it is and when it was used. `identity/no-such-key` */
  key(accessKeyId: string): Promise<KeyInfo>

  /** By name. */
  list(account: string, kind: EntityRef['kind']): Promise<readonly Entity[]>
  /** `identity/no-such-entity` */
  entity(ref: EntityRef): Promise<Entity>
  /** `identity/entity-exists`, `identity/too-many`, `identity/malformed-policy`, and the faults of malformed fields. */
  create(
    ref: EntityRef,
    asked: { readonly path?: string; readonly facts: EntityFacts },
  ): Promise<Entity>
  /** What is left out stays. */
  update(ref: EntityRef, wanted: Partial<Named> & { readonly facts?: EntityFacts }): Promise<Entity>
  /** `identity/still-in-use` while it has policies or members, or is attached. */
  remove(ref: EntityRef): Promise<void>

  /** `identity/no-such-principal`, `identity/no-such-entity` */
  rights(holder: HolderRef): Promise<RightsJson>
  /** In place of one of the same name. `identity/malformed-policy`, `identity/too-many` */
  putInline(holder: HolderRef, policy: string, document: string): Promise<void>
  /** `identity/no-such-policy` */
  removeInline(holder: HolderRef, policy: string): Promise<void>
  /** Once is enough. `identity/no-such-policy`, `identity/too-many` */
  attach(holder: HolderRef, policyArn: string): Promise<void>
  /** `identity/no-such-policy` */
  detach(holder: HolderRef, policyArn: string): Promise<void>

  /** Once is enough. `identity/no-such-entity`, `identity/no-such-principal`, `identity/too-many` */
  addMember(account: string, team: string, user: string): Promise<void>
  /** `identity/no-such-entity`, `identity/no-such-principal` */
  removeMember(account: string, team: string, user: string): Promise<void>
  members(account: string, team: string): Promise<readonly Entity[]>
  teamsOf(account: string, user: string): Promise<readonly Entity[]>

  /** `identity/not-assumable` unless the role trusts the caller, and no policy of the caller's forbids it. */
  assumeRole(caller: Caller, asked: AssumeRole): Promise<RoleSession>
  /**
   * `identity/not-assumable` unless the role trusts who the token is of, and its provider is one of the role's account. `identity/invalid-web-identity`,
   * `identity/expired-web-identity`, `identity/provider-unreachable`
   */
  assumeRoleWithWebIdentity(asked: AssumeRoleWithWebIdentity): Promise<WebIdentitySession>
  /** Of the caller itself, proved by a key of its own. `identity/not-by-session` */
  openSession(caller: Caller, accessKeyId: string, seconds: number): Promise<OpenedSession>
}

/** All of them, by name: another thread is asked by these. */
export const administrationCalls = [
  'listUsers',
  'user',
  'createUser',
  'updateUser',
  'removeUser',
  'listKeys',
  'createKey',
  'setKeyState',
  'removeKey',
  'noteKeyUse',
  'key',
  'list',
  'entity',
  'create',
  'update',
  'remove',
  'rights',
  'putInline',
  'removeInline',
  'attach',
  'detach',
  'addMember',
  'removeMember',
  'members',
  'teamsOf',
  'assumeRole',
  'assumeRoleWithWebIdentity',
  'openSession',
] as const satisfies readonly (keyof Administration)[]

export type AdministrationCall = (typeof administrationCalls)[number]
