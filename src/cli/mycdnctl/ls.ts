/** `mycdnctl ls`: what a link leads to. */
import { toHex } from '#bytes/text'
import type { CdnContext } from '#cli/mycdnctl/context'
import { printSize } from '#cli/units'
import { sizeOf } from '#content/download'
import { plainBytesOf } from '#content/examine'
import type { Link } from '#content/link'
import { fetchMetadata } from '#content/manifest'
import type { DirectoryEntry, FileMetadata, Metadata } from '#content/metadata'
import { parseReference, referencesOf } from '#content/reference'
import { readAhead } from '#stream/read-ahead'

export interface LsOptions {
  /** Exact sizes, for which a shard of each file is fetched, and the link of each. */
  readonly isLong: boolean
}

/** Manifests that are fetched at a time. */
const entriesAhead = 8

export async function ls(context: CdnContext, text: string, { isLong }: LsOptions): Promise<void> {
  const link = parseReference(text)
  const registry = context.registryFor(link)
  const metadata = await fetchMetadata(link, registry)
  if (metadata.kind === 'file')
    return tell(context, await factsOf(context, metadata, { link, isLong }))
  if (!context.isJson) {
    context.terminal.print(`${metadata.name}/ (${printEntries(metadata.files.length)})`)
  }
  const entries = readAhead(metadata.files, entriesAhead, async (entry) => {
    const child = await fetchMetadata(entry, registry)
    return await factsOf(context, child, { link: { ...link, ...entry }, isLong })
  })
  for await (const facts of entries) tell(context, facts)
}

interface Facts {
  readonly metadata: Metadata
  /** `undefined`: nobody knows. */
  readonly size: { readonly min: number; readonly max: number } | undefined
  /** Only when more was asked for. */
  readonly link: string | undefined
  readonly entry: Pick<DirectoryEntry, 'hash'>
}

async function factsOf(
  context: CdnContext,
  metadata: Metadata,
  { link, isLong }: { readonly link: Link; readonly isLong: boolean },
): Promise<Facts> {
  const size =
    metadata.kind === 'directory' ? undefined : await sizeOfFile(context, metadata, isLong)
  return { metadata, size, link: isLong ? referencesOf(link).fragment : undefined, entry: link }
}

async function sizeOfFile({ source }: CdnContext, metadata: FileMetadata, isLong: boolean) {
  const size = sizeOf(metadata)
  const last = metadata.blocks.at(-1)
  if (size === undefined || last === undefined || !isLong) return size
  const bytes = await plainBytesOf(last, source)
  if (bytes === undefined) return size
  const exact = last.startOffset + bytes
  return { min: exact, max: exact }
}

function tell({ terminal, isJson }: CdnContext, { metadata, size, link, entry }: Facts): void {
  const { kind, name } = metadata
  if (isJson) {
    const facts = { kind, name, hash: toHex(entry.hash), bytesMin: size?.min, bytesMax: size?.max }
    const of =
      metadata.kind === 'file'
        ? { mime: metadata.mime, blocks: metadata.blocks.length }
        : { entries: metadata.files.length }
    terminal.print(JSON.stringify({ ...facts, ...of, link }))
    return
  }
  const cells =
    metadata.kind === 'file'
      ? [printBounds(size).padStart(12), (metadata.mime ?? 'no type').padEnd(28), name]
      : [printEntries(metadata.files.length).padStart(12), 'directory'.padEnd(28), `${name}/`]
  terminal.print(cells.join('  '))
  if (link !== undefined) terminal.print(`${' '.repeat(14)}${link}`)
}

/** Links hold no sizes, only where the last block begins and where it would end if it were full. */
function printBounds(size: Facts['size']): string {
  if (size === undefined) return 'unknown'
  return size.min === size.max ? printSize(size.max) : `≤ ${printSize(size.max)}`
}

function printEntries(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`
}
