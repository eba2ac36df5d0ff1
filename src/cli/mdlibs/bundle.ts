/** `mdlibs export` and `import`: what a lock file names, carried to machines without a network. */
import { relative, resolve } from 'node:path'
import { toHex } from '#bytes/text'
import { versionFacts } from '#cli/mdlibs/answers'
import { cacheArchive, cachedPath, isCached } from '#cli/mdlibs/archive-cache'
import { bundleVersion, readBundle, writeBundle } from '#cli/mdlibs/bundle-file'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { pathOf } from '#cli/mdlibs/library-spec'
import { fetchArchives } from '#cli/mdlibs/place-libraries'
import { lockOf, readProject, writeLock } from '#cli/mdlibs/project'
import { checkSignature, keysFor, publicKeysOf } from '#cli/mdlibs/registry-keys'
import { Registries } from '#cli/mdlibs/resolve-libraries'
import { give } from '#cli/mdlibs/say'
import { type LockedLibrary, readLockFile, writeLockFile } from '#library/lock-file'
import { parseLibraryRef } from '#library/name'
import { formatDigest } from '#library/tree-digest'

/** What goes in was checked as if it were installed. */
export async function exportBundle(context: MdlibsContext, target: string): Promise<void> {
  const lock = lockOf(await readProject(context))
  const { cache } = (await context.settings()).places
  const registries = new Registries(context)
  await fetchArchives(context, { registries, libraries: lock.libraries })
  const keys = new Map<string, readonly string[]>()
  const libraries = []
  for (const locked of lock.libraries) {
    const api = await registries.forLocked(locked)
    const trusted = await registries.keysOf(api)
    const { library, version } = locked
    const facts = await api.json(pathOf(parseLibraryRef(library), version), {
      schema: versionFacts,
    })
    if (facts.checksum !== formatDigest(locked.digest)) throw differs(locked)
    checkSignature(trusted, facts, { registry: api.origin })
    keys.set(locked.registry, publicKeysOf(trusted))
    const { signature } = facts
    const proof = signature ? { key_id: signature.key_id, value: signature.value } : null
    libraries.push({ library, version, signature: proof })
  }
  const path = resolve(context.directory, target)
  const archives = new Map(
    lock.libraries.map(({ digest }) => [
      nameOf(digest),
      { path: cachedPath(cache, digest), name: nameOf(digest) },
    ]),
  )
  const content = {
    bundle: bundleVersion,
    lock: writeLockFile(lock),
    registries: Object.fromEntries([...keys].map(([origin, list]) => [origin, [...list]])),
    libraries,
  } as const
  await writeBundle(path, { content, archives: [...archives.values()], signal: context.signal })
  const shown = relative(context.directory, path)
  give(context, { bundle: shown, libraries: libraries.length }, [
    `✓ ${shown}: ${libraries.length === 1 ? '1 library' : `${libraries.length} libraries`}`,
    `Where there is no network: mdlibs import ${shown} && mdlibs ci`,
  ])
}

/** Into the cache; the lock file, too, where there is none. `mdlibs/malformed-bundle`, `mdlibs/damaged`, `mdlibs/not-signed`, `mdlibs/unknown-key` */
export async function importBundle(context: MdlibsContext, source: string): Promise<void> {
  const { content, read } = await readBundle(resolve(context.directory, source))
  const lock = readLockFile(content.lock)
  const { cache } = (await context.settings()).places
  for (const locked of lock.libraries) {
    context.signal.throwIfAborted()
    await checkBundled(context, { locked, content })
    const path = cachedPath(cache, locked.digest)
    if (await isCached(path)) continue
    const label = `${locked.library}@${locked.version}`
    const pieces = read(nameOf(locked.digest))
    if (pieces === undefined) {
      const reason = 'its archive is not in the bundle'
      throw mdlibsFault('mdlibs/damaged', { library: label, reason })
    }
    await cacheArchive(path, { label, digest: locked.digest }, pieces)
  }
  const project = await readProject(context)
  const isNew = project.lock === undefined
  if (isNew) await writeLock(project, lock)
  const count = lock.libraries.length
  give(context, { libraries: count, lock_written: isNew }, [
    `✓ Took in ${count === 1 ? '1 library' : `${count} libraries`}${isNew ? ', and wrote mdlibs.lock' : ''}`,
    'Install them: mdlibs ci',
  ])
}

async function checkBundled(
  context: MdlibsContext,
  {
    locked,
    content: { registries, libraries },
  }: {
    readonly locked: LockedLibrary
    readonly content: Awaited<ReturnType<typeof readBundle>>['content']
  },
): Promise<void> {
  const { library, version, registry, digest } = locked
  const carried = registries[registry] ?? []
  const trusted = await keysFor(context, { origin: registry, meet: async () => carried })
  const found = libraries.find((one) => one.library === library && one.version === version)
  const { scope, name } = parseLibraryRef(library)
  const facts = {
    scope,
    name,
    version,
    checksum: formatDigest(digest),
    signature: found?.signature,
  }
  checkSignature(trusted, facts, { registry })
}

function nameOf(digest: Uint8Array): string {
  return `${toHex(digest)}.tar.gz`
}

function differs({ library, version, registry }: LockedLibrary): Error {
  const reason = `${registry} has other bytes under this version than the lock file says`
  return mdlibsFault('mdlibs/damaged', { library: `${library}@${version}`, reason })
}
