/**
 * Policies of users, groups and roles: the same seven actions for each. Inline: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html;
 * attached: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
 */
import { type IamAction, type IamCall, needed } from '#api/iam/call'
import { aboutNamed, refOf } from '#api/iam/named'
import { documentElement, page } from '#api/iam/pages'
import { aboutUser, findNamedUser } from '#api/iam/users'
import { leaf, textNode } from '#api/s3/xml-writer'
import type { HolderRef } from '#identity/administration'
import { accountFault } from '#identity/faults'

interface Holder {
  /** In the names of actions and parameters. */
  readonly word: 'User' | 'Group' | 'Role'
  readonly about: IamAction['about']
  find(call: IamCall): Promise<HolderRef>
}

const holders: readonly Holder[] = [
  {
    word: 'User',
    about: aboutUser,
    find: async (call) => ({
      account: call.account,
      kind: 'user',
      name: (await findNamedUser(call)).name,
    }),
  },
  {
    word: 'Group',
    about: aboutNamed('team'),
    find: async (call) => refOf(call, 'team'),
  },
  {
    word: 'Role',
    about: aboutNamed('role'),
    find: async (call) => refOf(call, 'role'),
  },
]

function actionsOf({ word, about, find }: Holder): readonly IamAction[] {
  const action = (name: string, run: IamAction['run']): IamAction => ({
    name,
    service: 'iam',
    about,
    run,
  })
  return [
    action(`Put${word}Policy`, async (call) => {
      const name = needed(call, 'PolicyName')
      await call.admin.putInline(await find(call), name, needed(call, 'PolicyDocument'))
      return []
    }),
    action(`Get${word}Policy`, async (call) => {
      const policy = needed(call, 'PolicyName')
      const { inline } = await call.admin.rights(await find(call))
      const found = inline.find(([name]) => name === policy)
      if (found === undefined) throw accountFault('identity/no-such-policy', { policy })
      return [
        leaf(`${word}Name`, needed(call, `${word}Name`)),
        leaf('PolicyName', policy),
        documentElement('PolicyDocument', found[1]),
      ]
    }),
    action(`List${word}Policies`, async (call) => {
      const { inline } = await call.admin.rights(await find(call))
      const names = inline.map(([name]) => name)
      return page(call, names, { name: 'PolicyNames', element: (name) => [textNode(name)] })
    }),
    action(`Delete${word}Policy`, async (call) => {
      await call.admin.removeInline(await find(call), needed(call, 'PolicyName'))
      return []
    }),
    action(`Attach${word}Policy`, async (call) => {
      await call.admin.attach(await find(call), needed(call, 'PolicyArn'))
      return []
    }),
    action(`Detach${word}Policy`, async (call) => {
      await call.admin.detach(await find(call), needed(call, 'PolicyArn'))
      return []
    }),
    action(`ListAttached${word}Policies`, async (call) => {
      const { attached } = await call.admin.rights(await find(call))
      const element = (arn: string) => [
        leaf('PolicyName', arn.slice(arn.lastIndexOf('/') + 1)),
        leaf('PolicyArn', arn),
      ]
      return page(call, attached, { name: 'AttachedPolicies', element })
    }),
  ]
}

export const holderPolicyActions: readonly IamAction[] = holders.flatMap(actionsOf)
