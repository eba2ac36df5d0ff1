/** Users of an account, and their access keys. https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html */
import { type IamAction, type IamCall, needed, optional, refuse } from '#api/iam/call'
import { iamFault } from '#api/iam/faults'
import { belowPath, entityElements, page } from '#api/iam/pages'
import { isoDate } from '#api/s3/response'
import { branch, leaf, type Xml } from '#api/s3/xml-writer'
import { isFault } from '#fault/fault'
import { standingOf } from '#identity/caller'
import type { Entity } from '#identity/entity'
import { accountFault } from '#identity/faults'
import type { KeyInfo } from '#identity/principal'

/** The user that is named; left out, whoever asks. */
export async function findUser(call: IamCall): Promise<Entity> {
  const { admin, account, caller } = call
  const name = optional(call, 'UserName')
  if (name === undefined) return ownUser(call)
  const found = await admin.user(account, name)
  // Root and accounts are nobody's to manage but their own, and root's.
  // A role of the store acts in root's name, and is not root.
  const isOwn = found.id === standingOf(caller).userId
  if (found.arn.endsWith(':root') && !isOwn && !caller.isRoot) throw iamFault('iam/access-denied')
  return found
}

/** The same for what nobody does to himself without saying so. `iam/missing-parameter` */
export async function findNamedUser(call: IamCall): Promise<Entity> {
  needed(call, 'UserName')
  return await findUser(call)
}

function ownUser({ caller }: IamCall): Entity {
  const { arn, userId, account, session } = standingOf(caller)
  if (session?.role !== undefined)
    throw iamFault('iam/invalid-parameter', { reason: 'A role has no user: name one.' })
  const path = arn.replace(/^.*?:user(?=\/)/, '').replace(/[^/]*$/, '') || '/'
  return {
    id: userId,
    account,
    kind: 'user',
    name: caller.handle,
    path,
    arn,
    createdAt: caller.createdAt,
    facts: {},
  }
}

/** One that does not exist is called what it would be called. */
export async function aboutUser(call: IamCall): Promise<readonly string[]> {
  const { account } = call
  const asked = optional(call, 'UserName')
  const byName = `arn:aws:iam::${account}:user/${asked ?? '*'}`
  try {
    return [(await findUser(call)).arn, ...(account === '' && asked !== undefined ? [byName] : [])]
  } catch (error) {
    if (isFault(error, 'identity/no-such-principal')) return [byName]
    throw error
  }
}

const userElement = (user: Entity): Xml => branch('User', ...entityElements('User', user))

function keyElements(user: Entity, { accessKeyId, state, createdAt }: KeyInfo): readonly Xml[] {
  return [
    leaf('UserName', user.name),
    leaf('AccessKeyId', accessKeyId),
    leaf('Status', state === 'active' ? 'Active' : 'Inactive'),
    leaf('CreateDate', isoDate(createdAt)),
  ]
}

function readState(call: IamCall): KeyInfo['state'] {
  const status = needed(call, 'Status')
  if (status === 'Active') return 'active'
  if (status === 'Inactive') return 'disabled'
  throw iamFault('iam/invalid-parameter', { reason: 'Status is Active or Inactive.' })
}

export const userActions: readonly IamAction[] = [
  {
    name: 'CreateUser',
    service: 'iam',
    about: (call) => [
      `arn:aws:iam::${call.account}:user${optional(call, 'Path') ?? '/'}${needed(call, 'UserName')}`,
    ],
    async run(call) {
      refuse(call, 'PermissionsBoundary', 'Tags')
      const path = optional(call, 'Path')
      const asked = { name: needed(call, 'UserName'), ...(path === undefined ? {} : { path }) }
      return [userElement(await call.admin.createUser(call.account, asked))]
    },
  },
  {
    name: 'GetUser',
    service: 'iam',
    about: aboutUser,
    run: async (call) => [userElement(await findUser(call))],
  },
  {
    name: 'ListUsers',
    service: 'iam',
    about: ({ account }) => [`arn:aws:iam::${account}:user/`],
    async run(call) {
      const users = belowPath(call, await call.admin.listUsers(call.account))
      return page(call, users, { name: 'Users', element: (user) => entityElements('User', user) })
    },
  },
  {
    name: 'UpdateUser',
    service: 'iam',
    about: aboutUser,
    async run(call) {
      const user = await findUser(call)
      const name = optional(call, 'NewUserName')
      const path = optional(call, 'NewPath')
      const wanted = {
        ...(name === undefined ? {} : { name }),
        ...(path === undefined ? {} : { path }),
      }
      await call.admin.updateUser(call.account, user.name, wanted)
      return []
    },
  },
  {
    name: 'DeleteUser',
    service: 'iam',
    about: aboutUser,
    async run(call) {
      await call.admin.removeUser(call.account, (await findNamedUser(call)).name)
      return []
    },
  },
  {
    name: 'CreateAccessKey',
    service: 'iam',
    about: aboutUser,
    async run(call) {
      const user = await findUser(call)
      const { secret, ...key } = await call.admin.createKey(user.id)
      return [branch('AccessKey', ...keyElements(user, key), leaf('SecretAccessKey', secret))]
    },
  },
  {
    name: 'ListAccessKeys',
    service: 'iam',
    about: aboutUser,
    async run(call) {
      const user = await findUser(call)
      const keys = await call.admin.listKeys(user.id)
      const element = (key: KeyInfo) => keyElements(user, key)
      return [
        leaf('UserName', user.name),
        ...page(call, keys, { name: 'AccessKeyMetadata', element }),
      ]
    },
  },
  {
    name: 'UpdateAccessKey',
    service: 'iam',
    about: aboutUser,
    async run(call) {
      const { id } = await findUser(call)
      await call.admin.setKeyState(id, needed(call, 'AccessKeyId'), readState(call))
      return []
    },
  },
  {
    name: 'DeleteAccessKey',
    service: 'iam',
    about: aboutUser,
    async run(call) {
      const { id } = await findUser(call)
      await call.admin.removeKey(id, needed(call, 'AccessKeyId'))
      return []
    },
  },
  {
    name: 'GetAccessKeyLastUsed',
    service: 'iam',
    about: ({ account }) => [`arn:aws:iam::${account}:user/*`],
    async run(call) {
      const accessKeyId = needed(call, 'AccessKeyId')
      const { usedAt, principal } = await call.admin.key(accessKeyId)
      const user = (await call.admin.listUsers(call.account)).find(({ id }) => id === principal)
      if (user === undefined) throw accountFault('identity/no-such-key', { accessKeyId })
      const used = [
        ...(usedAt === undefined ? [] : [leaf('LastUsedDate', isoDate(usedAt))]),
        leaf('ServiceName', usedAt === undefined ? 'N/A' : 's3'),
        leaf('Region', 'N/A'),
      ]
      return [leaf('UserName', user.name), branch('AccessKeyLastUsed', ...used)]
    },
  },
]
