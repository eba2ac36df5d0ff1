import type { Caller } from '#identity/caller'
import type { ChunkSeed } from '#identity/chunk-signatures'
import type { Payload } from '#identity/payload'

/** Who asks, as far as the request proves it. */
export type Proof = { readonly kind: 'anonymous'; readonly payload: Payload } | SignedProof

export interface SignedProof {
  readonly kind: 'signed'
  /** In a presigned URL, `x-amz-*` query parameters stand for headers; in a form, its fields do. */
  readonly via: 'header' | 'query' | 'form'
  readonly accessKeyId: string
  readonly principal: Caller
  /** What the signature says of the body; whoever reads the body must hold it to that. */
  readonly payload: Payload
  /** Where the signatures of signed chunks begin. */
  readonly seed?: ChunkSeed
}
