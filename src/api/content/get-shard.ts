import { registryFault } from '#api/content/faults'
import { immutableBytes, immutableHead, judgeConditions } from '#api/content/immutable'
import type { ContentRoute } from '#api/content/route'
import { toHex } from '#bytes/text'
import { contentHashOf } from '#content/seal'
import { parseShardKey, parseShardPlace } from '#content/shard-backends'
import { isFault } from '#fault/fault'

export const getShard: ContentRoute = {
  method: 'GET',
  path: '/shards/{host}/{port}/{db}/{key}',
  operation: 'GetShard',
  summary: 'A shard of one of the backends that the operator has named, for browsers',
  answers: {
    200: 'The bytes',
    206: 'The range that was asked for',
    304: 'The bytes are those that `If-None-Match` names',
    400: 'No address, no port, no database, or no key',
    403: 'It is none of the backends',
    404: 'There is no such shard',
    412: 'The bytes are not those that `If-Match` names',
    416: 'Nothing of the range is there',
    502: 'The backend is away, or refuses',
  },
  gives: 'bytes',
  async run({ door: { shards }, request: { method, headers }, names, wait }) {
    const { host = '', port = '', db = '', key: keyText = '' } = names
    const place = parseShardPlace({ host, port, db })
    const key = parseShardKey(keyText)
    if (place === undefined || key === undefined) throw registryFault('registry/malformed-shard')
    const backend = shards.find(place)
    if (backend === undefined) throw registryFault('registry/foreign-backend')
    const body = await wait(`GET ${backend.label}`, () => shards.get(backend, key)).catch(
      (error: unknown) => {
        if (!isFault(error)) throw error
        throw registryFault('registry/backend-failed', { backend: backend.label }, error)
      },
    )
    if (body === undefined) throw registryFault('registry/no-such-shard')
    const etag = toHex(contentHashOf(body))
    const verdict = judgeConditions(headers, etag)
    if (method === 'HEAD' || verdict !== 'send')
      return immutableHead(verdict, { etag, bytes: body.length })
    return immutableBytes(headers, { etag, body })
  },
}
