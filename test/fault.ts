import { isFault } from '#fault/fault'

/** For `rejects` and `throws`: that it failed just so. */
export function fault(code: string): (error: unknown) => boolean {
  return (error) => isFault(error, code)
}
