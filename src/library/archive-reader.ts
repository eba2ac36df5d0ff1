/**
 * Reads an archive as a stream, holding one header and one piece; nothing is written anywhere. Specified in docs/formats/library-archive.md, with all that is
 * refused.
 */
import { strict as assert } from 'node:assert'
import { openDigest } from '#crypto/digest'
import { unpackGzip } from '#library/_gzip'
import { PieceReader } from '#library/_piece-reader'
import { archiveFault } from '#library/archive-faults'
import { type ArchiveLimits, archiveLimits } from '#library/archive-limits'
import { complaintOfPath, PathOrder, type PathRule } from '#library/archive-path'
import { fileKindOf } from '#library/file-kind'
import { type HeaderRule, readTarHeader, type TarEntry, tarBlockBytes } from '#library/tar-header'

/** Why an archive is refused: `rule` of `library/archive-refused`. */
export type ArchiveRule =
  | 'gzip-header'
  | 'gzip-data'
  | 'gzip-checksum'
  | 'truncated'
  | 'trailing-data'
  | 'padding'
  | 'ratio'
  | HeaderRule
  | PathRule
  | 'file-type'
  | 'no-manifest'
  | 'manifest-mismatch'
  | 'no-markdown'

export interface ArchiveFile {
  readonly path: string
  readonly bytes: number
  /** 32 bytes. */
  readonly sha256: Uint8Array
}

export type ArchiveEvent =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number }
  /** Of the file that began; the memory is the reader's again at the next pull. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly file: ArchiveFile }

export interface ReadOptions {
  readonly limits?: ArchiveLimits
  /** Files of kinds that run, for registries that allow them. */
  readonly allowsScripts?: boolean
  readonly signal: AbortSignal
}

const pieceBytesMax = 64 * 1024

/** `library/archive-refused`, `library/archive-too-large`. The archive is whole and right only once the generator has ended. */
export async function* readArchive(
  source: AsyncIterable<Uint8Array>,
  { limits = archiveLimits, allowsScripts = false, signal }: ReadOptions,
): AsyncGenerator<ArchiveEvent, void, undefined> {
  const tar = new PieceReader(unpackGzip(source, limits))
  const desk = new EntryDesk({ limits, allowsScripts })
  try {
    for (;;) {
      signal.throwIfAborted()
      const block = await tar.exactly(tarBlockBytes)
      if (block === undefined) throw refusal('truncated')
      const header = readTarHeader(block)
      if (header.kind === 'end') break
      if (header.kind === 'refused')
        throw refusal(header.rule, header.detail === undefined ? {} : { field: header.detail })
      desk.admit(header.entry)
      yield* readFile(tar, header.entry, signal)
    }
    await readEnd(tar)
  } finally {
    await tar.close()
  }
}

/** What is asked of one entry beside those before it. */
class EntryDesk {
  readonly #limits: ArchiveLimits
  readonly #allowsScripts: boolean
  readonly #order = new PathOrder()
  #files = 0
  #bytes = 0

  constructor({
    limits,
    allowsScripts,
  }: {
    readonly limits: ArchiveLimits
    readonly allowsScripts: boolean
  }) {
    this.#limits = limits
    this.#allowsScripts = allowsScripts
  }

  admit({ path, bytes }: TarEntry): void {
    const rule = complaintOfPath(path, this.#limits) ?? this.#order.add(path)
    if (rule !== undefined) throw refusal(rule, { path: printable(path) })
    const kind = fileKindOf(path)
    if (kind === undefined || (kind === 'script' && !this.#allowsScripts))
      throw refusal('file-type', { path })
    this.#files += 1
    this.#bytes += bytes
    this.#keep('filesMax', this.#files, path)
    this.#keep('fileBytesMax', bytes, path)
    this.#keep('unpackedBytesMax', this.#bytes, path)
  }

  #keep(limit: keyof ArchiveLimits, found: number, path: string): void {
    const most = this.#limits[limit]
    if (found > most) throw archiveFault('library/archive-too-large', { limit, most, path })
  }
}

async function* readFile(
  tar: PieceReader,
  { path, bytes }: TarEntry,
  signal: AbortSignal,
): AsyncGenerator<ArchiveEvent, void, undefined> {
  yield { kind: 'file', path, bytes }
  const digest = openDigest('sha256')
  for (let left = bytes; left > 0; ) {
    signal.throwIfAborted()
    const piece = await tar.upTo(Math.min(left, pieceBytesMax))
    if (piece === undefined) throw refusal('truncated', { path })
    digest.update(piece)
    left -= piece.length
    yield { kind: 'bytes', bytes: piece }
  }
  const padding = (tarBlockBytes - (bytes % tarBlockBytes)) % tarBlockBytes
  if (padding > 0) {
    const zeros = await tar.exactly(padding)
    if (zeros === undefined) throw refusal('truncated', { path })
    if (zeros.some((byte) => byte !== 0)) throw refusal('padding', { path })
  }
  yield { kind: 'end', file: { path, bytes, sha256: digest.digest() } }
}

/** A second block of zeros, and nothing behind it; and so for what it was packed in. */
async function readEnd(tar: PieceReader): Promise<void> {
  const block = await tar.exactly(tarBlockBytes)
  if (block === undefined) throw refusal('truncated')
  if (block.some((byte) => byte !== 0)) throw refusal('trailing-data')
  if ((await tar.upTo(1)) !== undefined) throw refusal('trailing-data')
}

export function refusal(
  rule: ArchiveRule,
  detail: Readonly<Record<string, string>> = {},
): ReturnType<typeof archiveFault> {
  return archiveFault('library/archive-refused', { rule, ...detail })
}

/** Of a path that may hold anything. */
function printable(path: string): string {
  return JSON.stringify(path.slice(0, 300)).slice(1, -1)
}

/**
 * The bytes of one file of an archive that was checked when it was published; `undefined` when it has none such. Nothing behind the file is read, so this says
 * nothing about the rest.
 */
export async function fileOfArchive(
  source: AsyncIterable<Uint8Array>,
  path: string,
  options: ReadOptions,
): Promise<AsyncGenerator<Uint8Array, void, undefined> | undefined> {
  const events = readArchive(source, { ...options, allowsScripts: true })
  for (;;) {
    const { done, value } = await events.next()
    if (done === true) return undefined
    if (value.kind === 'file' && value.path === path) return bytesOf(events)
  }
}

async function* bytesOf(
  events: AsyncGenerator<ArchiveEvent, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      const { done, value } = await events.next()
      assert(done !== true) // a file that began ends, or its fault is thrown
      if (value.kind !== 'bytes') return
      yield value.bytes
    }
  } finally {
    await events.return()
  }
}
