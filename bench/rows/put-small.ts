/** Small PUTs: 4 KiB each, signed, sealed and durable before the answer, on 32 connections, against one synced 4 KiB write at a time. */
import { syncedWritesPerSecond } from '../baseline/synced-writes.ts'
import { startClient } from '../client/client.ts'
import { inTurn, type Row } from '../row.ts'
import { startStore } from '../store.ts'
import { putSmall } from './small.ts'

const objects = 10_000
const writes = 5_000

export const putSmallRow: Row = {
  name: 'put-small',
  unit: '/s',
  better: 'higher',
  must: 0.5,
  aim: 1,
  async measure() {
    await using client = startClient()
    await using store = await startStore(client)
    let first = 0
    return await inTurn(
      async () => {
        const rate = await putSmall(client, store.target, { first, objects })
        first += objects
        return rate
      },
      () => syncedWritesPerSecond(writes),
    )
  },
}
