/** The store's keys in memory: generation keys, and what is wrapped under them. Built by `openKeyring`. */

/** AES-KW (RFC 3394) of a 256-bit key: 40 bytes. */
export type WrappedKey = Uint8Array

export interface Keyring {
  /** 16 bytes, chosen at the store's birth; stands in every footer, log segment and node. */
  readonly storeId: Uint8Array
  /** The generation new data keys are wrapped under; grows by one. */
  readonly generation: number
  wrap(dataKey: Uint8Array): { readonly generation: number; readonly wrapped: WrappedKey }
  /** `keyring/unknown-generation`, `keyring/unwrap-failed` */
  unwrap(generation: number, wrapped: WrappedKey): Uint8Array
}
