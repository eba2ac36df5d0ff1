/**
 * Files with stated durability. Two implementations: the real one on `node:fs`, and the simulated one, which loses,
 * tears and reorders everything unsynced at a power cut. All paths are relative to the disk's root, use `/`, and have
 * no `.` or `..` segment. Faults 1, 2, 3, 4, 5 of the fault list meet here.
 */

/** Direct I/O wants offset, length and address in multiples of this. */
export const directAlignment = 4096

export interface Disk {
  /**
   * Creates a new file for writing and reading; `disk/exists` when the name is taken.
   * With `direct`, writes bypass the page cache where the file system allows it (offset, length and memory aligned to
   * `directAlignment`; falls back to buffered silently). Nothing is durable before `sync` on the file AND on its directory; with `synced`,
   * every write, and the length it reaches, is on stable storage when it returns: one call instead of two.
   */
  create(path: string, options?: CreateOptions): Promise<DiskFile>
  /** Opens an existing file for reading and writing; `disk/not-found`. */
  open(path: string, options?: { readonly direct?: boolean }): Promise<DiskFile>
  /** Whole content of a small file; `undefined` when there is none. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** After this returns, a power cut leaves either the whole new file under `path` or the former one. */
  writeDurably(path: string, bytes: Uint8Array): Promise<void>
  /** Atomic; durable after `syncDirectory` of the target's directory. Replaces the target. */
  rename(from: string, to: string): Promise<void>
  /** True when there was one. Durable after `syncDirectory`. */
  remove(path: string): Promise<boolean>
  /** Creates the directory and its parents, durably; without `parents`, `disk/not-found` where one is missing. Minds none that exists. */
  makeDirectory(path: string, options?: { readonly parents?: boolean }): Promise<void>
  /** Names in a directory (files and directories), sorted; empty when it does not exist. */
  list(path: string): Promise<readonly string[]>
  /** Size in bytes and modification time; `undefined` when there is none. */
  stat(path: string): Promise<{ readonly bytes: number; readonly modifiedAt: number } | undefined>
  syncDirectory(path: string): Promise<void>
  /** Equal for disks that share their space. The root must be there. */
  fileSystem(): Promise<unknown>
  /** Bytes of the file system that holds the root. */
  capacity(): Promise<{ readonly totalBytes: number; readonly freeBytes: number }>
  /** Recursively deletes a directory. */
  removeTree(path: string): Promise<void>
  close(): Promise<void>
}

export interface CreateOptions {
  readonly direct?: boolean
  readonly synced?: boolean
}

export interface DiskFile {
  /** Writes all of `bytes` at `offset`. The buffer is the caller's again when it returns. One that fails in a synced file is final. */
  write(bytes: Uint8Array, offset: number): Promise<void>
  /**
   * `write` of so many bytes that are put together only to be written: `fill` puts them where they can be written from, which saves a copy. It
   * is called once, and must set every byte: what the memory holds before is anything.
   */
  writeFilled(
    bytes: number,
    offset: number,
    fill: (memory: Uint8Array<ArrayBuffer>) => void,
  ): Promise<void>
  /** Fills `into` from `offset`; returns how many bytes were there (fewer only at the end of the file). */
  read(into: Uint8Array, offset: number): Promise<number>
  /** Data and length are on stable storage. A failed sync is final: the file must be abandoned, never synced again. */
  sync(): Promise<void>
  bytes(): Promise<number>
  /** False once its name was removed, its directory with it perhaps. Not for a directory that was moved away. Waits for no device. */
  isNamed(): boolean
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}
