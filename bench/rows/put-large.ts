/**
 * Large PUTs: 64 MiB on 4 connections, sealed, coded, hashed for the ETag and durable on every node before the answer, against node:http
 * reading and dropping the same bytes.
 */
import { startBareServer } from '../baseline/start.ts'
import type { Framing } from '../client/body.ts'
import { startClient } from '../client/client.ts'
import { inTurn, type Measured, type Row } from '../row.ts'
import { startStore } from '../store.ts'
import { objectBytes, put, unit } from './large.ts'

/** The client vouches for the bytes by nothing but TLS or a trusted wire: one hash, the ETag's. */
export const putLarge: Row = {
  name: 'put-large',
  unit,
  better: 'higher',
  must: 0.25,
  aim: 0.4,
  measure: () => measure('signed-header'),
}

/** As today's SDKs send by default: aws-chunked with a CRC32 trailer, which is checked on top. */
export const putLargeDefault: Row = {
  name: 'put-large-default',
  unit,
  better: 'higher',
  must: 0.16,
  aim: 0.28,
  measure: () => measure('trailer'),
}

async function measure(framing: Framing): Promise<Measured> {
  await using client = startClient()
  await using bare = await startBareServer(objectBytes)
  await using store = await startStore(client)
  return await inTurn(
    () => put(client, store.target, { framing, verify: true }),
    () => put(client, bare.target, { framing, verify: false }),
  )
}
