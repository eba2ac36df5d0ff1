/** Errors as messages. Structured clone would make plain errors of faults. */
import { Fault, type FaultDetail, type FaultKind } from '#fault/fault'

/** An error across threads: faults stay faults, with their causes. */
export type ErrorMessage =
  | {
      readonly fault: {
        readonly kind: FaultKind
        readonly code: string
        readonly detail: FaultDetail
        readonly stack: string | undefined
        readonly cause: ErrorMessage | undefined
      }
    }
  | { readonly error: unknown }

export function packError(error: unknown): ErrorMessage {
  if (!(error instanceof Fault)) return { error: isPlain(error) ? error : String(error) }
  const { kind, code, detail, stack, cause } = error
  return {
    fault: { kind, code, detail, stack, cause: cause === undefined ? undefined : packError(cause) },
  }
}

export function unpackError(message: ErrorMessage): unknown {
  if (!('fault' in message)) return message.error
  const { kind, code, detail, stack, cause } = message.fault
  const fault = new Fault(kind, code, detail, cause === undefined ? undefined : unpackError(cause))
  if (stack !== undefined) fault.stack = stack
  return fault
}

/** What structured clone takes. */
function isPlain(error: unknown): boolean {
  return error instanceof Error || typeof error === 'string' || error === undefined
}
