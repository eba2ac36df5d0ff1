import { hmacHex, sha256Hex } from '#identity/latin1'
import { emptySha256 } from '#identity/payload'

/** The request's own signature, from which the chunks' signatures go on. */
export interface ChunkSeed {
  readonly signingKey: Uint8Array
  /** `YYYYMMDDTHHMMSSZ` */
  readonly timestamp: string
  /** `day/region/s3/aws4_request` */
  readonly scope: string
  readonly signature: string
}

/**
 * The chain of signatures over a signed chunked body: each covers the one before it, so chunks can be neither changed, dropped nor
 * moved. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export class ChunkSignatures {
  readonly #seed: ChunkSeed
  #previous: string

  constructor(seed: ChunkSeed) {
    this.#seed = seed
    this.#previous = seed.signature
  }

  /** The signature the next chunk must carry, whose bytes have this SHA-256 (lower-case hex). */
  next(sha256: string): string {
    return this.#sign(['AWS4-HMAC-SHA256-PAYLOAD', ...this.#place(), emptySha256, sha256])
  }

  /** The signature the trailer must carry: `lines` is each `name:value` followed by a line feed. */
  trailer(lines: string): string {
    return this.#sign(['AWS4-HMAC-SHA256-TRAILER', ...this.#place(), sha256Hex(lines)])
  }

  #place(): readonly string[] {
    return [this.#seed.timestamp, this.#seed.scope, this.#previous]
  }

  #sign(lines: readonly string[]): string {
    this.#previous = hmacHex(this.#seed.signingKey, lines.join('\n'))
    return this.#previous
  }
}
