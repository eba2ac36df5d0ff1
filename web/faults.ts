/** What can go wrong between a page and its server, beside what is wrong with a link itself (`#content/faults`). */
import { declareFaults, type FaultDetail, isFault } from '#fault/fault'

export const webFault = declareFaults({
  'web/no-such-link': 'not-found',
  /** The registry does not answer, or with something else than it should. */
  'web/registry-away': 'unavailable',
  /** Fewer pieces came than are needed: `refused` are those of stores that the server does not speak to. */
  'web/too-few-pieces': 'unavailable',
  'web/block-too-large': 'too-large',
  /** The worker, the kernels or the page's own files could not be started. */
  'web/not-started': 'unavailable',
})

/** A fault as it travels between threads. */
export interface Problem {
  readonly code: string
  readonly detail: FaultDetail
}

export function problemOf(error: unknown): Problem {
  if (isFault(error)) return { code: error.code, detail: error.detail }
  return { code: 'web/not-started', detail: { reason: String(error) } }
}
