import type { Terminal } from '#cli/terminal'
import type { Endpoint } from '#s3/endpoint'
import type { World } from '#world/world'

/** What every command works with. */
export interface Context {
  readonly endpoint: Endpoint
  readonly terminal: Terminal
  readonly world: World
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly isJson: boolean
  /** Transfers at a time. */
  readonly lanes: number
  readonly stdin: () => AsyncIterable<Uint8Array>
  /** Resolves when more may be written. */
  readonly writeOut: (bytes: Uint8Array) => Promise<void>
  readonly secrets: Secrets
}

/** Where the passphrase or key of encrypted objects comes from. */
export interface Secrets {
  /** From a file or the environment. */
  readonly given: Secret | undefined
  /** Asks a person; `undefined` where there is none. */
  readonly ask: ((question: string) => Promise<string>) | undefined
}

export type Secret =
  | { readonly kind: 'passphrase'; readonly text: string }
  | { readonly kind: 'key-file'; readonly key: Uint8Array }
