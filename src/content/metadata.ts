/** What metadata says, as values: a file or a directory of the CDN format, docs/formats/cdn-meta.md. "Block" is that format's word for a sealed chunk. */

/** The first 16 bytes of a BLAKE3 hash. */
export const contentHashBytes = 16
export const contentNonceBytes = 12
/** 255 units of UTF-16, the longest name of most file systems, are at most 765 bytes. */
export const nameBytesMax = 1024
/** RFC 6838 section 4.2: twice 127 and a slash; the rest is for parameters. */
export const mimeBytesMax = 1024
export const tokenBytesMax = 4096

export type Metadata = FileMetadata | DirectoryMetadata

/** Hashes and keys are 16 bytes, nonces 12. */
export interface FileMetadata {
  readonly kind: 'file'
  /** Of the whole plaintext. No key to anything. */
  readonly contentHash: Uint8Array
  readonly name: string
  readonly mime: string | undefined
  /** In order. Of an empty file: none. */
  readonly blocks: readonly Block[]
}

export interface Block {
  /** Where shard 0, 1 … of the block lie, data first; 1 to 256. */
  readonly shards: readonly ShardLocation[]
  /** How many of them give the block: 1 to 255. */
  readonly requiredShards: number
  readonly startOffset: number
  /** Of its last byte. The usual uploader says so as if every block were full, the last one too. */
  readonly endOffset: number
  /** The block's key: the hash of its plaintext, or 16 bytes by chance. */
  readonly contentHash: Uint8Array
  /** Of ciphertext and tag; all its shards are stored under this key. */
  readonly encryptedHash: Uint8Array
  readonly nonce: Uint8Array
}

export interface ShardLocation {
  /** An IP address, in its canonical spelling when it was read. */
  readonly host: string
  readonly port: number
  readonly db: number
  readonly token?: string
}

export interface DirectoryMetadata {
  readonly kind: 'directory'
  readonly name: string
  readonly files: readonly DirectoryEntry[]
}

/** The metadata of a file or of another directory. */
export interface DirectoryEntry {
  /** What the registry knows it by. */
  readonly hash: Uint8Array
  /** Without: it is not encrypted. */
  readonly key: Uint8Array | undefined
}
