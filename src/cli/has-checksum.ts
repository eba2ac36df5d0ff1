import { type LocalFile, readFileBytes } from '#cli/local-file'
import { openDigest } from '#crypto/digest'
import type { KeptChecksum } from '#s3/head'

/** Reads the whole file. */
export async function hasChecksum(
  file: Pick<LocalFile, 'path' | 'bytes'>,
  { algorithm, hex }: KeptChecksum,
  signal: AbortSignal,
): Promise<boolean> {
  const digest = openDigest(algorithm)
  for await (const piece of readFileBytes(file, signal)) digest.update(piece)
  return Buffer.from(digest.digest()).toString('hex') === hex
}
