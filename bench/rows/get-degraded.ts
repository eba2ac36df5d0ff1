/**
 * The same GETs with four of the fourteen node directories gone, so that most stripes are rebuilt from parity on the way out, against a
 * whole store beside it. Repair is held back, so that all rounds read what the first one did.
 */
import { startClient } from '../client/client.ts'
import { inTurn, type Row } from '../row.ts'
import { startStore } from '../store.ts'
import { get, put, unit } from './large.ts'

const nodesLost = 4

export const getDegraded: Row = {
  name: 'get-degraded',
  unit,
  better: 'higher',
  must: 0.6,
  aim: 0.85,
  async measure() {
    await using client = startClient()
    await using whole = await startStore(client)
    await using degraded = await startStore(client, { holdsRepair: true })
    for (const { target } of [whole, degraded]) {
      await put(client, target, { framing: 'signed-header', verify: true })
    }
    await degraded.loseNodes(nodesLost)
    await get(client, degraded.target, { verify: true })
    return await inTurn(
      () => get(client, degraded.target, { verify: false }),
      () => get(client, whole.target, { verify: false }),
    )
  },
}
