import { z } from 'zod'
import { libraryRoute, refOf } from '#api/library/route'

const path = '/libraries/{scope}/{name}/dist-tags'
const answers = {
  403: 'You may read it, but not publish',
  404: 'There is none, or none that you may know of',
}

export const listDistTags = libraryRoute({
  method: 'GET',
  path,
  operation: 'ListDistTags',
  summary: 'Tags, and the version that each of them names',
  budget: 'metadata',
  answers: { 404: answers[404] },
  answer: z.object({ dist_tags: z.record(z.string(), z.string()) }),
  status: 200,
  async run({ libraries }, { actor, names }) {
    const { distTags } = await libraries.library(actor, refOf(names))
    return { dist_tags: { ...distTags } }
  },
})

const named = z.strictObject({ version: z.string().max(128) })

export const setDistTag = libraryRoute<z.infer<typeof named>>({
  method: 'PUT',
  path: `${path}/{tag}`,
  operation: 'SetDistTag',
  summary: 'Let a tag name a version',
  budget: 'metadata',
  body: named,
  answers: { ...answers, 409: 'The version is not live', 410: 'The version was deleted' },
  status: 204,
  run: ({ libraries }, { actor, names, body: { version } }) =>
    libraries.setDistTag(actor, refOf(names), names['tag'] ?? '', version),
})

export const removeDistTag = libraryRoute({
  method: 'DELETE',
  path: `${path}/{tag}`,
  operation: 'RemoveDistTag',
  summary: 'Forget a tag',
  budget: 'metadata',
  answers,
  status: 204,
  run: ({ libraries }, { actor, names }) =>
    libraries.removeDistTag(actor, refOf(names), names['tag'] ?? ''),
})
