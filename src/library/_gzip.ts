/**
 * One gzip member (RFC 1952) and nothing else: no names, comments or extra fields in its header, no second member, nothing behind it. Node's own reader takes
 * all of these, so only its inflater is used.
 */
import { constants, crc32, createDeflateRaw, createInflateRaw, type InflateRaw } from 'node:zlib'
import { PieceReader } from '#library/_piece-reader'
import { archiveFault } from '#library/archive-faults'
import { type ArchiveLimits, ratioFreeBytes } from '#library/archive-limits'
import { split } from '#stream/split'

const headerBytes = 10
const trailerBytes = 8
const pieceBytes = 64 * 1024
/** Magic, deflate, no flags, no time, no hint about the level, of no known system. */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)

/** The same bytes for the same input, however it is cut, from the same version of zlib. */
export async function* packGzip(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield Uint8Array.from(header)
  const deflate = createDeflateRaw({
    level: 6,
    windowBits: 15,
    memLevel: 8,
    strategy: constants.Z_DEFAULT_STRATEGY,
    chunkSize: pieceBytes,
  })
  let sum = 0
  let bytes = 0
  const feeding = (async () => {
    for await (const piece of split(source, () => pieceBytes)) {
      sum = crc32(piece, sum)
      bytes += piece.length
      await new Promise<void>((resolve, reject) => {
        deflate.write(piece, (error) => (error ? reject(error) : resolve()))
      })
    }
    deflate.end()
  })()
  feeding.catch((cause: unknown) => deflate.destroy(cause as Error)) // whatever was thrown is thrown on
  try {
    yield* deflate as AsyncIterable<Buffer> // streams of zlib are typed for any chunk
    await feeding
  } finally {
    deflate.destroy()
  }
  const trailer = Buffer.alloc(trailerBytes)
  trailer.writeUInt32LE(sum)
  trailer.writeUInt32LE(bytes % 2 ** 32, 4)
  yield trailer
}

/** `library/archive-refused`, `library/archive-too-large`. The end is checked when the generator ends. */
export async function* unpackGzip(
  source: AsyncIterable<Uint8Array>,
  { packedBytesMax, ratioMax }: Pick<ArchiveLimits, 'packedBytesMax' | 'ratioMax'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const packed = new PieceReader(bounded(source, packedBytesMax))
  const inflate = createInflateRaw({ chunkSize: pieceBytes })
  let sum = 0
  let bytes = 0
  try {
    await readHeader(packed)
    const feeding = feed(packed, inflate)
    feeding.catch((cause: unknown) => inflate.destroy(cause as Error)) // whatever was thrown is thrown on
    for await (const piece of inflate as AsyncIterable<Buffer>) {
      // as above
      sum = crc32(piece, sum)
      bytes += piece.length
      if (bytes > ratioFreeBytes && bytes > ratioMax * packed.taken)
        throw archiveFault('library/archive-refused', { rule: 'ratio', most: ratioMax })
      yield piece
    }
    await feeding
    await readTrailer(packed, { sum, bytes })
  } catch (error) {
    throw isZlibError(error)
      ? archiveFault('library/archive-refused', { rule: 'gzip-data' }, error)
      : error
  } finally {
    inflate.destroy()
    await packed.close()
  }
}

async function* bounded(
  source: AsyncIterable<Uint8Array>,
  packedBytesMax: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const piece of source) {
    bytes += piece.length
    if (bytes > packedBytesMax)
      throw archiveFault('library/archive-too-large', {
        limit: 'packedBytesMax',
        most: packedBytesMax,
      })
    yield piece
  }
}

async function readHeader(packed: PieceReader): Promise<void> {
  const found = await packed.exactly(headerBytes)
  if (found === undefined) throw archiveFault('library/archive-refused', { rule: 'truncated' })
  // The last two bytes, the hint and the system, are each writer's own.
  const isOurs = header.subarray(0, headerBytes - 2).every((byte, at) => byte === found[at])
  if (!isOurs) throw archiveFault('library/archive-refused', { rule: 'gzip-header' })
}

/** Gives the inflater what it takes, until its stream ends; what it leaves is read again. */
async function feed(packed: PieceReader, inflate: InflateRaw): Promise<void> {
  const ended = new Promise<void>((resolve) => inflate.once('end', resolve).once('close', resolve))
  for (let written = 0; ; ) {
    const piece = await packed.upTo(pieceBytes)
    if (piece === undefined) throw archiveFault('library/archive-refused', { rule: 'truncated' })
    written += piece.length
    const taken = new Promise<void>((resolve) => void inflate.write(piece, () => resolve()))
    await Promise.race([taken, ended])
    if (inflate.destroyed) return // its error is told where it is read
    if (inflate.bytesWritten === written) continue
    await ended
    return packed.rewind(written - inflate.bytesWritten)
  }
}

async function readTrailer(
  packed: PieceReader,
  { sum, bytes }: { readonly sum: number; readonly bytes: number },
): Promise<void> {
  const trailer = await packed.exactly(trailerBytes)
  if (trailer === undefined) throw archiveFault('library/archive-refused', { rule: 'truncated' })
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.length)
  if (view.getUint32(0, true) !== sum || view.getUint32(4, true) !== bytes % 2 ** 32)
    throw archiveFault('library/archive-refused', { rule: 'gzip-checksum' })
  if ((await packed.upTo(1)) !== undefined)
    throw archiveFault('library/archive-refused', { rule: 'trailing-data' })
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^Z_|^ERR_.*ZLIB/.test(String(error.code))
}
