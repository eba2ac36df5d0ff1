/** Who may become a role. Pure. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */
import { identityVerdict } from '#identity/access'
import type { AssumeRole, AssumeRoleWithWebIdentity } from '#identity/administration'
import {
  type Caller,
  knownOf,
  ownNames,
  type Standing,
  sharedNames,
  standingOf,
} from '#identity/caller'
import type { Entity } from '#identity/entity'
import { accountFault } from '#identity/faults'
import { evaluate, parsePolicy } from '#identity/policy'

const action = 'sts:AssumeRole'

/**
 * The role's trust must allow the caller. One that is named itself needs nothing more; one whose account or role is named needs its own policies to
 * allow it, too, unless it is an account itself. No policy of the caller's may forbid it. `identity/not-assumable`
 */
export function assertTrusted(role: Entity, caller: Caller, asked: AssumeRole): void {
  if (!isTrusted(role, caller, asked)) throw notAssumable(asked)
}

/** Says no more than what was asked for. */
export function notAssumable({ roleArn }: Pick<AssumeRole, 'roleArn'>): Error {
  return accountFault('identity/not-assumable', { role: roleArn.slice(0, 200) })
}

function isTrusted(role: Entity, caller: Caller, asked: AssumeRole): boolean {
  const { trust } = role.facts
  if (trust === undefined) return false
  const context = {
    ...asked.context,
    ...knownOf(caller),
    'sts:rolesessionname': [asked.session],
    'sts:externalid': asked.externalId === undefined ? undefined : [asked.externalId],
  }
  const policy = parsePolicy(trust, 'trust')
  const saysTo = (names: readonly string[]) =>
    evaluate(policy, { action, resource: role.arn, names, context })
  const all = [...ownNames(caller), ...sharedNames(caller)]
  if (saysTo(all) !== 'Allow') return false
  const own = caller.isRoot
    ? 'Allow'
    : identityVerdict({ caller, action, resource: role.arn, context })
  if (own === 'Deny') return false
  const isNamed = !standingOf(caller).isBound || saysTo(ownNames(caller)) === 'Allow'
  return isNamed || own === 'Allow'
}

/** The role's trust must allow the provider, under whatever conditions it has about the token. `identity/not-assumable` */
export function assertTrustedIdentity(
  role: Entity,
  { provider, known }: { readonly provider: string } & Pick<Standing, 'known'>,
  asked: AssumeRoleWithWebIdentity,
): void {
  const { context, session } = asked
  const { trust } = role.facts
  const verdict =
    trust !== undefined &&
    evaluate(parsePolicy(trust, 'trust'), {
      action: 'sts:AssumeRoleWithWebIdentity',
      resource: role.arn,
      names: [provider],
      context: { ...context, ...known, 'sts:rolesessionname': [session] },
    })
  if (verdict !== 'Allow') throw notAssumable(asked)
}
