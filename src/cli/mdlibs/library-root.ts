import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The manifest of a library, which says where it begins. */
export const manifestName = '.mdlibs.toml'

/** The nearest directory with a manifest, `directory` itself or above it. */
export async function findRoot(directory: string): Promise<string | undefined> {
  for (let here = directory; ; here = dirname(here)) {
    const facts = await stat(join(here, manifestName)).catch(() => undefined)
    if (facts?.isFile() === true) return here
    if (here === dirname(here)) return undefined
  }
}
