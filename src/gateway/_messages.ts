/** What gateway threads and the thread of the store tell each other. Both are of one process and one version: nothing here is a format. */
import type { ErrorMessage } from '#gateway/error-message'
import type { AdministrationCall } from '#identity/administration'
import type {
  BucketName,
  Checksum,
  Deletion,
  DigestAlgorithm,
  Digests,
  ObjectInfo,
  ObjectStore,
} from '#object/model'
import type { BucketAccessed, Telemetry } from '#telemetry/telemetry'

/** Calls whose arguments and results are plain data. */
export type PlainName = Exclude<keyof ObjectStore, 'put' | 'putPart' | 'open' | 'onBucketChange'>
/** Calls that bring a body. */
export type BodyName = 'put' | 'putPart'

/** A body that was received whole, and what came of verifying it. */
export interface WholeMessage {
  readonly bytes: Uint8Array
  readonly digests: DigestsMessage
  readonly verdict: Verdict
}

/** A character per byte: to clone an array of sixteen bytes takes ten times as long as the text. */
export type DigestsMessage = Readonly<Partial<Record<DigestAlgorithm, string>>>

export type Verdict =
  | { readonly checksum: Checksum | undefined }
  | { readonly refusal: ErrorMessage }

export interface BodyMessage {
  readonly bytes: number | undefined
  readonly digests: readonly DigestAlgorithm[]
  readonly whole: WholeMessage | undefined
  /** Else its pieces lie here, `creditPieces` times `pieceBytes`, where their messages say. */
  readonly memory: SharedArrayBuffer | undefined
}

/** From a gateway. `call` numbers a call from its beginning to its answer, `stream` a read. */
export type Question =
  | {
      readonly ask: 'plain'
      readonly call: number
      readonly name: PlainName
      readonly args: readonly unknown[]
      /** Which argument, if any, is options with a signal, which stays behind. */
      readonly signalled: number
    }
  | {
      readonly ask: 'body'
      readonly call: number
      readonly name: BodyName
      /** All arguments but the options. */
      readonly args: readonly unknown[]
      /** The options without body and signal. */
      readonly options: object
      readonly body: BodyMessage
    }
  | { readonly ask: 'open'; readonly call: number; readonly args: Parameters<ObjectStore['open']> }
  | {
      readonly ask: 'key'
      readonly call: number
      readonly accessKeyId: string
      readonly token: string | undefined
    }
  | {
      readonly ask: 'administration'
      readonly call: number
      readonly name: AdministrationCall
      readonly args: readonly unknown[]
    }
  | { readonly ask: 'principal'; readonly call: number; readonly id: string }
  /** What was said before has been heard when this is answered. */
  | { readonly ask: 'heard'; readonly call: number }
  | { readonly ask: 'abort'; readonly call: number; readonly reason: ErrorMessage }
  | { readonly ask: 'piece'; readonly call: number; readonly start: number; readonly bytes: number }
  | { readonly ask: 'end'; readonly call: number }
  | { readonly ask: 'broken'; readonly call: number; readonly error: ErrorMessage }
  | { readonly ask: 'verdict'; readonly call: number; readonly verdict: Verdict }
  | {
      readonly ask: 'read'
      readonly stream: number
      readonly opened: number
      readonly range: { readonly first: number; readonly last: number } | undefined
    }
  | { readonly ask: 'next'; readonly stream: number }
  | { readonly ask: 'stop'; readonly stream: number }
  | { readonly ask: 'release'; readonly opened: number }
  /** Nobody answers these. */
  /** The event as JSON but for its error: every request has one, and a clone pays for each field. */
  | { readonly ask: 'ended'; readonly event: string; readonly error: ErrorMessage | undefined }
  | { readonly ask: 'accessed'; readonly event: BucketAccessed }
  | { readonly ask: 'note'; readonly note: Parameters<Telemetry['note']> }
  | { readonly ask: 'load'; readonly exchanges: number }

/** To a gateway. */
export type Answer =
  | { readonly tell: 'result'; readonly call: number; readonly result: unknown }
  | { readonly tell: 'error'; readonly call: number; readonly error: ErrorMessage }
  /** May send a piece more of the body. */
  | { readonly tell: 'credit'; readonly call: number; readonly pieces: number }
  | { readonly tell: 'verify'; readonly call: number; readonly digests: Digests }
  | { readonly tell: 'pieces'; readonly stream: number; readonly pieces: readonly Uint8Array[] }
  | { readonly tell: 'end'; readonly stream: number }
  | { readonly tell: 'broken'; readonly stream: number; readonly error: ErrorMessage }

  /** What was said of them before may be no longer so. */
  | { readonly tell: 'bucket-changed'; readonly name: BucketName }
  | { readonly tell: 'identities-changed' }

/** One outcome of `deleteMany`. */
export type PackedDeletion = Deletion | { readonly failed: ErrorMessage }

/** What `open` comes to: small objects come along whole, or with the reason why they cannot be read. */
export interface OpenedMessage {
  readonly info: ObjectInfo
  /** Names it in `read` and `release`; `undefined` when nothing is left to read. */
  readonly opened: number | undefined
  readonly whole: Uint8Array | undefined
  readonly broken: ErrorMessage | undefined
}

/** Pieces of bodies that do not travel whole are gathered to this size, and so many of one may be under way. */
export const pieceBytes = 256 * 1024
export const creditPieces = 4
/** Bodies of a gateway that have as many under way; of those that come when there are more, one: thousands of them are slow in any case. */
export const swiftBodiesMax = 16
