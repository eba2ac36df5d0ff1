/** Roles of an account. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html */
import {
  type IamAction,
  type IamCall,
  needed,
  optional,
  optionalNumber,
  refuse,
} from '#api/iam/call'
import { aboutNamed, refOf } from '#api/iam/named'
import { belowPath, documentElement, entityElements, page } from '#api/iam/pages'
import { branch, leaf, type Xml } from '#api/s3/xml-writer'
import type { EntityFacts } from '#identity/changes'
import { type Entity, sessionSecondsDefault } from '#identity/entity'

const aboutRole = aboutNamed('role')

function elements(role: Entity): readonly Xml[] {
  const { trust, description, sessionSecondsMax = sessionSecondsDefault } = role.facts
  return [
    ...entityElements('Role', role),
    documentElement('AssumeRolePolicyDocument', trust),
    leaf('Description', description),
    leaf('MaxSessionDuration', sessionSecondsMax),
  ]
}

function readFacts(call: IamCall): EntityFacts {
  const description = optional(call, 'Description')
  const sessionSecondsMax = optionalNumber(call, 'MaxSessionDuration')
  return {
    ...(description === undefined ? {} : { description }),
    ...(sessionSecondsMax === undefined ? {} : { sessionSecondsMax }),
  }
}

export const roleActions: readonly IamAction[] = [
  {
    name: 'CreateRole',
    service: 'iam',
    about: aboutRole,
    async run(call) {
      refuse(call, 'PermissionsBoundary', 'Tags')
      const path = optional(call, 'Path')
      const facts = { ...readFacts(call), trust: needed(call, 'AssumeRolePolicyDocument') }
      const asked = { ...(path === undefined ? {} : { path }), facts }
      return [branch('Role', ...elements(await call.admin.create(refOf(call, 'role'), asked)))]
    },
  },
  {
    name: 'GetRole',
    service: 'iam',
    about: aboutRole,
    run: async (call) => [
      branch('Role', ...elements(await call.admin.entity(refOf(call, 'role')))),
    ],
  },
  {
    name: 'ListRoles',
    service: 'iam',
    about: ({ account }) => [`arn:aws:iam::${account}:role/`],
    async run(call) {
      const roles = belowPath(call, await call.admin.list(call.account, 'role'))
      return page(call, roles, { name: 'Roles', element: elements })
    },
  },
  {
    name: 'UpdateRole',
    service: 'iam',
    about: aboutRole,
    async run(call) {
      await call.admin.update(refOf(call, 'role'), { facts: readFacts(call) })
      return []
    },
  },
  {
    name: 'UpdateRoleDescription',
    service: 'iam',
    about: aboutRole,
    async run(call) {
      const facts = { description: needed(call, 'Description') }
      return [branch('Role', ...elements(await call.admin.update(refOf(call, 'role'), { facts })))]
    },
  },
  {
    name: 'UpdateAssumeRolePolicy',
    service: 'iam',
    about: aboutRole,
    async run(call) {
      const facts = { trust: needed(call, 'PolicyDocument') }
      await call.admin.update(refOf(call, 'role'), { facts })
      return []
    },
  },
  {
    name: 'DeleteRole',
    service: 'iam',
    about: aboutRole,
    async run(call) {
      await call.admin.remove(refOf(call, 'role'))
      return []
    },
  },
]
