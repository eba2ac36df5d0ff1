/** The few hot calls of `node:fs` on file descriptors, as promises that fail with faults of this room. */
import {
  close,
  fdatasync,
  fstat,
  fsync,
  ftruncate,
  open,
  read,
  type Stats,
  stat,
  write,
} from 'node:fs'
import { faultOf } from '#disk/faults'

const fileMode = 0o600

export function openDescriptor(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, fileMode, (error, descriptor) =>
      error === null ? resolve(descriptor) : reject(faultOf(error, path)),
    )
  })
}

/** A descriptor, with the path that its faults name. */
export interface Opened {
  readonly descriptor: number
  readonly path: string
}

/** Writes everything; the operating system may take it in several bites. */
export async function writeAll(file: Opened, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += await writeSome(file, done === 0 ? bytes : bytes.subarray(done), offset + done)
}

/** Reads until `into` is full or the file ends; returns how many bytes there were. */
export async function readAll(file: Opened, into: Uint8Array, offset: number): Promise<number> {
  let done = 0
  while (done < into.length) {
    const count = await readSome(file, done === 0 ? into : into.subarray(done), offset + done)
    if (count === 0) break
    done += count
  }
  return done
}

/** Data, and the length that reaches it, are on stable storage (F_FULLFSYNC on macOS). */
export function syncData({ descriptor, path }: Opened): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => (error ? reject(faultOf(error, path)) : resolve()))
  })
}

/** For directories: their names are metadata, which `fdatasync` may leave out. */
export function syncAll({ descriptor, path }: Opened): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(descriptor, (error) => (error ? reject(faultOf(error, path)) : resolve()))
  })
}

export function lengthOf({ descriptor, path }: Opened): Promise<number> {
  return new Promise((resolve, reject) => {
    fstat(descriptor, (error, stats) =>
      error === null ? resolve(stats.size) : reject(faultOf(error, path)),
    )
  })
}

/** The callback form costs half of the promised one, and opening a node asks for every shard. */
export function statPath(path: string): Promise<Stats> {
  return new Promise((resolve, reject) => {
    stat(path, (error, stats) => (error === null ? resolve(stats) : reject(faultOf(error, path))))
  })
}

export function truncateTo({ descriptor, path }: Opened, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    ftruncate(descriptor, bytes, (error) => (error ? reject(faultOf(error, path)) : resolve()))
  })
}

export function closeDescriptor({ descriptor, path }: Opened): Promise<void> {
  return new Promise((resolve, reject) => {
    close(descriptor, (error) => (error ? reject(faultOf(error, path)) : resolve()))
  })
}

function writeSome(
  { descriptor, path }: Opened,
  bytes: Uint8Array,
  offset: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, 0, bytes.length, offset, (error, count) =>
      error === null ? resolve(count) : reject(faultOf(error, path)),
    )
  })
}

function readSome({ descriptor, path }: Opened, into: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, into, 0, into.length, offset, (error, count) =>
      error === null ? resolve(count) : reject(faultOf(error, path)),
    )
  })
}
