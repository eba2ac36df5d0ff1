/** What a link leads to, and everything in it when that is a directory. */
import { toHex } from '#bytes/text'
import type { CdnContext } from '#cli/mycdnctl/context'
import { DirectoryWalk } from '#content/directory-walk'
import type { Link } from '#content/link'
import { fetchMetadata } from '#content/manifest'
import type { DirectoryMetadata, FileMetadata, Metadata } from '#content/metadata'
import type { RegistryClient } from '#content/registry-client'

export interface Visited<Of extends Metadata = Metadata> {
  /** Names from the link's own object on. Strangers have chosen them. */
  readonly names: readonly string[]
  readonly hash: Uint8Array
  readonly metadata: Of
}

/** A directory comes before what is in it (or behind, when it goes last). `content/directory-cycle`, `content/directory-too-large` */
export async function* walk(
  context: CdnContext,
  link: Link,
  { directoriesLast = false }: { readonly directoriesLast?: boolean } = {},
): AsyncGenerator<Visited, void, undefined> {
  const registry = context.registryFor(link)
  yield* visit(registry, link, {
    names: [],
    walked: DirectoryWalk.from(link.hash),
    directoriesLast,
  })
}

interface Way {
  readonly names: readonly string[]
  readonly walked: DirectoryWalk
  readonly directoriesLast: boolean
}

async function* visit(
  registry: RegistryClient,
  entry: Pick<Link, 'hash' | 'key'>,
  way: Way,
): AsyncGenerator<Visited, void, undefined> {
  const metadata = await fetchMetadata(entry, registry)
  const names = [...way.names, metadata.name]
  const visited = { names, hash: entry.hash, metadata }
  if (metadata.kind === 'file' || !way.directoriesLast) yield visited
  if (metadata.kind === 'file') return
  for (const { hash, key } of metadata.files) {
    const walked = way.walked.enter(hash)
    yield* visit(registry, { hash, key }, { ...way, names, walked })
  }
  if (way.directoriesLast) yield visited
}

export function isFile(visited: Visited): visited is Visited<FileMetadata> {
  return visited.metadata.kind === 'file'
}

export function isDirectory(visited: Visited): visited is Visited<DirectoryMetadata> {
  return visited.metadata.kind === 'directory'
}

/** For people. */
export function printNames(names: readonly string[]): string {
  return names.join('/')
}

/** For programs. */
export function hashOf({ hash }: Visited): string {
  return toHex(hash)
}
