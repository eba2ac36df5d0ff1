import type { SequencedChange } from '#changelog/change'
import type { WaitingJson } from '#delivery/changes'
import type { Queryable } from '#sql/sql'

/** One that waits, or was given up. `sequence` and `ordinal` name it; it came to be `at`. */
export async function insertDelivery(
  tx: Queryable,
  { sequence, at }: Pick<SequencedChange, 'sequence' | 'at'>,
  ordinal: number,
  { target, place, notice }: WaitingJson,
  givenUpAt?: number,
): Promise<void> {
  await tx.query`insert into delivery (sequence, ordinal, target, place, at, notice, given_up_at)
    values (${sequence}, ${ordinal}, ${target}, ${place}, ${at}, ${JSON.stringify(notice)}, ${givenUpAt ?? null})`
}
