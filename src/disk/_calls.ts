/**
 * The calls of `node:fs` that every shard costs, as promises that fail with faults of this room. From callbacks: `node:fs/promises`
 * takes twice the time of the one thread that has it to give.
 */
import * as fs from 'node:fs'
import { faultOf } from '#disk/faults'

const fileMode = 0o600

/** A descriptor, with the path that its faults name. */
export interface Opened {
  readonly descriptor: number
  readonly path: string
}

export function openDescriptor(path: string, flags: number): Promise<number> {
  return ask(path, (done) => fs.open(path, flags, fileMode, done))
}

export function closeDescriptor({ descriptor, path }: Opened): Promise<void> {
  return act(path, (done) => fs.close(descriptor, done))
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
  return act(path, (done) => fs.fdatasync(descriptor, done))
}

/** For directories: their names are metadata, which `fdatasync` may leave out. */
export function syncAll({ descriptor, path }: Opened): Promise<void> {
  return act(path, (done) => fs.fsync(descriptor, done))
}

export async function lengthOf({ descriptor, path }: Opened): Promise<number> {
  const { size } = await ask<fs.Stats>(path, (done) => fs.fstat(descriptor, done))
  return size
}

/** Asked on the calling thread: an open file's own facts are in memory, and a thread to ask for them costs ten times as much. */
export function linksOf({ descriptor, path }: Opened): number {
  try {
    return fs.fstatSync(descriptor).nlink
  } catch (error) {
    throw faultOf(error, path)
  }
}

export function truncateTo({ descriptor, path }: Opened, bytes: number): Promise<void> {
  return act(path, (done) => fs.ftruncate(descriptor, bytes, done))
}

export function statPath(path: string): Promise<fs.Stats> {
  return ask(path, (done) => fs.stat(path, done))
}

export function statFileSystem(path: string): Promise<fs.StatsFs> {
  return ask(path, (done) => fs.statfs(path, done))
}

export function renamePath(from: string, to: string): Promise<void> {
  return act(from, (done) => fs.rename(from, to, done))
}

export function unlinkPath(path: string): Promise<void> {
  return act(path, (done) => fs.unlink(path, done))
}

function writeSome(
  { descriptor, path }: Opened,
  from: Uint8Array,
  offset: number,
): Promise<number> {
  return ask(path, (done) => fs.write(descriptor, from, 0, from.length, offset, done))
}

function readSome({ descriptor, path }: Opened, into: Uint8Array, offset: number): Promise<number> {
  return ask(path, (done) => fs.read(descriptor, into, 0, into.length, offset, done))
}

function act(path: string, start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(faultOf(error, path)) : resolve()))
  })
}

function ask<T>(
  path: string,
  start: (done: (error: Error | null, answer: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, answer) => (error ? reject(faultOf(error, path)) : resolve(answer)))
  })
}
