/** How it stands with the copies of a version, noted where every reader of it looks. Part of `apply`, of whichever room knows. */
import { type Place, setTraits } from '#object/_versions'
import type { ReplicationStatus, Traits } from '#object/model'
import type { Queryable } from '#sql/sql'

/** Nothing happens when the version is no more. */
export async function noteReplication(
  tx: Queryable,
  place: Place,
  { version, status }: { readonly version: number; readonly status: ReplicationStatus },
): Promise<void> {
  const { bucket, key } = place
  const [row] = await tx.query<{ traits: string | null }>`
    select traits from version where bucket = ${bucket} and key = ${key} and sequence = ${version}
    union all
    select traits from former where bucket = ${bucket} and key = ${key} and age = ${-version}`
  if (row === undefined) return
  const traits: Traits = row.traits === null ? {} : JSON.parse(row.traits)
  await setTraits(tx, place, { version, traits: { ...traits, replication: status } })
}
