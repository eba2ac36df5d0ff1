/** Somebody who asks, as policies know them, and with what their policies say. */
import type { Principal } from '#identity/principal'

/**
 * Whoever asks. What a member of an account or a session makes is its account's, so `id` and `displayName` are the account's there, and `standing`
 * says who it is; without one it is the principal itself.
 */
export interface Caller extends Principal {
  readonly standing?: Standing
}

export interface Standing {
  /** e.g. `arn:aws:iam::ACCOUNT:user/team/alice`, `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` */
  readonly arn: string
  /** IAM's `UserId`; grants may name it. */
  readonly userId: string
  /** Id of the account; empty: the store's own. */
  readonly account: string
  /** It has nothing by ownership: everything must be allowed by a policy. */
  readonly isBound: boolean
  /** Documents of its own policies, its groups' or its role's. */
  readonly policies: readonly string[]
  readonly session?: SessionStanding
  /** More that conditions may ask about, by lower-case key. */
  readonly known: Readonly<Record<string, readonly string[]>>
}

export interface SessionStanding {
  /** ARN of the role; `undefined` for a session of a user. */
  readonly role?: string
  /** What it was narrowed to when it was opened. */
  readonly policy?: string
  /** Milliseconds since 1970. */
  readonly openedAt: number
}

/** Id of the account that a principal is, or is in; empty: the store's own. */
export function accountOf({ id, isAccount }: Pick<Principal, 'id' | 'isAccount'>): string {
  return isAccount === true ? id : ''
}

/** Of a principal that is no account's member. */
export function plainStanding(principal: Principal): Standing {
  const { id, handle, isAccount, isRoot } = principal
  const account = accountOf(principal)
  return {
    arn:
      isRoot || isAccount === true
        ? `arn:aws:iam::${account}:root`
        : `arn:aws:iam:::user/${handle}`,
    userId: id,
    account,
    isBound: false,
    policies: [],
    known: {},
  }
}

export function standingOf(caller: Caller): Standing {
  return caller.standing ?? plainStanding(caller)
}

/** The names policies may call it by and mean nobody else; those of its role and of its account are not among them. */
export function ownNames(caller: Caller): readonly string[] {
  const { arn, userId, isBound } = standingOf(caller)
  if (isBound) return [arn, userId]
  const { id, handle, tenant } = caller
  const names = [id, handle, arn, `arn:aws:iam:::user/${handle}`, `arn:aws:iam:::user/${id}`]
  return tenant === undefined ? names : [...names, tenant, `arn:aws:iam::${tenant}:user/${handle}`]
}

/** The names it shares with others: its role's, its account's. */
export function sharedNames(caller: Caller): readonly string[] {
  const { account, session, isBound } = standingOf(caller)
  const role = roleNames(session)
  return isBound && account !== '' ? [...role, account] : role
}

export function roleNames(session: SessionStanding | undefined): readonly string[] {
  return session?.role === undefined ? [] : [session.role]
}

/** The ids grants may name it by. */
export function granteeIds(caller: Caller | undefined): readonly string[] {
  if (caller === undefined) return []
  const { userId } = standingOf(caller)
  return userId === caller.id ? [caller.id] : [caller.id, userId]
}

function typeOf({ isAccount, standing }: Caller): string {
  if (standing?.session?.role !== undefined) return 'AssumedRole'
  return isAccount === true && standing?.isBound !== true ? 'Account' : 'User'
}

/** What conditions may ask about whoever asks. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
export function knownOf(caller: Caller): Readonly<Record<string, readonly string[]>> {
  const { arn, userId, account, isBound, session, known } = standingOf(caller)
  return {
    'aws:userid': [userId],
    ...(isBound && session !== undefined ? {} : { 'aws:username': [caller.handle] }),
    'aws:principalarn': [session?.role ?? arn],
    'aws:principalaccount': [account],
    'aws:principaltype': [typeOf(caller)],
    'sts:authentication': [String(session !== undefined)],
    ...(session === undefined
      ? {}
      : { 'aws:tokenissuetime': [new Date(session.openedAt).toISOString()] }),
    ...known,
  }
}
