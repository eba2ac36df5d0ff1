/** What is uploaded of this machine's files: a file, or a directory with what is to go with it, sorted by name. */
import { open, readdir, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cliFault } from '#cli/faults'
import { checkUnchanged, fileFault, isNotUtf8, type LocalFile, lookAt } from '#cli/local-file'
import type { RoomyBlock, RoomyBlocks } from '#content/block-memory'
import { complaintOf } from '#content/file-name'

export interface FileNode {
  readonly kind: 'file'
  readonly name: string
  /** From the root, with forward slashes; empty for the root. */
  readonly place: string
  readonly file: LocalFile
}

export interface DirectoryNode {
  readonly kind: 'directory'
  readonly name: string
  readonly place: string
  readonly entries: readonly TreeNode[]
}

export type TreeNode = FileNode | DirectoryNode

export interface ScanOptions {
  /** Of the root; its own otherwise. */
  readonly name: string | undefined
  readonly isRecursive: boolean
  /** What is no regular file, and directories unless they are taken in. */
  readonly onSkipped: (path: string, isDirectory: boolean) => void
}

/** A link as the root is followed, others are skipped. `cli/no-such-file`, `cli/mistaken-usage` */
export async function scan(path: string, options: ScanOptions): Promise<TreeNode> {
  const facts = await lookAt(path)
  const name = options.name ?? (await nameOf(path))
  requireFetchable(name, path)
  if (facts.isFile()) {
    const file = { path, bytes: facts.size, modifiedMs: facts.mtimeMs }
    return { kind: 'file', name, place: '', file }
  }
  if (!facts.isDirectory()) {
    throw cliFault('cli/mistaken-usage', {
      mistakes: 'Object must be a regular file or a directory',
    })
  }
  return await scanDirectory({ path, name, place: '' }, options)
}

/** Whoever has the link must be able to write a file of that name. `cli/file-unusable` */
function requireFetchable(name: string, path: string): void {
  const complaint = isNotUtf8(name) ? 'it is no UTF-8' : complaintOf(name)
  if (complaint === undefined) return
  const reason = `nobody could fetch it under its name: ${complaint}. Name it otherwise`
  throw cliFault('cli/file-unusable', { path, reason })
}

/** The last part of the path; of one that has none, of where it leads. */
async function nameOf(path: string): Promise<string> {
  const name = basename(path)
  return /^\.*$/.test(name) ? basename(await realpath(path)) : name
}

async function scanDirectory(
  { path, name, place }: { readonly path: string; readonly name: string; readonly place: string },
  options: ScanOptions,
): Promise<DirectoryNode> {
  if (name === '') {
    const mistakes = 'This directory has no name: give one with --name.'
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  const found = await readdir(path, { withFileTypes: true }).catch((cause) => {
    throw fileFault(path, cause)
  })
  const entries: TreeNode[] = []
  for (const entry of found.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const child = {
      path: join(path, entry.name),
      name: entry.name,
      place: place === '' ? entry.name : `${place}/${entry.name}`,
    }
    if (entry.isFile() || (entry.isDirectory() && options.isRecursive))
      requireFetchable(entry.name, child.path)
    if (entry.isFile()) {
      const { size, mtimeMs } = await lookAt(child.path)
      const file = { path: child.path, bytes: size, modifiedMs: mtimeMs }
      entries.push({ kind: 'file', name: child.name, place: child.place, file })
    } else if (entry.isDirectory() && options.isRecursive) {
      entries.push(await scanDirectory(child, options))
    } else options.onSkipped(child.path, entry.isDirectory())
  }
  return { kind: 'directory', name, place, entries }
}

export function filesOf(node: TreeNode): readonly FileNode[] {
  return node.kind === 'file' ? [node] : node.entries.flatMap(filesOf)
}

/** The file in blocks, each read into the memory it will be sealed in. `cli/file-changed` when it is not the one that was found. */
export async function* readBlocks(
  found: LocalFile,
  chunkBytes: number,
  memory: RoomyBlocks,
): AsyncGenerator<RoomyBlock, void, undefined> {
  const { path, bytes } = found
  const file = await open(path).catch((cause: unknown) => {
    throw fileFault(path, cause)
  })
  try {
    for (let at = 0; at < bytes; at += chunkBytes) {
      const length = Math.min(chunkBytes, bytes - at)
      const roomy = memory.take(length)
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await file.read(roomy.block, filled, length - filled, at + filled)
        if (bytesRead === 0) throw cliFault('cli/file-changed', { path })
        filled += bytesRead
      }
      yield roomy
    }
    await checkUnchanged(found)
  } finally {
    await file.close()
  }
}

/** Pieces of at most `chunkBytes` with the room that sealing needs. */
export async function* withRoom(
  pieces: AsyncIterable<Uint8Array>,
  memory: RoomyBlocks,
): AsyncGenerator<RoomyBlock, void, undefined> {
  for await (const piece of pieces) {
    const roomy = memory.take(piece.length)
    roomy.block.set(piece)
    yield roomy
  }
}
