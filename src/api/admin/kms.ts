import { z } from 'zod'
import { type AdminParts, type Names, route } from '#api/admin/route'
import type { NamedKey } from '#kms/key-service'

const namedKey = z.object({
  id: z.string(),
  state: z.enum(['enabled', 'disabled']),
  description: z.string().optional(),
  isDefault: z.boolean().describe('used by requests that ask for aws:kms and name no key'),
  version: z.number().int().describe('of the material that seals from now on; counts from 1'),
  createdAt: z.iso.datetime(),
  rotatedAt: z.iso.datetime().describe('when that material was made'),
})

const keyToAdd = z.strictObject({
  id: z.string(),
  description: z.string().optional(),
  isDefault: z.boolean().optional(),
})

/** The default cannot be taken away, but be given to another. */
const keyChange = z.strictObject({
  state: z.enum(['enabled', 'disabled']).optional(),
  isDefault: z.literal(true).optional(),
})

function printKey({ createdAt, rotatedAt, ...key }: NamedKey): z.infer<typeof namedKey> {
  return {
    ...key,
    createdAt: new Date(createdAt).toISOString(),
    rotatedAt: new Date(rotatedAt).toISOString(),
  }
}

const one = '/kms/{key}'

export const kmsRoutes = [
  route({
    method: 'GET',
    path: '/kms',
    summary: 'All named keys, by name',
    answer: z.object({ keys: z.array(namedKey) }),
    status: 200,
    run: async ({ namedKeys }) => ({ keys: (await namedKeys.list()).map(printKey) }),
  }),
  route<z.infer<typeof keyToAdd>>({
    method: 'POST',
    path: '/kms',
    summary: 'Make a named key',
    body: keyToAdd,
    answer: namedKey,
    status: 201,
    run: async ({ namedKeys }, { body: { id, description, isDefault } }) => {
      const options = {
        ...(description === undefined ? {} : { description }),
        ...(isDefault === undefined ? {} : { isDefault }),
      }
      return printKey(await namedKeys.create(id, options))
    },
  }),
  route({
    method: 'GET',
    path: one,
    summary: 'One named key',
    answer: namedKey,
    status: 200,
    run: async ({ namedKeys }, { names }) => printKey(await namedKeys.describe(idOf(names))),
  }),
  route<z.infer<typeof keyChange>>({
    method: 'PATCH',
    path: one,
    summary: 'Enable or disable a named key, or make it the default; disabled, it opens nothing',
    body: keyChange,
    answer: namedKey,
    status: 200,
    run: async (parts, { names, body }) => printKey(await change(parts, idOf(names), body)),
  }),
  route({
    method: 'POST',
    path: `${one}/versions`,
    summary: 'Rotate a named key: new material for new objects, the old stays for old ones',
    answer: namedKey,
    status: 201,
    run: async ({ namedKeys }, { names }) => printKey(await namedKeys.rotate(idOf(names))),
  }),
]

async function change(
  { namedKeys }: AdminParts,
  id: string,
  { state, isDefault }: z.infer<typeof keyChange>,
): Promise<NamedKey> {
  if (state !== undefined) await namedKeys.setState(id, state)
  if (isDefault !== undefined) await namedKeys.makeDefault(id)
  return await namedKeys.describe(id)
}

function idOf(names: Names): string {
  return names['key'] ?? ''
}
