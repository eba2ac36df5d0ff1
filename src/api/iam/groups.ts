/** Groups of an account and who is in them. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html */
import { type IamAction, needed, optional } from '#api/iam/call'
import { aboutNamed, refOf } from '#api/iam/named'
import { belowPath, entityElements, page } from '#api/iam/pages'
import { aboutUser, findNamedUser, findUser } from '#api/iam/users'
import { branch, type Xml } from '#api/s3/xml-writer'
import type { Entity } from '#identity/entity'

const aboutGroup = aboutNamed('team')

const elements = (group: Entity): readonly Xml[] => entityElements('Group', group)

export const groupActions: readonly IamAction[] = [
  {
    name: 'CreateGroup',
    service: 'iam',
    about: aboutGroup,
    async run(call) {
      const path = optional(call, 'Path')
      const asked = { ...(path === undefined ? {} : { path }), facts: {} }
      return [branch('Group', ...elements(await call.admin.create(refOf(call, 'team'), asked)))]
    },
  },
  {
    name: 'GetGroup',
    service: 'iam',
    about: aboutGroup,
    async run(call) {
      const group = await call.admin.entity(refOf(call, 'team'))
      const users = await call.admin.members(call.account, group.name)
      const element = (user: Entity): readonly Xml[] => entityElements('User', user)
      return [branch('Group', ...elements(group)), ...page(call, users, { name: 'Users', element })]
    },
  },
  {
    name: 'ListGroups',
    service: 'iam',
    about: ({ account }) => [`arn:aws:iam::${account}:group/`],
    async run(call) {
      const groups = belowPath(call, await call.admin.list(call.account, 'team'))
      return page(call, groups, { name: 'Groups', element: elements })
    },
  },
  {
    name: 'UpdateGroup',
    service: 'iam',
    about: aboutGroup,
    async run(call) {
      const name = optional(call, 'NewGroupName')
      const path = optional(call, 'NewPath')
      await call.admin.update(refOf(call, 'team'), {
        ...(name === undefined ? {} : { name }),
        ...(path === undefined ? {} : { path }),
      })
      return []
    },
  },
  {
    name: 'DeleteGroup',
    service: 'iam',
    about: aboutGroup,
    async run(call) {
      await call.admin.remove(refOf(call, 'team'))
      return []
    },
  },
  {
    name: 'AddUserToGroup',
    service: 'iam',
    about: aboutGroup,
    async run(call) {
      const { name } = await findNamedUser(call)
      await call.admin.addMember(call.account, needed(call, 'GroupName'), name)
      return []
    },
  },
  {
    name: 'RemoveUserFromGroup',
    service: 'iam',
    about: aboutGroup,
    async run(call) {
      const { name } = await findNamedUser(call)
      await call.admin.removeMember(call.account, needed(call, 'GroupName'), name)
      return []
    },
  },
  {
    name: 'ListGroupsForUser',
    service: 'iam',
    about: aboutUser,
    async run(call) {
      const { name } = await findUser(call)
      const groups = await call.admin.teamsOf(call.account, name)
      return page(call, groups, { name: 'Groups', element: elements })
    },
  },
]
