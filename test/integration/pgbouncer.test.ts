/** Behind PgBouncer in transaction mode, where each transaction may meet another session. */
import { deepEqual, equal } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { openPostgres } from '#sql/postgres'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { sqlContract } from '../contract/sql.contract.ts'
import { whyWithout } from '../debian-packages.ts'
import { runMycelium, startStore } from '../harness.ts'
import { startPooler } from '../postgres/pooler.ts'
import { findPostgres, startPostgres } from '../postgres/server.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'
import { stateOf } from '../s3-state.ts'

const missing =
  (await findPostgres()) === undefined ? 'no PostgreSQL server to start' : whyWithout('pgbouncer')
const server = missing === false ? await startPostgres({ settings: ['fsync=off'] }) : undefined
const pooler = server && (await startPooler(server))
after(async () => {
  await pooler?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})
const newUrl = async (): Promise<string> =>
  pooler?.through((await server?.newDatabase()) ?? '') ?? ''

sqlContract(
  'postgresql behind pgbouncer',
  async () =>
    openPostgres({
      address: await newUrl(),
      holder: { place: 'here', program: 'a test' },
      world: systemWorld(),
      telemetry,
    }),
  { skip: missing },
)

describe('a store behind pgbouncer', { skip: missing }, () => {
  test('serves many at once, rebuilds, and serves the same', async (context) => {
    const data = await mkdtemp(join(tmpdir(), 'mycelium-pgbouncer-'))
    context.after(() => rm(data, { recursive: true, force: true }))
    const env = { DATABASE_URL: await newUrl() }
    const flags = ['--nodes', '3', '--profile', '2+1', '--chunk-size', '4MiB', '--log', 'warn']
    let store = await startStore({ data, flags, env })
    context.after(() => store.kill())
    using first = bucketOf(store, 'photos')
    await first.create()
    await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        await first.put(`key ${n}`, bytesOf(`key ${n}`, n * 1_000))
        deepEqual(await first.get(`key ${n}`), bytesOf(`key ${n}`, n * 1_000))
      }),
    )
    const before = await stateOf(store)
    equal(await store.stop(), 0)
    const rebuilt = await runMycelium(['rebuild', '--data', data], { env })
    equal(rebuilt.code, 0, rebuilt.stderr)
    store = await startStore({ data, flags, env })
    deepEqual(await stateOf(store), before)
    equal(await store.stop(), 0)
  })
})
