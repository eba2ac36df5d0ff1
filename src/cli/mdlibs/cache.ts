/** `mdlibs cache list|clean`: archives that were fetched before. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { give } from '#cli/mdlibs/say'
import { plural, printSize } from '#cli/units'

export async function listCache(context: MdlibsContext): Promise<void> {
  const { cache } = (await context.settings()).places
  const { archives, bytes } = await measure(cache)
  give(context, { path: cache, archives, bytes }, [
    `${cache}: ${plural(archives, 'archive')}, ${printSize(bytes)}`,
  ])
}

/** All of it: what is needed is fetched again. */
export async function cleanCache(context: MdlibsContext): Promise<void> {
  const { cache } = (await context.settings()).places
  const { archives, bytes } = await measure(cache)
  await rm(cache, { recursive: true, force: true })
  give(context, { path: cache, archives, bytes }, [
    `✓ Removed ${plural(archives, 'archive')}, ${printSize(bytes)}`,
  ])
}

async function measure(
  cache: string,
): Promise<{ readonly archives: number; readonly bytes: number }> {
  const names = await readdir(cache, { recursive: true }).catch(() => [])
  const found = names.filter((name) => name.endsWith('.tar.gz'))
  const sizes = await Promise.all(
    found.map(async (name) => (await stat(join(cache, name)).catch(() => undefined))?.size ?? 0),
  )
  return { archives: found.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}
