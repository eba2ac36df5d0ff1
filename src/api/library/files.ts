import { z } from 'zod'
import { answerImmutable } from '#api/library/immutable'
import { digest } from '#api/library/print'
import { libraryRoute, refOf, versionRefOf } from '#api/library/route'
import { libraryFault } from '#library/faults'

const answers = {
  404: 'There is none, or none that you may know of',
  409: 'The version waits for somebody, or is blocked',
  410: 'It was deleted',
}

export const listFiles = libraryRoute({
  method: 'GET',
  path: '/libraries/{scope}/{name}/{version}/files',
  operation: 'ListFiles',
  summary: 'The files of a version, each with its digest',
  budget: 'metadata',
  answers,
  answer: z.object({
    files: z.array(z.object({ path: z.string(), size: z.int(), checksum: digest })),
  }),
  status: 200,
  async run({ libraries }, { actor, names }) {
    const files = await libraries.files(actor, versionRefOf(names))
    return {
      files: files.map(({ path, bytes, digest: hex }) => ({
        path,
        size: bytes,
        checksum: `sha256:${hex}`,
      })),
    }
  },
})

/** What is shown as what it is; strangers have written it, and everything else is bytes to be saved. */
const types: ReadonlyMap<string, string> = new Map([
  ['gif', 'image/gif'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
  ['png', 'image/png'],
  ['svg', 'image/svg+xml'],
  ['webp', 'image/webp'],
  ...['csv', 'json', 'markdown', 'md', 'toml', 'txt', 'yaml', 'yml'].map(
    (suffix) => [suffix, 'text/plain; charset=utf-8'] as const,
  ),
])

export const getFile = libraryRoute({
  method: 'GET',
  path: '/libraries/{scope}/{name}/{version}/files/{path*}',
  operation: 'GetFile',
  summary: 'One file of a version',
  budget: 'download',
  gives: { 200: '*/*', 304: '' },
  answers: { ...answers, 412: 'It is not the one that `If-Match` names' },
  async respond({ libraries }, { actor, names, request: { headers, signal } }) {
    const { visibility } = await libraries.library(actor, refOf(names))
    const path = names['path'] ?? ''
    const file = await libraries.file(actor, { ...versionRefOf(names), path }, { signal })
    const whole = { ...headers, range: undefined } // files are small: they come whole
    const answer = answerImmutable(whole, { digest: file.digest, bytes: file.bytes, visibility })
    const suffix = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
    return {
      status: answer.status,
      headers: {
        'content-type': types.get(suffix) ?? 'application/octet-stream',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox", // of images that are documents
        ...answer.headers,
        'accept-ranges': 'none',
      },
      ...(answer.status === 304 ? {} : { body: file.content }),
    }
  },
})

export const getReadme = libraryRoute({
  method: 'GET',
  path: '/libraries/{scope}/{name}/{version}/readme',
  operation: 'GetReadme',
  summary: 'The file that introduces the library, as it was published',
  budget: 'metadata',
  gives: { 200: 'text/markdown; charset=utf-8' },
  answers,
  async respond({ libraries }, { actor, names, request: { signal } }) {
    const readme = await libraries.readme(actor, versionRefOf(names), { signal })
    if (readme === undefined) throw libraryFault('library/no-such-file')
    return {
      status: 200,
      headers: {
        'content-type': 'text/markdown; charset=utf-8',
        'cache-control': 'private, no-cache',
        vary: 'Authorization',
      },
      body: readme.text,
    }
  },
})
