/** How large an archive and its parts may be. */
const mebibyte = 2 ** 20

export interface ArchiveLimits {
  readonly packedBytesMax: number
  /** The sum of all files' bytes. */
  readonly unpackedBytesMax: number
  readonly fileBytesMax: number
  readonly filesMax: number
  readonly pathBytesMax: number
  /** Unpacked bytes for each packed one, once there are more than `ratioFreeBytes`. */
  readonly ratioMax: number
}

export const archiveLimits: ArchiveLimits = {
  packedBytesMax: 100 * mebibyte,
  unpackedBytesMax: 500 * mebibyte,
  fileBytesMax: 50 * mebibyte,
  filesMax: 10_000,
  pathBytesMax: 255,
  ratioMax: 100,
}

/** So much may come of any archive: a few empty files compress better than any bomb. */
export const ratioFreeBytes = mebibyte
/** Of one Markdown file, for search and pages; what follows is published, but not indexed. */
export const documentBytesMax = mebibyte
