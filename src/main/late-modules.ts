/**
 * Modules that are loaded with their first use are loaded after a while in any case: nobody waits for them then, and a program whose files are replaced
 * while it runs goes on with its own.
 */
import { reasonOf } from '#main/data-directory'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

const afterMs = 30_000

/** Of the thread that has the store. */
export async function storeModules(): Promise<void> {
  await Promise.all([
    import('#main/s3-door'),
    import('#api/admin/door'),
    libraryModules(),
    gatewayModules(),
  ])
}

/** Of whoever serves libraries. */
export async function libraryModules(): Promise<void> {
  await import('#main/library-doors')
}

/** Of a thread that answers S3. */
export async function gatewayModules(): Promise<void> {
  await Promise.all([
    import('#api/iam/door'),
    import('#api/s3/post-object'),
    import('#api/s3/select-object-content'),
  ])
}

/** Returns what calls it off. */
export function loadLater(
  load: () => Promise<void>,
  { world, telemetry }: { readonly world: World; readonly telemetry: Pick<Telemetry, 'note'> },
): () => void {
  return world.timer(afterMs, () => {
    load().catch((error: unknown) =>
      telemetry.note('warn', `Some of the program cannot be loaded: ${reasonOf(error)}`),
    )
  })
}
