/** REL-003: kill -9 while libraries are published leaves no version that nobody can read, and nothing at rest that a sweep does not find. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { parseLibraryRef } from '#library/name'
import { collect } from '#stream/collect'
import { archiveOf, requestOf } from '../library/registry.ts'
import { openLasting, publisher } from './lasting-registry.ts'
import { libraryCrashPoints } from './points.ts'

const program = new URL('library-publisher.ts', import.meta.url).pathname
const { signal } = new AbortController()
const mortal = parseLibraryRef('@ada/mortal')
/** A version brings two blobs to rest, the archive and the README: each point is met in the first version, and in a later one. */
const deaths = [
  ...libraryCrashPoints.flatMap((point) => [`${point}:1`, `${point}:4`]),
  'changelog/committed:3',
]
const dayMs = 86_400_000

test(`over ${deaths.length} lives ended by kill -9 every version is whole or was never there`, async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'mycelium-mortal-'))
  context.after(() => rm(directory, { recursive: true, force: true }))
  const acknowledged: string[] = []
  const tried: string[] = []
  for (const [life, point] of deaths.entries()) {
    const child = spawn(process.execPath, [program, directory, String(life), point], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    for await (const line of createInterface(child.stdout)) {
      const [what, version = ''] = line.split(' ')
      ;(what === 'trying' ? tried : acknowledged).push(version)
    }
    deepEqual(await ended, [null, 'SIGKILL'], point)
    await check(directory, { acknowledged, tried })
  }
  ok(tried.length > acknowledged.length)

  await using registry = await openLasting(directory, { aheadMs: 2 * dayMs })
  await registry.libraries.sweep({ signal })
  const visible = await versionsOf(registry)
  deepEqual(await blobsOf(registry), neededBy(visible))
  deepEqual(await registry.disk.list('incoming'), [])
  // What was under way can be published now, and what was published can be published again.
  for (const version of [tried.at(-1) ?? '', acknowledged.at(-1) ?? '']) {
    const files = { 'docs/a.md': `# ${version}\n` }
    const bytes = await archiveOf('@ada/mortal', version, { files })
    await registry.libraries.publish(publisher, requestOf('@ada/mortal', version, bytes))
  }
})

type Lasting = Awaited<ReturnType<typeof openLasting>>

async function check(
  directory: string,
  {
    acknowledged,
    tried,
  }: { readonly acknowledged: readonly string[]; readonly tried: readonly string[] },
): Promise<void> {
  await using registry = await openLasting(directory)
  const versions = await versionsOf(registry)
  const visible = versions.map(({ version }) => version)
  for (const version of acknowledged) ok(visible.includes(version), `${version} is lost`)
  for (const version of visible) ok(tried.includes(version), `${version} was never published`)
  for (const { version, digest } of versions) {
    const archive = await registry.libraries.archive(
      publisher,
      { ...mortal, version },
      { signal, isPeek: true },
    )
    const bytes = await collect(archive.read())
    archive.release()
    equal(createHash('sha256').update(bytes).digest('hex'), digest)
  }
}

async function versionsOf({ libraries }: Lasting) {
  try {
    return (await libraries.versions(publisher, mortal)).versionList
  } catch {
    return [] // it died before there was any
  }
}

async function blobsOf({ archives }: Lasting): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { digest } of archives.list({ signal })) found.push(digest)
  return found.sort()
}

/** All versions have the same README. */
function neededBy(versions: readonly { readonly digest: string }[]): readonly string[] {
  const readme = createHash('sha256').update('# mortal\n').digest('hex')
  return [...new Set([readme, ...versions.map(({ digest }) => digest)])].sort()
}
