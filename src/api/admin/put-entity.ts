import { isFault } from '#fault/fault'
import type { Administration, EntityRef } from '#identity/administration'
import type { EntityFacts } from '#identity/changes'
import type { Entity } from '#identity/entity'

/** Changes it, or makes it where there is none of that name. What is left out of the facts stays. The faults of `Administration.create` */
export async function putEntity(
  administration: Administration,
  ref: EntityRef,
  facts: EntityFacts,
): Promise<Entity> {
  try {
    return await administration.update(ref, { facts })
  } catch (error) {
    if (!isFault(error, 'identity/no-such-entity')) throw error
    return await administration.create(ref, { facts })
  }
}
