/** What a door gets and gives. A door is a function from one to the other; it never sees a socket. */
import type { Fault } from '#fault/fault'
import type { HttpFaultCode } from '#http/faults'

/** Names in lower case; a repeated header is joined with `,`. Values are as sent, one character per byte (latin-1). */
export type HttpHeaders = Readonly<Record<string, string | undefined>>

/** A piece is the consumer's until it pulls the next one, which frees it. */
export interface HttpBody extends AsyncIterable<Uint8Array> {
  /** `Content-Length`; 0 without a body; `undefined` when the transfer is chunked. */
  readonly bytes: number | undefined
  /** Bytes handed out so far. */
  readonly received: number
}

export interface HttpRequest {
  /** 16 upper-case hex digits, fresh per request. */
  readonly id: string
  readonly method: string
  /** The request target exactly as sent, one character per byte (latin-1). */
  readonly target: string
  readonly headers: HttpHeaders
  /** Address of the other end of the connection, without port. */
  readonly peer: string
  /** Whether it came through TLS that ends here. */
  readonly isEncrypted: boolean
  /**
   * Read once. The first pull is the consent to receive: only then is `Expect: 100-continue` answered with 100, so a door refuses
   * before the body simply by not pulling. Throws `http/body-timeout`, `http/body-truncated`, `http/body-malformed` or
   * `http/client-gone`. A piece belongs to the consumer.
   */
  readonly body: HttpBody
  /** Aborted when the client goes away before its answer has ended. */
  readonly signal: AbortSignal
}

export interface HttpResponse {
  readonly status: number
  /** `Date`, `Server`, `Connection` and, for bodies in memory, `Content-Length` are added by the shell. */
  readonly headers: Readonly<Record<string, string | number>>
  /**
   * A stream is pulled only when the previous piece has left for the kernel, so a piece needs to live until the next pull only.
   * When it throws, or ends short of the stated `content-length`, the connection is cut: the client sees a broken answer, not a wrong one.
   * Not sent for HEAD.
   */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
  /** Called exactly once, when the answer has left or failed, even if the body was never pulled. Must not throw. */
  readonly onEnd?: (outcome: { readonly bytesOut: number; readonly isComplete: boolean }) => void
}

/** Answers every request; what it throws becomes a bare 500. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>

/** Words for what the shell itself must refuse (unparsable requests), in the dialect of the door behind it. */
export type HttpRefusal = (fault: Fault<HttpFaultCode>, requestId: string) => HttpResponse
