import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { checkReturned } from '#changelog/check-database'
import { Witnesses } from '#changelog/witnesses'
import { isFault } from '#fault/fault'
import { commitPair } from '../../test/changelog/pairs.ts'
import { ToyStore } from '../../test/changelog/toy-store.ts'

function inStore(name: string, run: (store: ToyStore) => Promise<void>): void {
  test(name, async () => {
    const store = new ToyStore(name)
    await store.world.run(() => run(store))
  })
}

/** A refusal that tells the operator what to do. */
const refusal =
  (code: string) =>
  (error: unknown): boolean =>
    isFault(error, code) && error.message.includes('mycelium rebuild')

inStore('a store without nodes that know anything is new', async (store) => {
  equal(await store.check(), 'new')
  await store.open()
  await store.close()
  equal(await store.check(), 'current')
})

inStore(
  'a database that knows what its nodes know is current, or more than they know',
  async (store) => {
    await store.open()
    await commitPair(store.log, 'a', '1')
    await store.snapshot()
    await commitPair(store.log, 'b', '2')
    for (const node of store.nodes) node.health = 'failing'
    await rejects(commitPair(store.log, 'c', '3'))
    await store.crash()
    equal(await store.check(), 'current')
  },
)

inStore(
  'a database is missing when any node holds a frame, a pointer or a shard',
  async (store) => {
    await store.open()
    await commitPair(store.log, 'a', '1')
    await store.close()
    store.loseDatabase()
    await rejects(store.check(), refusal('changelog/database-missing'))
    for (const node of store.nodes.slice(1)) node.isUp = false
    await rejects(store.check(), refusal('changelog/database-missing'))

    const other = new ToyStore('shards', { world: store.world })
    await rejects(other.check({ holdShards: true }), refusal('changelog/database-missing'))

    const cut = new ToyStore('cut', { world: store.world })
    await cut.open()
    await commitPair(cut.log, 'a', '1')
    await cut.snapshot()
    await cut.close()
    for (const [index, node] of cut.nodes.entries()) {
      const pointer = await node.files.read('snapshot')
      ok(pointer)
      const emptied = cut.newNode(node.id)
      await emptied.files.write('snapshot', pointer)
      cut.nodes[index] = emptied
    }
    cut.loseDatabase()
    await rejects(cut.check(), refusal('changelog/database-missing'))
  },
)

inStore('a backup of the database is older as soon as one node knows more', async (store) => {
  await store.open()
  await commitPair(store.log, 'a', '1')
  await store.close()
  const backup = store.database.copy()
  await store.open()
  await commitPair(store.log, 'b', '2')
  await store.close()
  store.database = backup
  await rejects(store.check(), (error) => {
    ok(isFault(error))
    equal(error.detail['database'], '1')
    equal(error.detail['sequence'], '2')
    return refusal('changelog/database-older')(error)
  })
  for (const node of store.nodes.slice(1)) node.isUp = false
  await rejects(store.check(), refusal('changelog/database-older'))
  store.nodes.reverse() // the others: they know no more than the backup
  for (const node of store.nodes) node.isUp = node.id === 'node-5'
  equal(await store.check(), 'current')
})

inStore(
  'a node that comes back is asked by itself: only what is news to the database speaks against it',
  async (store) => {
    await store.open()
    await commitPair(store.log, 'a', '1')
    const backup = store.database.copy()
    await commitPair(store.log, 'b', '2')
    const check = { sql: store.sql, storeId: store.keyring.storeId }
    for (const node of store.nodes) await checkReturned(node, check)
    await store.close()
    store.database = backup
    const sql = backup.open()
    const knowing = []
    for (const node of store.nodes)
      try {
        await checkReturned(node, { ...check, sql })
      } catch (error) {
        ok(isFault(error, 'changelog/database-older'))
        equal(error.detail['node'], node.id)
        knowing.push(node.id)
      }
    equal(knowing.length, 3)
    await sql.close()
  },
)

test('witnesses are missing while as many were not asked as hold each change', () => {
  const witnesses = new Witnesses({
    members: ['a', 'b', 'c', 'd', 'e'],
    asked: ['a', 'b', 'of another store'],
    replicas: 3,
  })
  deepEqual(witnesses.missing(), ['c', 'd', 'e'])
  witnesses.hear('d')
  deepEqual(witnesses.missing(), [])
})

inStore(
  'a database of another store is foreign, even beside nodes that are empty',
  async (store) => {
    await store.open()
    await store.close()
    const other = new ToyStore('other', { world: store.world })
    other.database = store.database
    await rejects(other.check(), refusal('changelog/database-foreign'))
  },
)

inStore(
  'what nodes hold of another store proves nothing; a node that fails is as if away',
  async (store) => {
    const other = new ToyStore('other', { world: store.world })
    await other.open()
    await commitPair(other.log, 'a', '1')
    for (const { frame, ...range } of (await other.nodes[0]?.frames()) ?? [])
      await store.nodes[0]?.log.append(frame, range)
    for (const node of store.nodes.slice(1, 2)) node.health = 'failing'
    equal(await store.check(), 'new')
    equal(store.failures.join(), 'node-2')
  },
)
