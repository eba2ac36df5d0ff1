/** What can go wrong when links are stored and fetched. Details named `reason` are shown to people, `server` is `host:port`. */
import { declareFaults } from '#fault/fault'

export const transferFault = declareFaults({
  /** `stored` of the `required` shards of a block: it could not be read. */
  'content/too-few-backends': 'unavailable',
  /** Of a backend of the settings, before anything was sent. */
  'content/backend-unusable': 'unavailable',
  'content/private-address': 'denied',
  'content/registry-unreachable': 'unavailable',
  'content/registry-denied': 'denied',
  'content/registry-refused': 'unsupported',
  /** It gives other bytes than it was given. */
  'content/registry-differs': 'corrupt',
  'content/no-such-manifest': 'not-found',
  /** More than registries take. */
  'content/manifest-too-large': 'too-large',
  'content/range-outside': 'invalid',
  /** A directory where a file is asked for. */
  'content/not-a-file': 'invalid',
  'content/codec-stopped': 'unavailable',
})
export type TransferFaultCode = Parameters<typeof transferFault>[0]
