/** One digest over a library's files, whatever they were packed with. Specified in docs/formats/library-archive.md. */
import type { ArchiveFile } from '#library/archive-reader'

/** 32 bytes. Files in any order. */
export function treeDigest(_files: Iterable<Pick<ArchiveFile, 'path' | 'sha256'>>): Uint8Array {
  throw new Error('to come')
}

/** `sha256:` and 64 hexadecimal digits. */
export function formatDigest(_digest: Uint8Array): string {
  throw new Error('to come')
}

/** `undefined`: it is none. */
export function parseDigest(_text: string): Uint8Array | undefined {
  throw new Error('to come')
}
