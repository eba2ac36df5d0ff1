/** Large GETs: 64 MiB on 4 connections, every block verified and opened before it is sent, against node:http sending from memory. */
import { startBareServer } from '../baseline/start.ts'
import { startClient } from '../client/client.ts'
import { inTurn, type Row } from '../row.ts'
import { startStore } from '../store.ts'
import { get, objectBytes, put, unit } from './large.ts'

export const getLarge: Row = {
  name: 'get-large',
  unit,
  better: 'higher',
  must: 0.6,
  aim: 0.85,
  async measure() {
    await using client = startClient()
    await using bare = await startBareServer(objectBytes)
    await using store = await startStore(client)
    await put(client, store.target, { framing: 'signed-header', verify: true })
    await get(client, store.target, { verify: true })
    return await inTurn(
      () => get(client, store.target, { verify: false }),
      () => get(client, bare.target, { verify: false }),
    )
  },
}
