/**
 * Layouts before the present one, which have its magic and its version byte all the same. They are walked only to name them: nothing is read
 * from them, as their shards lie in 0-DB.
 */

import { MetadataReader } from '#content/_metadata-reader'
import { ip4Bytes, ip6Bytes } from '#content/ip-address'
import { isFault } from '#fault/fault'

interface OlderLayout {
  readonly hashBytes: number
  /** Who wrote it. */
  readonly writer: string
}

const layouts: readonly OlderLayout[] = [
  { hashBytes: 16, writer: 'mycdnctl 0.1.0, or one built from 2025-07-11 until 2025-12-29' },
  { hashBytes: 32, writer: 'a mycdnctl built from 2025-06-30 until 2025-07-10' },
]

/** Of names, namespaces and secrets. */
const textBytesMax = 4096
const nonceBytes = 12

/** Who wrote metadata of an older layout; `undefined`: it is none. `at`: where its envelope ends. */
export function olderWriterOf(bytes: Uint8Array, at: number): string | undefined {
  return layouts.find((layout) => isLaidOut(bytes, at, layout))?.writer
}

function isLaidOut(bytes: Uint8Array, at: number, { hashBytes }: OlderLayout): boolean {
  const reader = new MetadataReader(bytes, at)
  try {
    if (reader.variant('kind', 2) === 0) walkFile(reader, hashBytes)
    else walkDirectory(reader, hashBytes)
    reader.end()
    return true
  } catch (error) {
    if (isFault(error, 'content/metadata-malformed')) return false
    throw error
  }
}

function walkFile(reader: MetadataReader, hashBytes: number): void {
  reader.skip(hashBytes)
  walkText(reader)
  reader.option(() => walkText(reader))
  const afterShards = 2 + 8 + 8 + 2 * hashBytes + nonceBytes
  reader.list({ what: 'blocks', bytesMin: 8 + afterShards }, () => {
    reader.list({ what: 'shards', bytesMin: 4 + ip4Bytes + 2 + 8 + 1 }, () => walkShard(reader))
    reader.skip(afterShards)
  })
}

function walkShard(reader: MetadataReader): void {
  reader.skip(reader.variant('address', 2) === 0 ? ip4Bytes : ip6Bytes)
  reader.skip(2)
  walkText(reader) // its namespace
  reader.option(() => walkText(reader)) // and the secret of that
}

function walkDirectory(reader: MetadataReader, hashBytes: number): void {
  reader.list({ what: 'files', bytesMin: hashBytes + 1 }, () => {
    reader.skip(hashBytes)
    reader.option(() => reader.skip(hashBytes))
  })
  walkText(reader)
}

function walkText(reader: MetadataReader): void {
  reader.text({ what: 'a text', bytesMax: textBytesMax })
}
