/** Which library, and which version of it, an address or a form names. */
import { fieldOf, type PageCall } from '#api/library/pages/route'
import { isFault } from '#fault/fault'
import { libraryFault } from '#library/faults'
import type { LibraryRef, VersionFacts } from '#library/model'
import { parseLibraryName, parseScope } from '#library/name'

/** `library/no-such-library` also for a name that cannot be one */
export function libraryOfPath({ names }: PageCall): LibraryRef {
  return refOf(names['scope'] ?? '', names['name'] ?? '')
}

/** As `libraryOfPath`. */
export function libraryOfForm(call: PageCall): LibraryRef {
  return refOf(fieldOf(call, 'scope'), fieldOf(call, 'name'))
}

/** `library/no-such-version` also for what cannot be one */
export async function versionOfPath(
  { parts: { libraries }, actor, names }: PageCall,
  ref: LibraryRef,
): Promise<VersionFacts> {
  try {
    return await libraries.version(actor, { ...ref, version: names['version'] ?? '' })
  } catch (error) {
    if (isFault(error, 'library/malformed-version')) throw libraryFault('library/no-such-version')
    throw error
  }
}

function refOf(scope: string, name: string): LibraryRef {
  try {
    return { scope: parseScope(scope), name: parseLibraryName(name) }
  } catch (error) {
    if (!isFault(error, 'library/malformed-name')) throw error
    throw libraryFault('library/no-such-library')
  }
}
