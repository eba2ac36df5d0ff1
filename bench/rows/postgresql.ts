/** What it costs to have the metadata on a PostgreSQL server of this machine, durable as ever: small PUTs, small GETs, pages of a listing. */
import { startPostgres } from '../../test/postgres/server.ts'
import { type LoadClient, startClient } from '../client/client.ts'
import { inTurn, median, type Row } from '../row.ts'
import { type RunningStore, startStore } from '../store.ts'
import { getSmall, putSmall } from './small.ts'

const written = 1_000
const kept = 5_000
const requests = 5_000
const listed = 1_000_000
const pages = 40

const putSmallPostgres: Row = {
  name: 'put-small-pg',
  unit: '/s',
  better: 'higher',
  measure: () =>
    onBoth(async (client, store) => {
      let first = 0
      return async () => {
        const rate = await putSmall(client, store.target, { first, objects: written })
        first += written
        return rate
      }
    }),
}

const getSmallPostgres: Row = {
  name: 'get-small-pg',
  unit: '/s',
  better: 'higher',
  measure: () =>
    onBoth(async (client, store) => {
      await putSmall(client, store.target, { first: 0, objects: kept })
      return () => getSmall(client, store.target, { objects: kept, requests, verify: true })
    }),
}

const listPostgres: Row = {
  name: 'list-pg',
  unit: 'ms',
  better: 'lower',
  measure: () =>
    onBoth(
      async (client, store) => async () => {
        const target = { ...store.target, bucket: 'listed' }
        return median(
          await client.time({ kind: 'time-lists', target, objects: listed, requests: pages }),
        )
      },
      (store) => store.fillBucket('listed', listed),
    ),
}

/** They promise nothing: the figures are for those who choose. */
export const postgresRows: readonly Row[] = [putSmallPostgres, getSmallPostgres, listPostgres]

/** Ours is the store on PostgreSQL, the baseline the same store on its file. */
async function onBoth(
  prepare: (client: LoadClient, store: RunningStore) => Promise<() => Promise<number>>,
  fill: (store: RunningStore) => Promise<void> = async () => {},
) {
  await using client = startClient()
  await using server = await startPostgres()
  await using onServer = await startStore(client)
  await fill(onServer)
  await onServer.moveTo(await server.newDatabase())
  await using onFile = await startStore(client)
  await fill(onFile)
  return await inTurn(await prepare(client, onServer), await prepare(client, onFile))
}
