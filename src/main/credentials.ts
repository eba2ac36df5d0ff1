/** The store's first access key: the environment's, the file's, or a new one. */
import { type Credentials, readCredentials, writeCredentials } from '#identity/credentials-file'
import { newCredentials } from '#identity/new-credentials'
import { readPrivately, writePrivately } from '#main/private-file'
import type { World } from '#world/world'

export const credentialsProfile = 'default'

export interface RootCredentials extends Credentials {
  readonly origin: 'environment' | 'file' | 'generated'
}

/**
 * The file decides once it exists, so that a restart from another shell does not change the key. `AWS_ACCESS_KEY_ID` that differs from it
 * is reported as `ignoredKeyId`. Writes the file when there is none. `identity/malformed-credentials-file`, `main/key-file-unusable`.
 */
export async function openCredentials(
  path: string,
  { given, world }: { readonly given: Credentials | undefined; readonly world: World },
): Promise<RootCredentials & { readonly ignoredKeyId?: string }> {
  const bytes = await readPrivately(path)
  const found = bytes && readCredentials(new TextDecoder().decode(bytes), credentialsProfile)
  if (found !== undefined) {
    const isOther = given !== undefined && given.accessKeyId !== found.accessKeyId
    return { ...found, origin: 'file', ...(isOther && { ignoredKeyId: given.accessKeyId }) }
  }
  const credentials = given ?? newCredentials(world)
  await writePrivately(path, writeCredentials(credentialsProfile, credentials))
  return { ...credentials, origin: given === undefined ? 'generated' : 'environment' }
}
