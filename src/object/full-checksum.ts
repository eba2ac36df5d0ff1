import type { Checksum, ChecksumAlgorithm, Digests } from '#object/model'

/** What a body's digests come to as its checksum. */
export function fullObjectChecksum(
  algorithm: ChecksumAlgorithm,
  digests: Digests,
): Checksum | undefined {
  const value = digests[algorithm]
  return value === undefined ? undefined : { algorithm, type: 'FULL_OBJECT', value }
}
