import { z } from 'zod'
import { route } from '#api/admin/route'
import type { KeyInfo } from '#identity/principal'

const state = z.enum(['active', 'disabled'])

export const key = z.object({
  accessKeyId: z.string(),
  principal: z.string().describe('canonical id of the user'),
  state,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
})

const madeKey = key.extend({ secretAccessKey: z.string().describe('shown this once') })

const newKey = z.strictObject({
  accessKeyId: z.string().optional().describe('drawn when left out'),
  secretAccessKey: z.string().optional().describe('drawn when left out'),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
})

const changedKey = z.strictObject({ state })

function printKey({ createdAt, expiresAt, ...info }: KeyInfo): z.infer<typeof key> {
  return {
    ...info,
    createdAt: new Date(createdAt).toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
  }
}

export const keyRoutes = [
  route({
    method: 'GET',
    path: '/users/{user}/keys',
    summary: "A user's access keys, oldest first, without their secrets",
    answer: z.object({ keys: z.array(key) }),
    status: 200,
    run: async ({ accounts }, { names }) => ({
      keys: (await accounts.listKeys(names['user'] ?? '')).map(printKey),
    }),
  }),
  route<z.infer<typeof newKey>>({
    method: 'POST',
    path: '/users/{user}/keys',
    summary: 'Give a user another access key',
    body: newKey,
    answer: madeKey,
    status: 201,
    run: async ({ accounts }, { names, body }) => {
      const { accessKeyId, secretAccessKey, expiresAt } = body
      const { secret, ...info } = await accounts.createKey(names['user'] ?? '', {
        ...(accessKeyId === undefined ? {} : { accessKeyId }),
        ...(secretAccessKey === undefined ? {} : { secret: secretAccessKey }),
        ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }),
      })
      return { ...printKey(info), secretAccessKey: secret }
    },
  }),
  route<z.infer<typeof changedKey>>({
    method: 'PATCH',
    path: '/keys/{key}',
    summary: 'Disable an access key, or let it be used again',
    body: changedKey,
    answer: key,
    status: 200,
    run: async ({ accounts }, { names, body }) =>
      printKey(await accounts.setKeyState(names['key'] ?? '', body.state)),
  }),
  route({
    method: 'DELETE',
    path: '/keys/{key}',
    summary: 'Remove an access key',
    status: 204,
    run: ({ accounts }, { names }) => accounts.removeKey(names['key'] ?? ''),
  }),
]
