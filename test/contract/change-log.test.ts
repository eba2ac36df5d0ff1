import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { ChangeLog } from '#changelog/change'
import { openChangeLog } from '#changelog/open-change-log'
import { openSharedChangeLog } from '#changelog/open-shared-change-log'
import { beginSharedLog, readSharedKeyring } from '#changelog/shared-state'
import { isFault } from '#fault/fault'
import { Accounts } from '#identity/accounts'
import { identityRoom } from '#identity/tables'
import { createKeyring } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { openSharedPostgres } from '#sql/postgres-shared'
import type { SharedSql } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { commitPair, pairs, readPairs } from '../changelog/pairs.ts'
import { ToyStore } from '../changelog/toy-store.ts'
import { findPostgres, startPostgres } from '../postgres/server.ts'
import { changeLogContract, type InPlace, type Place } from './change-log.contract.ts'

const world = systemWorld()
const hasPostgres = (await findPostgres()) !== undefined
const server = hasPostgres ? await startPostgres() : undefined
after(() => server?.[Symbol.asyncDispose]())
const skip = !hasPostgres && 'no PostgreSQL server to start'
const newAddress = async (): Promise<string> => (await server?.newDatabase()) ?? ''

const withNodes: InPlace = async (name, body) => {
  const store = new ToyStore(name)
  const place: Place = {
    get log() {
      return store.log
    },
    get sql() {
      return store.sql
    },
    async reopen() {
      await store.close()
      await store.open()
      return place
    },
  }
  await store.world.run(async () => {
    await store.open()
    await body(place)
    await store.close()
  })
}

const rooms = [pairs, identityRoom]

async function openLog(sql: SharedSql): Promise<ChangeLog> {
  const master = world.randomBytes(32)
  await beginSharedLog(sql, createKeyring({ master, world }))
  return await openSharedChangeLog({ sql, rooms, world })
}

function inDatabase(open: () => Promise<SharedSql>): InPlace {
  return async (_, body) => {
    const sql = await open()
    let log = await openLog(sql)
    const place: Place = {
      get log() {
        return log
      },
      sql,
      async reopen() {
        await log.close()
        log = await openLog(sql)
        return place
      },
    }
    try {
      await body(place)
    } finally {
      await log.close()
      await sql.close()
    }
  }
}

const inMemory = async (): Promise<SharedSql> => openSqlite({ path: ':memory:', telemetry })
const onServer = async (): Promise<SharedSql> =>
  await openSharedPostgres({ address: await newAddress(), connectionsMax: 2 })

changeLogContract('with nodes', withNodes)
changeLogContract('in SQLite alone', inDatabase(inMemory))
changeLogContract('in PostgreSQL alone', inDatabase(onServer), { skip })

describe('several processes on one PostgreSQL', { skip }, () => {
  test('begin at the same moment with one keyring, and count without a gap', async () => {
    const address = await newAddress()
    const processes = await Promise.all(
      Array.from({ length: 4 }, () => openSharedPostgres({ address, connectionsMax: 2 })),
    )
    const logs = await Promise.all(processes.map(openLog))
    const keyrings = await Promise.all(processes.map(readSharedKeyring))
    equal(new Set(keyrings.map((bytes) => Buffer.from(bytes ?? []).toString('hex'))).size, 1)
    const changes = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const log = logs[n % logs.length]
        return log && (await commitPair(log, `${n}`, 'v'))
      }),
    )
    const sequences = changes.map((change) => Number(change?.sequence)).sort((a, b) => a - b)
    deepEqual(
      sequences,
      Array.from({ length: 100 }, (_, n) => n + 1),
    )
    for (const sql of processes) equal((await readPairs(sql)).length, 100)
    await Promise.all(logs.map((log) => log.close()))
    await Promise.all(processes.map((sql) => sql.close()))
  })
})

test('who loses the database is told that nobody knows what became of the work', async () => {
  const sql = openSqlite({ path: ':memory:', telemetry })
  const log = await openLog(sql)
  await commitPair(log, 'a', '1')
  await sql.close()
  await rejects(commitPair(log, 'b', '2'), (error) => isFault(error, 'changelog/unavailable'))
  await log.close()
})

test('the database of a store with nodes and that of servers without are not taken for each other', async () => {
  const isForeign = (error: unknown): boolean => isFault(error, 'changelog/database-foreign')
  const store = new ToyStore('foreign')
  await store.world.run(async () => {
    await store.open()
    await rejects(beginSharedLog(store.sql, new Uint8Array(1)), isForeign)
    await store.close()
  })
  const sql = openSqlite({ path: ':memory:', telemetry })
  const log = await openLog(sql)
  const options = { sql, rooms, keyring: store.keyring, world, telemetry }
  const nobody = { nodes: () => [], replicas: () => 1, onNodeFailure: () => {} }
  await rejects(openChangeLog({ ...options, ...nobody }), isForeign)
  await log.close()
  await sql.close()
})

test('accounts, logins and keys work without nodes as they do with them', async () => {
  const sql = openSqlite({ path: ':memory:', telemetry })
  const master = world.randomBytes(32)
  const bytes = await beginSharedLog(sql, createKeyring({ master, world }))
  const changelog = await openSharedChangeLog({ sql, rooms, world })
  const accounts = new Accounts({ sql, changelog, keyring: openKeyring(bytes, master), world })
  const { id } = await accounts.createPrincipal({ handle: 'ada', email: 'ada@example.org' })
  await accounts.logins.setPassword('ada', 'correct horse battery')
  equal((await accounts.logins.login({ name: 'ada', password: 'correct horse battery' })).id, id)
  const key = await accounts.createKey('ada')
  equal((await accounts.findKey(key.accessKeyId))?.principal.id, id)
  notEqual(changelog.committed(), 0n)
  await changelog.close()
  await sql.close()
})
