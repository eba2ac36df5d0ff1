import { z } from 'zod'
import { given, libraryRoute } from '#api/library/route'
import { libraryFault } from '#library/faults'
import type { QuotaAndUsage } from '#library/model'

const limits = {
  bytes: z.int().nonnegative().optional(),
  libraries: z.int().nonnegative().optional(),
  publishes_per_day: z.int().nonnegative().optional(),
}

const quotaAndUsage = z.object({
  owner: z.string(),
  quota: z.object(limits).describe('what is left out is not limited'),
  usage: z.object({
    bytes: z.int(),
    libraries: z.int(),
    versions: z.int(),
    published_today: z.int().describe('since midnight, UTC'),
  }),
})

function print({ owner, quota, usage }: QuotaAndUsage): z.infer<typeof quotaAndUsage> {
  const { publishesPerDay, ...rest } = quota
  const { publishedToday, ...used } = usage
  return {
    owner,
    quota: given({ ...rest, publishes_per_day: publishesPerDay }),
    usage: { ...used, published_today: publishedToday },
  }
}

const query = z.object({
  owner: z.string().max(64).optional().describe('a user or team; you when left out'),
})

export const getQuota = libraryRoute<undefined, z.infer<typeof query>>({
  method: 'GET',
  path: '/quota',
  operation: 'GetQuota',
  summary: 'What you, or a team of yours, may store and publish, and how much of it is used',
  budget: 'metadata',
  query,
  answers: { 403: 'That is somebody else', 404: 'There is nobody of that name' },
  answer: quotaAndUsage,
  status: 200,
  async run({ libraries }, { actor, query: { owner } }) {
    if (owner === undefined && actor.kind === 'anonymous')
      throw libraryFault('library/sign-in-needed')
    const own = actor.kind === 'user' ? actor.handle : ''
    return print(await libraries.quota(actor, owner?.replace(/^@/, '') ?? own))
  },
})

const newQuota = z.strictObject(limits)

export const setQuota = libraryRoute<z.infer<typeof newQuota>>({
  method: 'PUT',
  path: '/quota/{handle}',
  operation: 'SetQuota',
  summary: 'What a user or team may store and publish, instead of the defaults',
  budget: 'metadata',
  body: newQuota,
  answers: { 403: 'Administrators alone', 404: 'There is nobody of that name' },
  answer: quotaAndUsage,
  status: 200,
  async run({ libraries }, { actor, names, body }) {
    const owner = names['handle'] ?? ''
    const { publishes_per_day: publishesPerDay, ...rest } = body
    await libraries.setQuota(actor, owner, given({ ...rest, publishesPerDay }))
    return print(await libraries.quota(actor, owner))
  },
})
