/** A bucket of any S3 endpoint as a backend: an object for each shard, named by the shard's key in hex. */
import { toHex } from '#bytes/text'
import type { Backend } from '#content/backend'
import type { S3Place } from '#content/s3-place'
import { isFault } from '#fault/fault'
import { deleteObject } from '#s3/delete'
import type { Endpoint } from '#s3/endpoint'
import { headObject } from '#s3/head'
import { putObject } from '#s3/put'
import { readObject } from '#s3/read'
import { gather } from '#stream/gather'

/** What nobody's shard exceeds: 5 MiB, its tag and its padding. */
const shardBytesMax = 8 * 1024 * 1024

export function s3Backend(
  endpoint: Endpoint,
  { bucket, prefix }: Pick<S3Place, 'bucket' | 'prefix'>,
  { signal }: { readonly signal: AbortSignal },
): Backend {
  const nameOf = (key: Uint8Array) => ({ bucket, key: `${prefix}${toHex(key)}` })
  const facts = async (key: Uint8Array) => {
    try {
      return await headObject(endpoint, nameOf(key), { signal })
    } catch (error) {
      if (isFault(error, 'endpoint/no-such-key')) return undefined
      throw error
    }
  }
  return {
    name: `${endpoint.url}/${bucket}/${prefix}`,
    async get(key) {
      const found = await facts(key)
      if (found === undefined || found.bytes > shardBytesMax) return undefined // it is no shard
      return await gather(readObject(endpoint, nameOf(key), found, { signal }), found.bytes)
    },
    async put(key, shard) {
      await putObject(endpoint, nameOf(key), shard, { onSent: () => {}, signal })
    },
    has: async (key) => (await facts(key)) !== undefined,
    async remove(key) {
      const isThere = (await facts(key)) !== undefined
      await deleteObject(endpoint, nameOf(key), { signal })
      return isThere
    },
  }
}
