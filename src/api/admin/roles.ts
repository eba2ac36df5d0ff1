import { z } from 'zod'
import { document, readDocument } from '#api/admin/policies'
import { putEntity } from '#api/admin/put-entity'
import { type Names, route } from '#api/admin/route'
import type { EntityRef } from '#identity/administration'
import { type Entity, sessionSecondsDefault } from '#identity/entity'

const sessionSecondsMax = z.number().int().describe('what a session of it may last')

const role = z.object({
  name: z.string(),
  id: z.string(),
  arn: z.string(),
  description: z.string().optional(),
  trust: document,
  sessionSecondsMax,
  createdAt: z.iso.datetime(),
})

const newRole = z.strictObject({
  trust: document.describe('who may become it'),
  description: z.string().optional(),
  sessionSecondsMax: sessionSecondsMax.optional(),
})

function printRole({ name, id, arn, facts, createdAt }: Entity): z.infer<typeof role> {
  const { description, trust = '{}', sessionSecondsMax: seconds = sessionSecondsDefault } = facts
  return {
    name,
    id,
    arn,
    ...(description === undefined ? {} : { description }),
    trust: readDocument(trust),
    sessionSecondsMax: seconds,
    createdAt: new Date(createdAt).toISOString(),
  }
}

function refOf(names: Names): EntityRef {
  return { account: '', kind: 'role', name: names['role'] ?? '' }
}

const path = '/roles/{role}'

export const roleRoutes = [
  route({
    method: 'GET',
    path: '/roles',
    summary: 'All roles, by name',
    answer: z.object({ roles: z.array(role) }),
    status: 200,
    run: async ({ accounts }) => ({
      roles: (await accounts.administration.list('', 'role')).map(printRole),
    }),
  }),
  route({
    method: 'GET',
    path,
    summary: 'One role',
    answer: role,
    status: 200,
    run: async ({ accounts }, { names }) =>
      printRole(await accounts.administration.entity(refOf(names))),
  }),
  route<z.infer<typeof newRole>>({
    method: 'PUT',
    path,
    summary: 'Make a role, or change it',
    body: newRole,
    answer: role,
    status: 200,
    run: async ({ accounts }, { names, body }) => {
      const { trust, description, sessionSecondsMax: seconds } = body
      const facts = {
        trust: JSON.stringify(trust),
        ...(description === undefined ? {} : { description }),
        ...(seconds === undefined ? {} : { sessionSecondsMax: seconds }),
      }
      return printRole(await putEntity(accounts.administration, refOf(names), facts))
    },
  }),
  route({
    method: 'DELETE',
    path,
    summary: 'Remove a role that has no policies; its sessions end',
    status: 204,
    run: ({ accounts }, { names }) => accounts.administration.remove(refOf(names)),
  }),
]
