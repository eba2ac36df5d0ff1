/** What the headers of a write ask for beside the object itself. */
import type { Call } from '#api/s3/call'
import { readLockHeaders } from '#api/s3/locks'
import { readTagHeader } from '#api/s3/tags'
import type { Traits } from '#object/model'

export function readTraits(call: Call): { readonly traits?: Traits } {
  const tags = readTagHeader(call)
  const traits = { ...(tags === undefined ? {} : { tags }), ...readLockHeaders(call) }
  return Object.keys(traits).length === 0 ? {} : { traits }
}
