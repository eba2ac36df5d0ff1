import { z } from 'zod'
import { type Names, route } from '#api/admin/route'
import type { EntityRef } from '#identity/administration'
import type { Entity } from '#identity/entity'

const group = z.object({
  name: z.string(),
  id: z.string(),
  arn: z.string(),
  createdAt: z.iso.datetime(),
})

const newGroup = z.strictObject({ name: z.string().describe('users and groups share their names') })

function printGroup({ name, id, arn, createdAt }: Entity): z.infer<typeof group> {
  return { name, id, arn, createdAt: new Date(createdAt).toISOString() }
}

function refOf(name = ''): EntityRef {
  return { account: '', kind: 'team', name }
}

const groupName = (names: Names): string => names['group'] ?? ''
const path = '/groups/{group}'
const ofMember = `${path}/members/{user}`

export const groupRoutes = [
  route({
    method: 'GET',
    path: '/groups',
    summary: 'All groups, by name',
    answer: z.object({ groups: z.array(group) }),
    status: 200,
    run: async ({ accounts }) => ({
      groups: (await accounts.administration.list('', 'team')).map(printGroup),
    }),
  }),
  route<z.infer<typeof newGroup>>({
    method: 'POST',
    path: '/groups',
    summary: 'Add a group',
    body: newGroup,
    answer: group,
    status: 201,
    run: async ({ accounts }, { body }) =>
      printGroup(await accounts.administration.create(refOf(body.name), { facts: {} })),
  }),
  route({
    method: 'GET',
    path,
    summary: 'One group, with the names of its members',
    answer: group.extend({ members: z.array(z.string()) }),
    status: 200,
    run: async ({ accounts: { administration } }, { names }) => {
      const found = await administration.entity(refOf(groupName(names)))
      const members = await administration.members('', found.name)
      return { ...printGroup(found), members: members.map(({ name }) => name) }
    },
  }),
  route({
    method: 'DELETE',
    path,
    summary: 'Remove a group that has no members and no policies',
    status: 204,
    run: ({ accounts }, { names }) => accounts.administration.remove(refOf(groupName(names))),
  }),
  route({
    method: 'PUT',
    path: ofMember,
    summary: 'Take a user into a group',
    status: 204,
    run: ({ accounts }, { names }) =>
      accounts.administration.addMember('', groupName(names), names['user'] ?? ''),
  }),
  route({
    method: 'DELETE',
    path: ofMember,
    summary: 'Take a user out of a group',
    status: 204,
    run: ({ accounts }, { names }) =>
      accounts.administration.removeMember('', groupName(names), names['user'] ?? ''),
  }),
]
