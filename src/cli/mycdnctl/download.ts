/** `mycdnctl download`: a link becomes a file, a directory, or bytes on standard output. */
import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { toHex } from '#bytes/text'
import { interruptible } from '#cli/batch'
import { fileFault, lookAt, readFileBytes, requireReplaceable } from '#cli/local-file'
import type { CdnContext } from '#cli/mycdnctl/context'
import { cdnFault } from '#cli/mycdnctl/faults'
import { isFile, printNames, type Visited, walk } from '#cli/mycdnctl/walk'
import { moveInto, openPartial, partialPath, removeFile } from '#cli/partial-file'
import { newProgress, type Progress, showProgress } from '#cli/progress'
import { plural, printSize } from '#cli/units'
import { type ByteRange, readFile, sizeOf } from '#content/download'
import { safeFileName } from '#content/file-name'
import type { FileMetadata } from '#content/metadata'
import { parseReference } from '#content/reference'
import { shorten } from '#content/seal'
import { transferFault } from '#content/transfer-faults'
import { Blake3 } from '#crypto/blake3'
import { isFault } from '#fault/fault'

export interface DownloadOptions {
  /** A directory, a file, or `-`. */
  readonly output: string
  readonly range: ByteRange | undefined
  /** What has a name that the link gives, and is something else, is replaced. What `output` names by itself always is. */
  readonly replaces: boolean
}

export async function download(
  context: CdnContext,
  text: string,
  { output, range, replaces }: DownloadOptions,
): Promise<void> {
  const link = parseReference(text)
  await interruptible(context, 'Nothing is left of it.', async () => {
    const damage = new Damage(context)
    const steps = walk(context, link)
    const first = await steps.next()
    if (first.done === true) return
    const root = first.value
    if (isFile(root)) {
      if (output === '-') await pour(context, root, { range, damage })
      else await fetchRoot(context, root, { output, range, replaces, damage })
      return damage.tell()
    }
    if (output === '-' || range !== undefined) throw transferFault('content/not-a-file')
    const paths = new Paths(await placeIn(output, root.metadata.name))
    await makeDirectory(paths.of(root))
    let files = 0
    for await (const visited of steps) {
      if (isFile(visited)) {
        const target = paths.of(visited)
        await fetchInto(context, visited, { target, range, replaces, damage })
        files += 1
      } else await makeDirectory(paths.of(visited))
    }
    if (!context.isJson)
      context.terminal.print(`✓ ${plural(files, 'file')} saved to: ${paths.root}`)
    damage.tell()
  })
}

interface ReadOptions {
  readonly range: ByteRange | undefined
  readonly damage: Damage
}

interface FetchOptions extends ReadOptions {
  readonly replaces: boolean
}

/** For a pipe: all but the last piece is out before the whole is known to be right, so that only the exit code can say so. */
async function pour(
  context: CdnContext,
  { metadata }: Visited<FileMetadata>,
  { range, damage }: ReadOptions,
): Promise<void> {
  const progress = progressOf(metadata, range)
  await showProgress(context, progress, async () => {
    for await (const piece of read(context, metadata, { range, damage, progress })) {
      await context.writeOut(piece)
    }
  })
}

async function fetchRoot(
  context: CdnContext,
  visited: Visited<FileMetadata>,
  { output, ...options }: FetchOptions & { readonly output: string },
): Promise<void> {
  const isNamed = !output.endsWith('/') && !(await isThere(output))
  const target = isNamed ? output : join(output, safeFileName(visited.metadata.name))
  await fetchInto(context, visited, { target, ...options, replaces: isNamed || options.replaces })
}

/** Under its final name only when it is whole and right. */
async function fetchInto(
  context: CdnContext,
  { metadata, hash, names }: Visited<FileMetadata>,
  { target, range, replaces, damage }: FetchOptions & { readonly target: string },
): Promise<void> {
  const { terminal, isJson, signal } = context
  await requireReplaceable(target)
  const former = replaces ? undefined : await lstat(target).catch(() => undefined)
  if (former !== undefined) {
    const isSame =
      former.isFile() &&
      range === undefined &&
      Buffer.compare(await hashOf(target, former.size, signal), metadata.contentHash) === 0
    if (!isSame) throw cdnFault('mycdnctl/file-exists', { path: target })
    const facts = { name: printNames(names), path: target, bytes: former.size }
    if (isJson) terminal.print(JSON.stringify({ event: 'already-there', ...facts }))
    else terminal.print(`✓ Already there: ${target}`)
    return
  }
  const progress = progressOf(metadata, range)
  const path = partialPath(target, toHex(hash))
  await using partial = await openPartial(path)
  try {
    await partial.clear()
    await showProgress(context, progress, async () => {
      for await (const piece of read(context, metadata, { range, damage, progress })) {
        await partial.append(piece)
      }
    })
    await moveInto(target, path)
  } catch (error) {
    await removeFile(path)
    throw error
  }
  const bytes = partial.bytes()
  if (isJson) {
    const facts = { event: 'downloaded', name: printNames(names), path: target, bytes }
    terminal.print(JSON.stringify({ ...facts, mime: metadata.mime }))
    return
  }
  terminal.print(`✓ Downloaded: ${printNames(names)} (${printSize(bytes)})`)
  terminal.print(`  Saved to: ${target}`)
}

/** As metadata have it. */
async function hashOf(path: string, bytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const whole = new Blake3()
  for await (const piece of readFileBytes({ path, bytes }, signal)) whole.update(piece)
  return shorten(whole.digest())
}

async function* read(
  { source, codec, blockMemory }: CdnContext,
  metadata: FileMetadata,
  { range, damage, progress }: ReadOptions & { readonly progress: Progress },
): AsyncGenerator<Uint8Array> {
  const onDamaged = (block: number, shards: readonly number[]): void =>
    damage.note(metadata, block, shards)
  for await (const piece of readFile(metadata, range, { source, codec, blockMemory, onDamaged })) {
    progress.bytesMoved += piece.length
    yield piece
  }
}

/** The length is known at the end; until then, what it is at most. */
function progressOf(metadata: FileMetadata, range: ByteRange | undefined): Progress {
  const size = sizeOf(metadata)
  if (size === undefined) return newProgress(metadata.name)
  const last = Math.min(range?.last ?? size.max - 1, size.max - 1)
  return newProgress(metadata.name, { bytesTotal: Math.max(0, last - (range?.first ?? 0) + 1) })
}

/** Shards that are not what was stored, told once for each backend. */
class Damage {
  readonly #context: CdnContext
  readonly #places = new Map<string, number>()

  constructor(context: CdnContext) {
    this.#context = context
  }

  note({ blocks }: FileMetadata, index: number, shards: readonly number[]): void {
    for (const shard of shards) {
      const { host = '', port = 0, db = 0 } = blocks[index]?.shards[shard] ?? {}
      const place = `${host} port ${port} database ${db}`
      this.#places.set(place, (this.#places.get(place) ?? 0) + 1)
    }
  }

  tell(): void {
    for (const [place, count] of this.#places) {
      this.#context.terminal.warn(
        `${plural(count, 'shard')} of ${place} ${count === 1 ? 'is' : 'are'} not what was stored; others gave the content. mycdnctl repair mends that.`,
      )
    }
  }
}

/** Where a directory's objects go. Names are strangers': each must be safe, and none may hide another. */
class Paths {
  readonly root: string
  readonly #taken = new Set<string>()
  /** Of directories, by the names that lead to them, the latest of that name. */
  readonly #directories = new Map<string, string>()

  constructor(root: string) {
    this.root = root
  }

  of({ names, metadata }: Visited): string {
    const path = names.length === 1 ? this.root : this.#free(this.#parentOf(names), metadata.name)
    if (metadata.kind === 'directory') this.#directories.set(JSON.stringify(names), path)
    return path
  }

  #parentOf(names: readonly string[]): string {
    return this.#directories.get(JSON.stringify(names.slice(0, -1))) ?? this.root
  }

  #free(parent: string, name: string): string {
    const safe = safeFileName(name)
    for (let count = 1; ; count += 1) {
      const path = join(parent, count === 1 ? safe : `${safe} (${count})`)
      const folded = path.normalize('NFC').toLowerCase() // as file systems that know no case see it
      if (this.#taken.has(folded)) continue
      this.#taken.add(folded)
      return path
    }
  }
}

/** In `output` when that is a directory, or else `output` itself. */
async function placeIn(output: string, name: string): Promise<string> {
  const isInside = output.endsWith('/') || (await isThere(output))
  return isInside ? join(output, safeFileName(name)) : output
}

/** A directory. */
async function isThere(path: string): Promise<boolean> {
  try {
    return (await lookAt(path)).isDirectory()
  } catch (error) {
    if (isFault(error, 'cli/no-such-file')) return false
    throw error
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (cause) {
    throw fileFault(path, cause)
  }
}
