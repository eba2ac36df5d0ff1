/** Every room with durable facts, in an order in which their changes can be applied to empty tables. */
import type { ChangeRoom } from '#changelog/change'
import { clusterRoom } from '#cluster/tables'
import { deliveryRoom } from '#delivery/tables'
import { identityRoom } from '#identity/tables'
import { kmsRoom } from '#kms/tables'
import { libraryRoom } from '#library/tables'
import { objectRoom } from '#object/tables'
import { storeRoom } from '#store/tables'

export const rooms: readonly ChangeRoom[] = [
  clusterRoom,
  storeRoom,
  objectRoom,
  identityRoom,
  deliveryRoom,
  kmsRoom,
  libraryRoom,
]

/** Those of servers without nodes. */
export const sharedRooms: readonly ChangeRoom[] = [identityRoom, deliveryRoom, libraryRoom]
