import { z } from 'zod'
import { libraryDoorFault } from '#api/library/faults'
import {
  limited,
  type Publishing,
  parseChecksum,
  publish,
  publishAnswers,
  publishQuery,
} from '#api/library/publishing'
import { libraryRoute, refOf } from '#api/library/route'
import { type MultipartComplaints, MultipartReader, multipartBoundary } from '#api/multipart'
import type { HttpRequest } from '#http/message'
import { provenanceBytesMax } from '#library/provenance'

/** Beside the file; the first design's `description`, `tags` and `license` are read over: they stand in the manifest. */
const fields = publishQuery.extend({
  scope: z.string().max(64).optional().describe('your own handle when left out'),
  name: z.string().max(64),
  version: z.string().max(128),
  checksum: z.string().max(80).optional(),
  provenance: z.string().optional().describe('a bundle, as JSON'),
})

/** Framing, and the fields before the file. */
const formBytesMax = provenanceBytesMax + 64 * 1024
const fieldBytesMax = 4 * 1024

/** As the registry's first design has it; and the way for who sends a bundle that says where the archive comes from. */
export const publishForm = libraryRoute({
  method: 'POST',
  path: '/libraries',
  operation: 'PublishForm',
  summary:
    'Publish a version as a form: scope, name, version, and what else there is to say, then the archive as `file`',
  budget: 'publish',
  takes: ['multipart/form-data'],
  gives: { 200: 'application/json', 201: 'application/json' },
  answers: publishAnswers,
  async respond(parts, { actor, request }) {
    const { values, file } = await readForm(request, parts.archiveBytesMax)
    const { scope, name, version, checksum, provenance, ...options } = values
    const own = actor.kind === 'user' ? actor.handle : ''
    const what: Publishing = {
      ...refOf({ scope: scope ?? own, name }),
      ...{ version, options, body: file },
      ...(checksum === undefined ? {} : { digest: parseChecksum(checksum) }),
      ...(provenance === undefined ? {} : { provenance }),
    }
    return await publish(parts, { actor, request, what })
  },
})

/** All fields up to the file, and the file, which has not been read. `library-door/wrong-type`, `library-door/malformed-body`, `library-door/body-too-large` */
async function readForm(
  { headers, body }: HttpRequest,
  bytesMax: number,
): Promise<{
  readonly values: z.infer<typeof fields>
  readonly file: AsyncIterable<Uint8Array>
}> {
  const boundary = multipartBoundary(headers['content-type'])
  if (boundary === undefined || boundary === '')
    throw libraryDoorFault('library-door/wrong-type', { expected: 'multipart/form-data' })
  const source = limited(body, { announced: body.bytes, bytesMax: bytesMax + formBytesMax })
  const reader = new MultipartReader(source, { boundary, complaints })
  const texts: Record<string, string> = Object.create(null)
  for (let part = await reader.nextPart(); part?.name !== 'file'; part = await reader.nextPart()) {
    if (part === undefined) throw malformed('there is no file')
    const most = part.name === 'provenance' ? provenanceBytesMax : fieldBytesMax
    texts[part.name] = reader.decode(await reader.readWhole(most))
  }
  const parsed = fields.safeParse({ ...texts })
  if (parsed.success)
    return { values: parsed.data, file: limited(reader.stream(), { announced: 0, bytesMax }) }
  const [issue] = parsed.error.issues
  throw malformed(`${issue?.path.join('.')}: ${issue?.message} (fields stand before the file)`)
}

const complaints: MultipartComplaints = {
  malformed,
  tooLarge: () => libraryDoorFault('library-door/body-too-large', { bytesMax: formBytesMax }),
}

function malformed(reason: string, cause?: unknown): Error {
  return libraryDoorFault('library-door/malformed-body', { reason }, cause)
}
