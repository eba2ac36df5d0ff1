import { z } from 'zod'
import { isoTime, libraryRoute, refOf } from '#api/library/route'
import type { TrustedPublisher } from '#library/model'

const path = '/libraries/{scope}/{name}/trusted-publishers'
const answers = {
  403: 'You may read it, but do not manage it',
  404: 'There is none, or none that you may know of',
}
const claims = z.record(z.string().max(128), z.string().max(512))
const publisher = z.object({
  id: z.string(),
  issuer: z.string(),
  claims,
  by: z.string(),
  at: z.iso.datetime(),
})

function print({ at, claims, ...facts }: TrustedPublisher): z.infer<typeof publisher> {
  return { ...facts, claims: { ...claims }, at: isoTime(at) }
}

export const listTrustedPublishers = libraryRoute({
  method: 'GET',
  path,
  operation: 'ListTrustedPublishers',
  summary: 'For whom issuers may vouch, so that they publish without a token that lasts',
  budget: 'metadata',
  answers,
  answer: z.object({ trusted_publishers: z.array(publisher) }),
  status: 200,
  async run({ libraries }, { actor, names }) {
    const found = await libraries.trustedPublishers(actor, refOf(names))
    return { trusted_publishers: found.map(print) }
  },
})

const trusted = z.strictObject({
  issuer: z.url().max(512),
  claims: claims.describe(
    'what must be so, one of them of whose token it is; * stands for any characters but a slash, ? for one',
  ),
})

export const addTrustedPublisher = libraryRoute<z.infer<typeof trusted>>({
  method: 'POST',
  path,
  operation: 'AddTrustedPublisher',
  summary: 'Let whoever an issuer says these claims of publish the library',
  budget: 'metadata',
  body: trusted,
  answers,
  answer: publisher,
  status: 201,
  run: async ({ libraries }, { actor, names, body }) =>
    print(await libraries.addTrustedPublisher(actor, refOf(names), body)),
})

export const removeTrustedPublisher = libraryRoute({
  method: 'DELETE',
  path: `${path}/{id}`,
  operation: 'RemoveTrustedPublisher',
  summary: 'Trust it no longer',
  budget: 'metadata',
  answers,
  status: 204,
  run: ({ libraries }, { actor, names }) =>
    libraries.removeTrustedPublisher(actor, refOf(names), names['id'] ?? ''),
})
