import type { z } from 'zod'
import { libraryDoorFault } from '#api/library/faults'
import { digestOf, limited, publish, publishAnswers, publishQuery } from '#api/library/publishing'
import { libraryRoute, versionRefOf } from '#api/library/route'

const types = ['application/gzip', 'application/x-gzip', 'application/octet-stream']

/** The body is the archive; all else is read from its manifest. */
export const publishVersion = libraryRoute<undefined, z.infer<typeof publishQuery>>({
  method: 'PUT',
  path: '/libraries/{scope}/{name}/{version}',
  operation: 'PublishVersion',
  summary: 'Publish a version: the body is the archive, and Repr-Digest may say what it must be',
  budget: 'publish',
  query: publishQuery,
  takes: types,
  gives: { 200: 'application/json', 201: 'application/json' },
  answers: publishAnswers,
  async respond(parts, { actor, names, query, request }) {
    const { headers, body } = request
    const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
    if (type !== undefined && !types.includes(type))
      throw libraryDoorFault('library-door/wrong-type', { expected: types[0] })
    const digest = digestOf(headers)
    const what = {
      ...versionRefOf(names),
      body: limited(body, { announced: body.bytes, bytesMax: parts.archiveBytesMax }),
      ...(digest === undefined ? {} : { digest }),
      ...(body.bytes === undefined ? {} : { bytes: body.bytes }),
      options: query,
    }
    return await publish(parts, { actor, request, what })
  },
})
