/** `cyxcloud delete`: says what would go, and deletes only when it is told to. */
import type { Context } from '#cli/context'
import { cliFault } from '#cli/faults'
import { plural, printTime } from '#cli/units'
import { deleteObject } from '#s3/delete'
import { headObject } from '#s3/head'

export interface DeleteOptions {
  readonly bucket: string
  readonly key: string | undefined
  readonly isForced: boolean
}

/** `endpoint/no-such-key` even when forced: who deletes something wants to know that it was the right name. */
export async function deleteKey(context: Context, options: DeleteOptions): Promise<void> {
  const { endpoint, signal, terminal, isJson } = context
  const { bucket, key, isForced } = options
  if (key === undefined) {
    throw cliFault('cli/mistaken-usage', { mistakes: 'Which key? Name it with -k.' })
  }
  const { bytes, modifiedAt } = await headObject(endpoint, { bucket, key }, { signal })
  if (isForced) await deleteObject(endpoint, { bucket, key }, { signal })
  if (isJson) {
    const facts = { bucket, key, bytes, modifiedAt: modifiedAt.toISOString(), isDeleted: isForced }
    return terminal.print(JSON.stringify(facts))
  }
  if (isForced) return terminal.print(`✓ Deleted: ${bucket}/${key}`)
  terminal.print(`Warning: About to delete: ${bucket}/${key}`)
  terminal.print(`  Size: ${plural(bytes, 'byte')}`)
  terminal.print(`  Last modified: ${printTime(modifiedAt)}`)
  terminal.print('')
  terminal.print('Use --force to delete without confirmation.')
}
