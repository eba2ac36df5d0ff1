/** What the page and its worker say to each other. Hashes and keys are hex. */
import type { Problem } from '#web/faults'

export interface Place {
  readonly hash: string
  /** Without: the manifest is not encrypted. */
  readonly key: string | undefined
}

export type Described =
  | {
      readonly kind: 'file'
      readonly name: string
      readonly mime: string | undefined
      /** The format does not say how long a last block is. */
      readonly size: { readonly atMost: number; readonly isExact: boolean }
      readonly blocks: number
    }
  | {
      readonly kind: 'directory'
      readonly name: string
      readonly entries: readonly Place[]
    }

/** What was wrong with the pieces of a block, although it could be put together. */
export interface Trouble {
  /** Pieces that were not what was stored. */
  readonly damaged: number
  /** Pieces that their stores did not give. */
  readonly missing: number
}

export type Question =
  | { readonly ask: 'describe'; readonly id: number; readonly place: Place }
  | {
      readonly ask: 'read'
      readonly place: Place
      readonly port: MessagePort
      /** What lies in the browser's cache may be what was wrong. */
      readonly distrustsCache: boolean
    }

export type Answer =
  | { readonly id: number; readonly described: Described }
  | { readonly id: number; readonly problem: Problem }

/** On the port of a reading: the page asks for one thing after another. */
export type Pull = 'next' | 'stop'

export type Pulled =
  | { readonly kind: 'piece'; readonly bytes: Uint8Array<ArrayBuffer>; readonly trouble: Trouble }
  /** `isWhole`: the file as a whole is what its manifest says. */
  | { readonly kind: 'end'; readonly isWhole: boolean }
  | { readonly kind: 'problem'; readonly problem: Problem }
