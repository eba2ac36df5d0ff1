import type { Replication } from '#delivery/replication-rules'
import type { NotificationRules } from '#delivery/rules'
import { assertEndpoints, assertTargets } from '#delivery/targets'
import type { BucketConfig } from '#object/model'
import type { Queryable } from '#sql/sql'

/** Whether a bucket may have this setting, as far as it speaks of deliveries: every target that it names is there. `delivery/no-such-target` */
export async function admitConfig(
  tx: Queryable,
  name: keyof BucketConfig,
  value: unknown,
): Promise<void> {
  if (name === 'notification') await assertTargets(tx, value as NotificationRules) // a door has read them
  if (name === 'replication') await assertEndpoints(tx, value as Replication) // likewise
}
