import { registryFault } from '#api/content/faults'
import { type ContentCall, type ContentRoute, contentBase } from '#api/content/route'
import { MultipartReader, multipartBoundary } from '#api/multipart'
import type { HttpBody } from '#http/message'
import { collect } from '#stream/collect'

/** The only field there is. */
const fieldName = 'data'

export const postMetadata: ContentRoute = {
  method: 'POST',
  path: '/metadata',
  operation: 'PostMetadata',
  summary: 'Keeps the first field of a form, which is named `data`, under the hash of its bytes',
  right: 'upload',
  answers: {
    200: 'It is kept, from now on or already',
    400: 'No form, no first field of that name, or not all of it',
    413: 'The body is too large',
  },
  takes: 'form',
  gives: 'json',
  async run(call) {
    const { door, wait } = call
    return await door.memory.during(async (take) => {
      const manifest = await readManifest(call, take)
      const { hash, isNew } = await wait('insert', () => door.registry.put(manifest))
      return {
        status: 200,
        headers: {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          location: `${contentBase}/metadata/${hash}`,
        },
        body: `${JSON.stringify({ hash, size: manifest.length, created: isNew })}\n`,
      }
    })
  },
}

/** `registry/not-multipart`, `registry/malformed-form`, `registry/too-large`, `registry/busy` */
async function readManifest(
  { door: { bodyBytesMax }, request: { headers, body } }: ContentCall,
  take: (bytes: number) => void,
): Promise<Uint8Array> {
  const boundary = multipartBoundary(headers['content-type'])
  if (boundary === undefined || boundary === '') throw registryFault('registry/not-multipart')
  const reader = new MultipartReader(limited(body, bodyBytesMax), {
    boundary,
    complaints: { malformed, tooLarge: () => malformed('the head of a part is too long') },
  })
  const part = await reader.nextPart()
  if (part?.name !== fieldName) throw malformed('the first field is not "data"')
  return await collect(reader.stream(), { onGrowth: take })
}

/** Refuses what is announced as too large before a byte of it is asked for. `registry/too-large` */
async function* limited(body: HttpBody, bytesMax: number): AsyncGenerator<Uint8Array> {
  if ((body.bytes ?? 0) > bytesMax) throw registryFault('registry/too-large', { bytesMax })
  for await (const piece of body) {
    if (body.received > bytesMax) throw registryFault('registry/too-large', { bytesMax })
    yield piece
  }
}

function malformed(reason: string, cause?: unknown): Error {
  return registryFault('registry/malformed-form', { reason }, cause)
}
