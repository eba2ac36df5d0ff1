/** What a listener and the meaning of its commands have between them. */
import type { RespReply } from '#redis/resp'

/** What one connection may do. */
export interface RedisSession {
  /** Bounds the arguments of the next request together, and says what whoever sends more is told before they are cut off. */
  readonly limit: { readonly bytesMax: number; readonly refusal: string }
  /** Called for one request at a time. `makeRoom` is awaited before a long value is read into memory. What it throws is logged, and ends the connection. */
  answer(
    args: readonly Uint8Array[],
    options: { readonly makeRoom: () => Promise<void> },
  ): Promise<RedisOutcome>
}

export interface RedisOutcome {
  readonly reply: RespReply
  /** The connection is closed behind it. */
  readonly isLast?: boolean
}
