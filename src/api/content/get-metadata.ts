import { registryFault } from '#api/content/faults'
import { immutableBytes, immutableHead, judgeConditions } from '#api/content/immutable'
import type { ContentRoute } from '#api/content/route'
import { parseManifestHash } from '#content/manifest-hash'

export const getMetadata: ContentRoute = {
  method: 'GET',
  path: '/metadata/{hash}',
  operation: 'GetMetadata',
  summary: 'A manifest, as it was uploaded',
  answers: {
    200: 'The bytes',
    206: 'The range that was asked for',
    304: 'The bytes are those that `If-None-Match` names',
    400: 'The hash is not 32 hexadecimal digits',
    404: 'There is no such manifest',
    412: 'The bytes are not those that `If-Match` names',
    416: 'Nothing of the range is there',
  },
  gives: 'bytes',
  async run({ door: { registry }, request: { method, headers }, names, wait }) {
    const hash = parseManifestHash(names['hash'] ?? '')
    if (hash === undefined) throw registryFault('registry/malformed-hash')
    const verdict = judgeConditions(headers, hash)
    if (method === 'HEAD' || verdict !== 'send') {
      const bytes = await wait('select', () => registry.bytesOf(hash))
      if (bytes === undefined) throw registryFault('registry/no-such-manifest')
      return immutableHead(verdict, { etag: hash, bytes })
    }
    const body = await wait('select', () => registry.get(hash))
    if (body === undefined) throw registryFault('registry/no-such-manifest')
    return immutableBytes(headers, { etag: hash, body })
  },
}
