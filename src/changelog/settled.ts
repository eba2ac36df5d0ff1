import type { ChangeLog } from '#changelog/change'

/**
 * Answers a read only when the change log holds all it could have seen: nothing shown can be lost with the database. A refusal shows
 * something too, if only that there is nothing, so it waits as well.
 */
export async function settled<T>(
  { changelog }: { readonly changelog: ChangeLog },
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read()
  } finally {
    await changelog.reached(changelog.committed())
  }
}

/**
 * The same for a look before a commit that looks again: only a refusal shows anything now, for the commit comes behind all that was seen.
 * Saves a write one wait for the log.
 */
export async function settledIfRefused<T>(
  { changelog }: { readonly changelog: ChangeLog },
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (error) {
    await changelog.reached(changelog.committed())
    throw error
  }
}
