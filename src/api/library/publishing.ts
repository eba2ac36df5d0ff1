/** What both ways to publish have in common: what a client says of an archive beside its bytes, and what it is told. */
import { z } from 'zod'
import { libraryDoorFault } from '#api/library/faults'
import { pathOf, printVersion, version, visibility } from '#api/library/print'
import { given, type LibraryParts } from '#api/library/route'
import type { HttpHeaders, HttpRequest, HttpResponse } from '#http/message'
import type { Actor } from '#identity/actor'
import { libraryFault } from '#library/faults'
import type { PublishRequest } from '#library/model'

/** Beside the archive itself. */
export const publishQuery = z.object({
  visibility: visibility.optional().describe('of a library that is not there yet'),
  confirm_public: z
    .enum(['true', 'false'])
    .optional()
    .describe('that everybody may read it is meant'),
  tag: z.string().max(64).optional().describe('a dist-tag to set in the same step'),
})

export const published = version.extend({
  warnings: z.array(z.string()),
  created: z.boolean().describe('false when the same bytes were there already'),
})

/** Of the archive alone, in base64 (RFC 9530); the older `Digest` is understood too. `library-door/malformed-header` */
export function digestOf(headers: HttpHeaders): string | undefined {
  const name = ['repr-digest', 'content-digest', 'digest'].find((one) => headers[one] !== undefined)
  if (name === undefined) return undefined
  const [, base64] = /sha-256=:?([A-Za-z0-9+/]{43}=):?/i.exec(headers[name] ?? '') ?? []
  if (base64 === undefined)
    throw libraryDoorFault('library-door/malformed-header', {
      name,
      reason: 'expected sha-256=:BASE64:',
    })
  return Buffer.from(base64, 'base64').toString('hex')
}

/** As people write it: `sha256:` and hexadecimal digits. `library-door/malformed-body` */
export function parseChecksum(text: string): string {
  const [, hex] = /^(?:sha256:)?([0-9a-f]{64})$/.exec(text) ?? []
  if (hex !== undefined) return hex
  throw libraryDoorFault('library-door/malformed-body', {
    reason: 'checksum: expected sha256: and 64 hexadecimal digits',
  })
}

/** Refuses what is announced as too large before a byte of it is asked for, and what grows too large. `library/too-large` */
export async function* limited(
  body: AsyncIterable<Uint8Array>,
  { announced, bytesMax }: { readonly announced: number | undefined; readonly bytesMax: number },
): AsyncGenerator<Uint8Array> {
  const refuse = (): never => {
    throw libraryFault('library/too-large', { bytesMax })
  }
  if ((announced ?? 0) > bytesMax) refuse()
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > bytesMax) refuse()
    yield piece
  }
}

export type Publishing = Omit<
  PublishRequest,
  'visibility' | 'confirmsPublic' | 'tag' | 'signal'
> & {
  readonly options: z.infer<typeof publishQuery>
}

/** `library-door/busy` while too many come in; else as `Libraries.publish`. */
export async function publish(
  parts: LibraryParts,
  {
    actor,
    request: { signal },
    what: { options, ...request },
  }: { readonly actor: Actor; readonly request: HttpRequest; readonly what: Publishing },
): Promise<HttpResponse> {
  const { visibility, confirm_public: confirms, tag } = options
  const result = await parts.publishing.use(() =>
    parts.libraries.publish(actor, {
      ...request,
      ...given({
        visibility,
        tag,
        confirmsPublic: confirms === undefined ? undefined : confirms === 'true',
      }),
      signal,
    }),
  )
  if (result === undefined) throw libraryDoorFault('library-door/busy')
  const { version: facts, isNew: created, warnings } = result
  const body: z.infer<typeof published> = {
    ...printVersion(facts, parts),
    warnings: [...warnings],
    created,
  }
  return {
    status: created ? 201 : 200,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      location: `${pathOf(facts)}/${encodeURIComponent(facts.version)}`,
    },
    body: `${JSON.stringify(body)}\n`,
  }
}

export const publishAnswers: Readonly<Record<number, string>> = {
  403: 'You may not publish here, or your token may not',
  404: 'There is no such scope, or none that you may know of',
  409: 'The version is there with other bytes, the name is taken, or the library is archived',
  410: 'The version was deleted; its number is never given again',
  413: 'The archive is too large, or the quota is used up',
  415: 'The body is of another type',
  422: 'The archive is not one of a library, is not what its digest names, or is not taken for what it holds',
  428: 'It would be public: confirm',
}
