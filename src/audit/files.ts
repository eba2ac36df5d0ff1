/** The files of an audit log: lines only, each file named by the sequence of its first line. */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hashOf, noHash, placeOf } from '#audit/entry'
import { auditFault } from '#audit/faults'

export interface AuditFile {
  readonly path: string
  /** Of its first line. */
  readonly first: number
}

export function filePath(directory: string, first: number): string {
  return join(directory, `${String(first).padStart(16, '0')}.jsonl`)
}

/** From the oldest to the newest. */
export async function listFiles(directory: string): Promise<readonly AuditFile[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{16}\.jsonl$/.test(name))
  return names.sort().map((name) => ({
    path: join(directory, name),
    first: Number(name.slice(0, 16)),
  }))
}

/** What is whole on disk: of the newest file so many bytes, and nothing behind it. */
export interface Extent {
  readonly newest: number
  readonly bytes: number
}

/** Those of each file; none of a file without lines. */
async function linesIn(file: AuditFile, { newest, bytes }: Extent): Promise<AsyncIterable<string>> {
  const opened = await open(file.path, 'r')
  return opened.readLines(file.first === newest ? { end: bytes - 1 } : {}) // closes it
}

async function filesOf(directory: string, extent: Extent): Promise<readonly AuditFile[]> {
  return (await listFiles(directory)).filter(
    ({ first }) => first < extent.newest || (first === extent.newest && extent.bytes > 0),
  )
}

/** The newest `count` lines, oldest first. */
export async function readNewest(
  directory: string,
  extent: Extent,
  count: number,
): Promise<readonly string[]> {
  let newest: string[] = []
  for (const file of [...(await filesOf(directory, extent))].reverse()) {
    const lines: string[] = []
    for await (const line of await linesIn(file, extent)) {
      lines.push(line)
      if (lines.length > count) lines.shift()
    }
    newest = [...lines, ...newest].slice(-count)
    if (newest.length >= count) break
  }
  return newest
}

export interface Chain {
  /** How many lines there are. */
  readonly entries: number
  /** Of the oldest line that is kept, and of the newest; 0 when there is none. */
  readonly first: number
  readonly last: number
  /** Hash of the newest line. */
  readonly head: string
}

/** Every line follows the one before it. `audit/damaged`, with the first place where that is not so */
export async function verifyFiles(directory: string, extent: Extent): Promise<Chain> {
  let chain: Chain = { entries: 0, first: 0, last: 0, head: noHash }
  for (const file of await filesOf(directory, extent)) {
    let number = 0
    for await (const line of await linesIn(file, extent)) {
      number += 1
      const reason = whyNot(line, chain, number === 1 ? file.first : undefined)
      if (reason !== undefined)
        throw auditFault('audit/damaged', { file: file.path, line: number, reason })
      const last = chain.entries === 0 ? file.first : chain.last + 1
      const first = chain.entries === 0 ? last : chain.first
      chain = { entries: chain.entries + 1, first, last, head: hashOf(line) }
    }
  }
  return chain
}

/** Why a line cannot stand behind the chain. The files before the first that is kept are gone: it may stand anywhere. */
function whyNot(line: string, chain: Chain, named: number | undefined): string | undefined {
  const place = placeOf(line)
  if (place === undefined) return 'it is no entry'
  if (named !== undefined && place.sequence !== named) return 'its file has another name'
  if (chain.entries === 0)
    return place.sequence > 1 || place.previous === noHash
      ? undefined
      : 'it claims to follow another'
  if (place.sequence !== chain.last + 1) return 'entries are missing before it'
  return place.previous === chain.head ? undefined : 'it, or the entry before it, was changed'
}
