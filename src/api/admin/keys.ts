import { z } from 'zod'
import { route } from '#api/admin/route'
import type { KeyInfo } from '#identity/principal'

const state = z.enum(['active', 'disabled'])

const key = z.object({
  accessKeyId: z.string(),
  principal: z.string().describe('canonical id of the user'),
  state,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
  usedOn: z.iso.date().optional().describe('the last day it was used on; not there: never'),
})

const madeKey = key.extend({ secretAccessKey: z.string().describe('shown this once') })

const newKey = z.strictObject({
  accessKeyId: z.string().optional().describe('drawn when left out'),
  secretAccessKey: z.string().optional().describe('drawn when left out'),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
})

const changedKey = z.strictObject({
  state: state.optional(),
  expiresAt: z.iso.datetime({ offset: true }).nullable().optional().describe('null: never'),
})

const rotation = z.strictObject({
  graceSeconds: z
    .number()
    .int()
    .min(0)
    .max(366 * 24 * 3600)
    .optional()
    .describe('how long the former key stays good; a day when left out'),
})
const graceSecondsDefault = 24 * 3600

function printKey({ createdAt, expiresAt, usedAt, ...info }: KeyInfo): z.infer<typeof key> {
  return {
    ...info,
    createdAt: new Date(createdAt).toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
    ...(usedAt === undefined ? {} : { usedOn: new Date(usedAt).toISOString().slice(0, 10) }),
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
    summary: 'Disable an access key, let it be used again, or say when it ends',
    body: changedKey,
    answer: key,
    status: 200,
    run: async ({ accounts }, { names, body: { state: wanted, expiresAt } }) => {
      const accessKeyId = names['key'] ?? ''
      let changed = await accounts.key(accessKeyId)
      if (wanted !== undefined) changed = await accounts.setKeyState(accessKeyId, wanted)
      if (expiresAt !== undefined) {
        const at = expiresAt === null ? undefined : Date.parse(expiresAt)
        changed = await accounts.expireKey(accessKeyId, at)
      }
      return printKey(changed)
    },
  }),
  route<z.infer<typeof rotation>>({
    method: 'POST',
    path: '/keys/{key}/rotate',
    summary: 'A new key for who has this one, which ends after a while',
    body: rotation,
    answer: madeKey,
    status: 201,
    run: async ({ accounts }, { names, body: { graceSeconds = graceSecondsDefault } }) => {
      const graceMs = graceSeconds * 1000
      const { secret, ...info } = await accounts.rotateKey(names['key'] ?? '', { graceMs })
      return { ...printKey(info), secretAccessKey: secret }
    },
  }),
  route({
    method: 'DELETE',
    path: '/keys/{key}',
    summary: 'Remove an access key',
    status: 204,
    run: ({ accounts }, { names }) => accounts.removeKey(names['key'] ?? ''),
  }),
]
