/** Small GETs: 4 KiB each, signed, of random keys out of 100,000, on 32 connections, against a bare server answering as many bytes. */
import { startBareServer } from '../baseline/start.ts'
import { startClient } from '../client/client.ts'
import { inTurn, type Row } from '../row.ts'
import { startStore } from '../store.ts'
import { getSmall, putSmall, smallBytes } from './small.ts'

const objects = 100_000
const requests = 20_000

export const getSmallRow: Row = {
  name: 'get-small',
  unit: '/s',
  better: 'higher',
  must: 0.1,
  aim: 0.2,
  async measure() {
    await using client = startClient()
    await using bare = await startBareServer(smallBytes)
    await using store = await startStore(client)
    await putSmall(client, store.target, { first: 0, objects })
    const of = { objects, requests }
    return await inTurn(
      () => getSmall(client, store.target, { ...of, verify: true }),
      () => getSmall(client, bare.target, { ...of, verify: false }),
    )
  },
}
