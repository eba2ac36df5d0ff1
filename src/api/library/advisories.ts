import { z } from 'zod'
import { field, given, isoTime, libraryRoute, refOf, versionRefOf } from '#api/library/route'
import type { Advisory } from '#library/model'

const advisory = z.object({
  id: z.string(),
  scope: z.string(),
  name: z.string(),
  range: z.string().describe('of versions'),
  patched: z.string().optional(),
  severity: z.enum(['low', 'moderate', 'high', 'critical']),
  title: z.string(),
  details: z.string(),
  url: z.string().optional(),
  published_at: z.iso.datetime(),
  withdrawn_at: z.iso.datetime().optional(),
})

function print({ publishedAt, withdrawnAt, ...facts }: Advisory): z.infer<typeof advisory> {
  return {
    ...facts,
    published_at: isoTime(publishedAt),
    ...field('withdrawn_at', withdrawnAt === undefined ? undefined : isoTime(withdrawnAt)),
  }
}

const query = z.object({
  scope: z.string().max(64).optional(),
  name: z.string().max(64).optional(),
})

export const listAdvisories = libraryRoute<undefined, z.infer<typeof query>>({
  method: 'GET',
  path: '/advisories',
  operation: 'ListAdvisories',
  summary: 'What is known against libraries that you may read',
  budget: 'metadata',
  query,
  answer: z.object({ advisories: z.array(advisory) }),
  status: 200,
  async run({ libraries }, { actor, query: { scope, name } }) {
    const asked = given({ scope: scope?.replace(/^@/, ''), name })
    return { advisories: (await libraries.advisories(actor, asked)).map(print) }
  },
})

const newAdvisory = z.strictObject({
  scope: z.string().max(64),
  name: z.string().max(64),
  range: z.string().max(256),
  patched: z.string().max(128).optional(),
  severity: z.enum(['low', 'moderate', 'high', 'critical']),
  title: z.string().min(1).max(200),
  details: z.string().max(10_000),
  url: z.url().max(512).optional(),
})

export const publishAdvisory = libraryRoute<z.infer<typeof newAdvisory>>({
  method: 'POST',
  path: '/advisories',
  operation: 'PublishAdvisory',
  summary: 'Say what is wrong with some versions',
  budget: 'metadata',
  body: newAdvisory,
  answers: { 403: 'Administrators alone', 404: 'There is no such library' },
  answer: advisory,
  status: 201,
  run: async ({ libraries }, { actor, body }) =>
    print(await libraries.publishAdvisory(actor, { ...given(body), ...refOf(body) })),
})

export const withdrawAdvisory = libraryRoute({
  method: 'DELETE',
  path: '/advisories/{id}',
  operation: 'WithdrawAdvisory',
  summary: 'Take an advisory back; it stays readable as withdrawn',
  budget: 'metadata',
  answers: { 403: 'Administrators alone', 404: 'There is none' },
  answer: advisory,
  status: 200,
  run: async ({ libraries }, { actor, names }) =>
    print(await libraries.withdrawAdvisory(actor, names['id'] ?? '')),
})

const installedMax = 1_000
const installed = z.strictObject({
  versions: z
    .array(z.strictObject({ scope: z.string(), name: z.string(), version: z.string() }))
    .max(installedMax),
})

export const checkAdvisories = libraryRoute<z.infer<typeof installed>>({
  method: 'POST',
  path: '/advisories/check',
  operation: 'CheckAdvisories',
  summary: 'What is known against these versions; nothing is told of those that you may not read',
  budget: 'search',
  body: installed,
  answer: z.object({
    versions: z.array(
      z.object({
        scope: z.string(),
        name: z.string(),
        version: z.string(),
        advisories: z.array(advisory),
      }),
    ),
  }),
  status: 200,
  async run({ libraries }, { actor, body }) {
    const checked = await libraries.checkAdvisories(actor, body.versions.map(versionRefOf))
    return {
      versions: checked.map(({ scope, name, version, advisories }) => ({
        ...{ scope, name, version },
        advisories: advisories.map(print),
      })),
    }
  },
})
