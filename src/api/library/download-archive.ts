import { answerImmutable } from '#api/library/immutable'
import { libraryRoute, refOf, versionRefOf } from '#api/library/route'
import type { HttpHeaders, HttpRequest } from '#http/message'

export const downloadArchive = libraryRoute({
  method: 'GET',
  path: '/libraries/{scope}/{name}/{version}/download',
  operation: 'DownloadArchive',
  summary: 'The archive, as it was published; Repr-Digest is what to check it by before unpacking',
  budget: 'download',
  gives: { 200: 'application/gzip', 206: 'application/gzip', 304: '' },
  answers: {
    404: 'There is none, or none that you may know of',
    409: 'The version waits for somebody, or is blocked',
    410: 'It was deleted',
    412: 'It is not the one that `If-Match` names',
    416: 'Nothing of the range is there',
  },
  async respond({ libraries }, { actor, names, request }) {
    const { signal, headers } = request
    const { visibility } = await libraries.library(actor, refOf(names))
    const isPeek = !isDownload(request)
    const archive = await libraries.archive(actor, versionRefOf(names), { signal, isPeek })
    try {
      const { digest, bytes, version } = archive
      const answer = answerImmutable(headers, { digest, bytes, visibility })
      const filename = `${version.name}-${version.version}.tar.gz`
      return {
        status: answer.status,
        headers: {
          'content-type': 'application/gzip',
          'content-disposition': `attachment; filename="${filename}"`,
          ...answer.headers,
        },
        ...(answer.status === 304 ? {} : { body: archive.read(answer.range) }),
        onEnd: () => archive.release(),
      }
    } catch (error) {
      archive.release()
      throw error
    }
  },
})

/** Who only asks whether it is still the same, or goes on where a download has stopped, is not counted. */
function isDownload({ method, headers }: HttpRequest): boolean {
  return method === 'GET' && headers['if-none-match'] === undefined && beginsAtZero(headers)
}

function beginsAtZero({ range }: HttpHeaders): boolean {
  return range === undefined || /^bytes=0-/.test(range)
}
