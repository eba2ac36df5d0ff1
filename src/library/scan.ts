/** What is suspicious in published text: it is read by programs that obey what they read. Streams over files, line by line. */

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'

export interface Finding {
  /** e.g. `hidden/bidi`. All of them: `scanRules`. */
  readonly rule: string
  readonly severity: Severity
  readonly path: string
  /** From 1. */
  readonly line: number
  /** Of what was found, with what cannot be seen escaped and secrets masked; at most 120 characters. */
  readonly excerpt: string
}

export interface FileScan {
  push(bytes: Uint8Array): void
  end(): readonly Finding[]
}

export function openFileScan(_path: string): FileScan {
  throw new Error('to come')
}
