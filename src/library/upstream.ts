/** Another registry of the same API, as a mirror asks it: without a token, so that it tells no more than everybody may know. */
import { fromBase64url } from '#bytes/text'
import { ed25519KeyBytes } from '#crypto/ed25519'
import { libraryFault } from '#library/faults'
import type { LibraryRef } from '#library/name'
import { formatLibraryRef } from '#library/name'
import {
  type RegistryKey,
  type RegistrySignature,
  registryKeyId,
} from '#library/registry-signature'
import { parseDigest } from '#library/tree-digest'
import { isVersion, parseVersion, type Version } from '#library/version'
import { gatherShort } from '#stream/gather'
import type { World } from '#world/world'

export interface UpstreamVersion {
  readonly version: Version
  readonly bytes: number
  /** Of the archive, lowercase hex. */
  readonly digest: string
  readonly publishedAt: number
  readonly downloads: number
  /** Why. */
  readonly yanked?: string
  readonly deprecated?: string
}

export interface UpstreamLibrary extends LibraryRef {
  readonly latest?: Version
  readonly distTags: ReadonlyMap<string, Version>
  readonly deprecated?: string
  /** Live ones. */
  readonly versions: ReadonlyMap<Version, UpstreamVersion>
}

export interface UpstreamOptions {
  /** `https://libraries.example` */
  readonly origin: string
  /** Its public keys, where somebody has written them down; else those that it tells when it is first asked. */
  readonly keys?: readonly Uint8Array[]
  readonly world: World
}

/** For an answer to begin, and for a document to be whole. */
const answerMs = 30_000
/** For an archive to be whole. */
const archiveMs = 600_000
const documentBytesMax = 16 * 2 ** 20
const provenanceBytesMax = 2 ** 20
/** Entries of the feed that are asked for at once. */
export const feedPage = 500

export class Upstream {
  readonly origin: string
  readonly #world: World
  #keys: readonly RegistryKey[] | undefined

  constructor({ origin, keys, world }: UpstreamOptions) {
    this.origin = origin
    this.#world = world
    this.#keys = keys?.map(activeKey)
  }

  /** `undefined`: it has none that everybody may read. `library/upstream-unavailable` */
  async library(ref: LibraryRef, signal: AbortSignal): Promise<UpstreamLibrary | undefined> {
    const found = await this.#document(pathOf(ref), signal)
    return found === undefined ? undefined : libraryOf(ref, found)
  }

  /** Of a version; `undefined`: it has none. `library/upstream-unavailable` */
  async signature(
    ref: LibraryRef,
    version: Version,
    signal: AbortSignal,
  ): Promise<RegistrySignature | undefined> {
    const found = await this.#document(`${pathOf(ref)}/${version}/signature`, signal)
    if (found === undefined) return undefined
    return { keyId: textOf(found, 'key_id'), signature: fromBase64url(textOf(found, 'signature')) }
  }

  /** As JSON; `undefined`: it has none. `library/upstream-unavailable` */
  async provenance(
    ref: LibraryRef,
    version: Version,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const bytes = await this.#get(`${pathOf(ref)}/${version}/provenance`, {
      bytesMax: provenanceBytesMax,
      signal,
    })
    return bytes === undefined ? undefined : Buffer.from(bytes).toString()
  }

  /** `library/upstream-unavailable`, while it is read, too. */
  async *archive(
    ref: LibraryRef,
    version: Version,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const path = `${pathOf(ref)}/${version}/download`
    yield* this.#stream(path, { ms: archiveMs, signal })
  }

  /** What happened there after `after`, oldest first: names of libraries, and where to go on. `library/upstream-unavailable` */
  async feed(
    after: number,
    signal: AbortSignal,
  ): Promise<{ readonly names: readonly string[]; readonly next: number }> {
    const found = await this.#document(`/feed?after=${after}&limit=${feedPage}`, signal)
    if (found === undefined) throw unavailable(this.origin, 'it has no feed')
    const names = listOf(found, 'entries').map(
      (one) => `@${textOf(one, 'scope')}/${textOf(one, 'name')}`,
    )
    const next = Number(found['next'])
    return { names, next: Number.isSafeInteger(next) ? next : after }
  }

  async keys(signal: AbortSignal): Promise<readonly RegistryKey[]> {
    this.#keys ??= keysOf((await this.#document('/keys', signal)) ?? {})
    return this.#keys
  }

  async #document(path: string, signal: AbortSignal): Promise<Table | undefined> {
    const bytes = await this.#get(path, { bytesMax: documentBytesMax, signal })
    if (bytes === undefined) return undefined
    try {
      return tableOf(JSON.parse(Buffer.from(bytes).toString()))
    } catch (cause) {
      throw unavailable(this.origin, 'its answer is not that of a registry', cause)
    }
  }

  /** `undefined` for 404 and 410. */
  async #get(
    path: string,
    { bytesMax, signal }: { readonly bytesMax: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array | undefined> {
    try {
      const bytes = await gatherShort(this.#stream(path, { ms: answerMs, signal }), bytesMax, {
        signal,
      })
      if (bytes === undefined) throw unavailable(this.origin, 'its answer is too long')
      return bytes
    } catch (error) {
      if (error instanceof Absent) return undefined
      throw error
    }
  }

  async *#stream(
    path: string,
    { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const late = new AbortController()
    const stop = this.#world.timer(ms, () => late.abort())
    try {
      const answer = await fetch(`${this.origin}/api/v1${path}`, {
        redirect: 'error',
        signal: AbortSignal.any([signal, late.signal]),
      })
      const isThere = answer.status === 200 && answer.body !== null
      if (!isThere) await answer.body?.cancel()
      if (answer.status === 404 || answer.status === 410) throw new Absent()
      if (!isThere) throw unavailable(this.origin, `it answers ${answer.status}`)
      yield* answer.body as AsyncIterable<Uint8Array> // it is there
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof TypeError || late.signal.aborted)
        throw unavailable(this.origin, 'it cannot be reached', error)
      throw error
    } finally {
      stop()
    }
  }
}

class Absent extends Error {}

export function unavailable(origin: string, reason: string, cause?: unknown): Error {
  return libraryFault('library/upstream-unavailable', { upstream: origin, reason }, cause)
}

function activeKey(publicKey: Uint8Array): RegistryKey {
  return { keyId: registryKeyId(publicKey), publicKey, state: 'active' }
}

function keysOf(document: Table): readonly RegistryKey[] {
  return listOf(document, 'keys')
    .map((one) => fromBase64url(textOf(one, 'public_key')))
    .filter((key) => key.length === ed25519KeyBytes)
    .map(activeKey)
}

function pathOf({ scope, name }: LibraryRef): string {
  return `/libraries/${scope}/${name}`
}

/** Nothing of another visibility: an upstream that tells us of such a thing is asked from inside its walls. */
function libraryOf(ref: LibraryRef, document: Table): UpstreamLibrary | undefined {
  if (document['visibility'] !== 'public') return undefined
  const name = { scope: textOf(document, 'scope'), name: textOf(document, 'name') }
  if (`@${name.scope}/${name.name}` !== formatLibraryRef(ref)) return undefined
  const versions = listOf(document, 'versions').flatMap(versionOf)
  const latest = document['latest_version']
  const deprecated = document['deprecated']
  const tags = Object.entries(tableOf(document['dist_tags'] ?? {})).filter(
    (pair): pair is [string, string] => isVersion(String(pair[1])),
  )
  return {
    ...ref,
    ...(typeof latest === 'string' && isVersion(latest) ? { latest: parseVersion(latest) } : {}),
    ...(typeof deprecated === 'string' ? { deprecated } : {}),
    distTags: new Map(tags.map(([tag, text]) => [tag, parseVersion(text)])),
    versions: new Map(versions.map((one) => [one.version, one])),
  }
}

/** Only what is live, and whole. */
function versionOf(document: Table): readonly UpstreamVersion[] {
  const { version, state, size, checksum, created_at: at, downloads } = document
  const { yanked, deprecated } = document
  const digest = parseDigest(String(checksum))
  if (state !== 'live' || !isVersion(String(version)) || digest === undefined) return []
  return [
    {
      version: parseVersion(String(version)),
      bytes: Number(size) || 0,
      digest: Buffer.from(digest).toString('hex'),
      publishedAt: Date.parse(String(at)) || 0,
      downloads: Number(downloads) || 0,
      ...(typeof yanked === 'string' ? { yanked } : {}),
      ...(typeof deprecated === 'string' ? { deprecated } : {}),
    },
  ]
}

type Table = Readonly<Record<string, unknown>>

function tableOf(value: unknown): Table {
  if (typeof value !== 'object' || value === null) throw new TypeError('no table')
  return value as Table // an object has keys
}

function listOf(table: Table, key: string): readonly Table[] {
  const value = table[key]
  return Array.isArray(value) ? value.map(tableOf) : []
}

function textOf(table: Table, key: string): string {
  return String(table[key] ?? '')
}
