/** What of the files that this process may open is for what. */
import { readFile } from 'node:fs/promises'
import { OpenHandles } from '#shard/open-handles'

/** Of several listeners each may take so many, and leaves as many as all of them to shards, logs and the database. */
const listenersMax = 4
/** A quarter is kept open for readers: a read that opens its file first takes three times the calls. More than this are memory of the kernel. */
const readHandlesShare = 4
const readHandlesMax = 4_096

/** Connections among them. Where nobody says (not on Linux), as many as anybody wants. */
export async function openFilesMax(): Promise<number> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const [, soft] = /^Max open files +(\d+)/m.exec(text) ?? []
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** One listener's connections. */
export function connectionsAmong(openFiles: number): number {
  return Math.floor(openFiles / (2 * listenersMax))
}

/** Shards that all nodes together keep open. */
export function readHandlesUpTo(openFiles: number): number {
  return Math.max(1, Math.min(readHandlesMax, Math.floor(openFiles / readHandlesShare)))
}

/** For all nodes that this process opens. */
export async function openReadHandles(): Promise<OpenHandles> {
  return new OpenHandles(readHandlesUpTo(await openFilesMax()))
}
