import type { DeliveryRow } from '#delivery/changes'
import type { ObjectStore } from '#object/model'
import type { World } from '#world/world'

/** What ways to targets stand on. */
export interface OutletParts {
  /** Hex. */
  readonly store: string
  /** Canonical id of whom buckets without an owner belong to. */
  readonly root: string
  readonly objects: Pick<ObjectStore, 'open'>
  readonly world: World
}

/** An open way for what waits in one lane. */
export interface Outlet extends AsyncDisposable {
  /** What is delivered when this resolves need not be delivered again. Throws what the lane is to know: `unavailable` speaks of all that goes there. */
  deliver(row: DeliveryRow, options: { readonly signal: AbortSignal }): Promise<void>
  /** Whether it takes something now. `delivery/unreachable`, `delivery/refused`, `delivery/private-address` */
  try(options: { readonly signal: AbortSignal }): Promise<void>
}
