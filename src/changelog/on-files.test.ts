import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ChangeLog } from '#changelog/change'
import { checkDatabase } from '#changelog/check-database'
import { openChangeLog } from '#changelog/open-change-log'
import { rebuild } from '#changelog/rebuild'
import { takeSnapshot } from '#changelog/take-snapshot'
import type { Sql } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import type { SimulatedWorld } from '#world/simulated'
import { commitPair, pairs, readPairs } from '../../test/changelog/pairs.ts'
import { ToyStore } from '../../test/changelog/toy-store.ts'

const directory = mkdtempSync(join(tmpdir(), 'mycelium-changelog-'))
after(() => rmSync(directory, { recursive: true }))

/** Files answer in real time: until they have, a little simulated time passes, and nobody takes the world for dead. */
async function runBesideFiles(world: SimulatedWorld, work: () => Promise<void>): Promise<void> {
  await world.run(async () => {
    let isOver = false
    const over = work().finally(() => {
      isOver = true
    })
    while (!isOver) await world.sleep(0.001)
    await over
  })
}

/** What `mycelium up` and `mycelium rebuild` do with a database file. */
test('a database file is lost, rebuilt beside its place, put there, and goes on', async () => {
  const store = new ToyStore('files')
  const { world, keyring, nodes, replicas, blobs } = store
  const common = {
    ...{ world, keyring, replicas: () => replicas, rooms: [pairs], telemetry },
    nodes: () => nodes,
    onNodeFailure() {},
  }
  const path = join(directory, 'metadata.sqlite')
  const check = (sql: Sql): Promise<'new' | 'current'> =>
    checkDatabase({ sql, storeId: keyring.storeId, nodes, holdShards: false, onNodeFailure() {} })
  const write = async (changeLog: ChangeLog, from: number, to: number): Promise<void> => {
    for (let n = from; n <= to; n++) await commitPair(changeLog, `${n % 7}`, `${n}`)
  }

  await runBesideFiles(world, async () => {
    const sql = openSqlite({ path, telemetry })
    equal(await check(sql), 'new')
    const changeLog = await openChangeLog({ ...common, sql })
    await write(changeLog, 1, 20)
    blobs.whileWriting = () => write(changeLog, 21, 30)
    equal((await takeSnapshot({ ...common, sql, changeLog, blobs })).upTo, 20n)
    await write(changeLog, 31, 40)
    const before = await readPairs(sql)
    await changeLog.close()
    await sql.close()
    deepEqual(readdirSync(directory), ['metadata.sqlite'])
    rmSync(path)

    const made = openSqlite({ path: `${path}.rebuilt`, telemetry })
    const report = await rebuild({
      ...{ ...common, nodes, blobs, sql: made },
      nodesAbsent: 0,
      lossTolerated: replicas - 1,
      onProgress() {},
    })
    deepEqual([report.snapshotSequence, report.lastSequence], [20n, 42n])
    await made.close()
    renameSync(`${path}.rebuilt`, path)

    const rebuilt = openSqlite({ path, telemetry })
    equal(await check(rebuilt), 'current')
    const next = await openChangeLog({ ...common, sql: rebuilt })
    deepEqual(await readPairs(rebuilt), before)
    equal((await commitPair(next, 'a', '1')).sequence, 43n)
    await next.close()
    await rebuilt.close()
  })
})

test('whoever reads a change finds it in committed at once', async () => {
  const store = new ToyStore('readers')
  await runBesideFiles(store.world, async () => {
    const sql = openSqlite({ path: join(directory, 'readers.sqlite'), telemetry })
    const { world, keyring, nodes, replicas } = store
    const changeLog = await openChangeLog({
      ...{ sql, world, keyring, replicas: () => replicas, rooms: [pairs], telemetry },
      nodes: () => nodes,
      onNodeFailure() {},
    })
    const read = async (): Promise<void> => {
      const [newest] = await sql.query<{
        sequence: number
      }>`select max(sequence) as sequence from pair`
      ok(BigInt(newest?.sequence ?? 0) <= changeLog.committed())
    }
    for (let reads = 10; reads < 40; reads++) {
      const written = commitPair(changeLog, 'a', `${reads}`)
      for (let n = 0; n < reads; n++) await read()
      await written
    }
    await changeLog.close()
    await sql.close()
  })
})
