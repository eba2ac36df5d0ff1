/**
 * A link's manifest, which this format calls metadata: what a file or a directory is, and where its blocks lie. The bytes are those of
 * docs/formats/cdn-meta.md, shared with other tools. Runs in browsers: nothing here, or below it, is Node's.
 */

import { MetadataReader } from '#content/_metadata-reader'
import { MetadataWriter } from '#content/_metadata-writer'
import { olderWriterOf } from '#content/_older-layouts'
import { contentFault } from '#content/faults'
import { formatIp, ip4Bytes, ip6Bytes, parseIp } from '#content/ip-address'
import {
  type Block,
  contentHashBytes,
  contentNonceBytes,
  type DirectoryMetadata,
  type FileMetadata,
  type Metadata,
  mimeBytesMax,
  nameBytesMax,
  type ShardLocation,
  tokenBytesMax,
} from '#content/metadata'
import { checkBlock } from '#content/metadata-rules'
import { isFault } from '#fault/fault'

export { safeFileName } from '#content/file-name'
export * from '#content/metadata'
export { overwrittenShards } from '#content/metadata-rules'

const magic = [0x4d, 0x43, 0x44, 0x4e] as const // MCDN
const version = 1
const envelopeBytes = 5

const hashesBytes = 2 * contentHashBytes + contentNonceBytes
const shardBytesMin = 4 + ip4Bytes + 2 + 2 + 1
const blockBytesMin = 8 + shardBytesMin + 2 + 8 + 8 + hashesBytes
const entryBytesMin = contentHashBytes + 1

/** The bytes. `content/metadata-impossible` or `content/metadata-overwritten-shards` when a reader would have to refuse them. */
export function encodeMetadata(metadata: Metadata): Uint8Array {
  const writer = new MetadataWriter()
  writer.bytes(Uint8Array.of(...magic, version))
  switch (metadata.kind) {
    case 'file':
      writeFile(writer, metadata)
      break
    case 'directory':
      writeDirectory(writer, metadata)
      break
  }
  return writer.written()
}

export interface DecodeOptions {
  /**
   * Reads metadata of uploads whose shards have overwritten each other, for those who will look at `overwrittenShards` of each block: what
   * is left of it may be enough.
   */
  readonly allowsOverwritten?: boolean
}

/**
 * The one reading of the bytes: `encodeMetadata` gives them again. All of them must belong to it. Takes time and memory in proportion to
 * their number, whatever they say. Faults: all codes `content/metadata-…`.
 */
export function decodeMetadata(
  bytes: Uint8Array,
  { allowsOverwritten = false }: DecodeOptions = {},
): Metadata {
  checkEnvelope(bytes)
  try {
    return readMetadata(new MetadataReader(bytes, envelopeBytes), allowsOverwritten)
  } catch (error) {
    const writer = isFault(error) ? olderWriterOf(bytes, envelopeBytes) : undefined
    if (writer === undefined) throw error
    const reason = `it was written by ${writer}, which kept shards in another kind of store: upload it again`
    throw contentFault('content/metadata-older-layout', { writer, reason }, error)
  }
}

function checkEnvelope(bytes: Uint8Array): void {
  if (bytes.length < envelopeBytes || !magic.every((byte, index) => bytes[index] === byte)) {
    throw contentFault('content/metadata-foreign', { reason: 'it does not begin with MCDN' })
  }
  if (bytes[magic.length] !== version) {
    throw contentFault('content/metadata-version', {
      version: bytes[magic.length],
      reason: 'it is of a later version than this program knows',
    })
  }
}

function readMetadata(reader: MetadataReader, allowsOverwritten: boolean): Metadata {
  const isFile = reader.variant('kind', 2) === 0
  const metadata = isFile ? readFile(reader, allowsOverwritten) : readDirectory(reader)
  reader.end()
  return metadata
}

function readFile(reader: MetadataReader, allowsOverwritten: boolean): FileMetadata {
  return {
    kind: 'file',
    contentHash: reader.bytes(contentHashBytes),
    name: readName(reader),
    mime: reader.option(() => reader.text({ what: 'a MIME type', bytesMax: mimeBytesMax })),
    blocks: reader.list({ what: 'blocks', bytesMin: blockBytesMin }, (index) => {
      const block = readBlock(reader)
      checkBlock(block, { index, allowsOverwritten })
      return block
    }),
  }
}

function readBlock(reader: MetadataReader): Block {
  return {
    shards: reader.list({ what: 'shards', bytesMin: shardBytesMin }, () => readShard(reader)),
    requiredShards: reader.u16(),
    startOffset: reader.u64(),
    endOffset: reader.u64(),
    contentHash: reader.bytes(contentHashBytes),
    encryptedHash: reader.bytes(contentHashBytes),
    nonce: reader.bytes(contentNonceBytes),
  }
}

function readShard(reader: MetadataReader): ShardLocation {
  const isIp4 = reader.variant('kind of address', 2) === 0
  const host = formatIp(reader.bytes(isIp4 ? ip4Bytes : ip6Bytes))
  const place = { host, port: reader.u16(), db: reader.u16() }
  const token = reader.option(() => {
    reader.variant('kind of login', 1)
    return reader.text({ what: 'a token', bytesMax: tokenBytesMax })
  })
  return token === undefined ? place : { ...place, token }
}

function readDirectory(reader: MetadataReader): DirectoryMetadata {
  const files = reader.list({ what: 'files', bytesMin: entryBytesMin }, () => ({
    hash: reader.bytes(contentHashBytes),
    key: reader.option(() => reader.bytes(contentHashBytes)),
  }))
  return { kind: 'directory', name: readName(reader), files }
}

function readName(reader: MetadataReader): string {
  return reader.text({ what: 'a name', bytesMax: nameBytesMax })
}

function writeFile(
  writer: MetadataWriter,
  { contentHash, name, mime, blocks }: FileMetadata,
): void {
  writer.u32(0)
  writeFixed(writer, contentHash, contentHashBytes)
  writeText(writer, name, nameBytesMax)
  writer.option(mime, (text) => writeText(writer, text, mimeBytesMax))
  for (const [index, block] of blocks.entries()) {
    checkBlock(block, { index, allowsOverwritten: false })
  }
  writer.list(blocks, (block) => writeBlock(writer, block))
}

function writeBlock(writer: MetadataWriter, block: Block): void {
  writer.list(block.shards, (shard) => writeShard(writer, shard))
  writer.u16(checkNumber(block.requiredShards, 0xffff))
  writer.u64(checkNumber(block.startOffset, Number.MAX_SAFE_INTEGER))
  writer.u64(checkNumber(block.endOffset, Number.MAX_SAFE_INTEGER))
  writeFixed(writer, block.contentHash, contentHashBytes)
  writeFixed(writer, block.encryptedHash, contentHashBytes)
  writeFixed(writer, block.nonce, contentNonceBytes)
}

function writeShard(writer: MetadataWriter, { host, port, db, token }: ShardLocation): void {
  const address = parseIp(host)
  if (address === undefined) throw impossible(`${host} is no IP address, which the format asks for`)
  writer.u32(address.length === ip4Bytes ? 0 : 1)
  writer.bytes(address)
  writer.u16(checkNumber(port, 0xffff))
  writer.u16(checkNumber(db, 0xffff))
  writer.option(token, (text) => {
    writer.u32(0)
    writeText(writer, text, tokenBytesMax)
  })
}

function writeDirectory(writer: MetadataWriter, { name, files }: DirectoryMetadata): void {
  writer.u32(1)
  writer.list(files, ({ hash, key }) => {
    writeFixed(writer, hash, contentHashBytes)
    writer.option(key, (bytes) => writeFixed(writer, bytes, contentHashBytes))
  })
  writeText(writer, name, nameBytesMax)
}

function writeFixed(writer: MetadataWriter, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw impossible(`${bytes.length} bytes in place of ${length}`)
  writer.bytes(bytes)
}

function writeText(writer: MetadataWriter, text: string, bytesMax: number): void {
  if (!text.isWellFormed()) throw impossible('a text is no Unicode')
  const { bytes } = writer.text(text)
  if (bytes > bytesMax) throw impossible(`a text of ${bytes} bytes: at most ${bytesMax}`)
}

function checkNumber(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw impossible(`${value} is no whole number from 0 to ${max}`)
  }
  return value
}

function impossible(reason: string): Error {
  return contentFault('content/metadata-impossible', { reason })
}
