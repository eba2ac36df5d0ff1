/** Which objects of a store nobody can read by its keys alone. */
import type { KeyService } from '#kms/key-service'
import type { ObjectInfo } from '#object/model'

/** Whether an object rests under a key of its writer, or under a named key that is disabled now. */
export async function lockedObjects(
  namedKeys: Pick<KeyService, 'list'>,
): Promise<(info: Pick<ObjectInfo, 'encryption'>) => boolean> {
  const disabled = new Set(
    (await namedKeys.list()).flatMap(({ id, state }) => (state === 'disabled' ? [id] : [])),
  )
  return ({ encryption }) =>
    encryption?.kind === 'customer' ||
    (encryption?.kind === 'aws:kms' && disabled.has(encryption.keyId))
}
