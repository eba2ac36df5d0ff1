/** One digest over a library's files, whatever they were packed with. Specified in docs/formats/library-archive.md. */
import { fromHex, toHex } from '#bytes/text'
import { digestOf } from '#crypto/digest'
import { comparePaths } from '#library/archive-path'
import type { ArchiveFile } from '#library/archive-reader'

const domain = 'mdlibs-tree-v1\n'

/** SHA-256: 32 bytes. Files in any order, each path once. Paths have no line ends (`complaintOfPath`), so the text has one meaning. */
export function treeDigest(files: Iterable<Pick<ArchiveFile, 'path' | 'sha256'>>): Uint8Array {
  const lines = [...files]
    .sort((one, other) => comparePaths(one.path, other.path))
    .map(({ path, sha256 }) => `${toHex(sha256)} ${path}\n`)
  return digestOf(Buffer.from(domain + lines.join('')), 'sha256')
}

/** `sha256:` and 64 hexadecimal digits. */
export function formatDigest(digest: Uint8Array): string {
  return `sha256:${toHex(digest)}`
}

/** `undefined`: it is none. */
export function parseDigest(text: string): Uint8Array | undefined {
  const match = /^sha256:([0-9a-f]{64})$/.exec(text)
  return match?.[1] === undefined ? undefined : fromHex(match[1])
}
