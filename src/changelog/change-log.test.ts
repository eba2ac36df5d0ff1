import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseFrameHeader } from '#changelog/frame'
import { isFault } from '#fault/fault'
import { commitPair, readPairs, setPair } from '../../test/changelog/pairs.ts'
import { inStore, type ToyNode, ToyStore } from '../../test/changelog/toy-store.ts'

const unavailable = (error: unknown): boolean => isFault(error, 'changelog/unavailable')

describe('a commit', () => {
  inStore('is on the promised number of nodes when it returns, and no more', async (store) => {
    for (const key of ['a', 'b', 'c']) {
      const { sequence } = await commitPair(store.log, key, 'value')
      equal((await store.copies()).get(sequence), store.replicas)
    }
  })

  inStore('gives the next sequence number and the time of the commit', async (store) => {
    const first = await commitPair(store.log, 'a', '1')
    await store.world.sleep(5_000)
    const [second, third] = await store.log.commit(async (tx) => [
      await setPair(tx, 'b', '2'),
      await setPair(tx, 'c', '3'),
    ])
    deepEqual(
      [first, second, third].map((change) => change?.sequence),
      [1n, 2n, 3n],
    )
    equal(second?.at, third?.at)
    ok((second?.at ?? 0) - first.at >= 5_000)
    equal(store.log.committed(), 3n)
    deepEqual(
      (await readPairs(store.sql)).map(({ key, sequence, at }) => [key, sequence, at]),
      [
        ['a', 1, first.at],
        ['b', 2, second?.at],
        ['c', 3, third?.at],
      ],
    )
  })

  inStore('shares its transaction and its frame with those that wait with it', async (store) => {
    await Promise.all(Array.from({ length: 200 }, (_, n) => commitPair(store.log, `${n}`, 'v')))
    const frames = await Promise.all(store.nodes.map((node) => node.frames()))
    ok(frames.flat().length <= 2 * store.replicas, `${frames.flat().length} frames`)
    equal((await readPairs(store.sql)).length, 200)
  })
})

describe('a large group', () => {
  inStore('is split, so that frames stay small', async (store) => {
    const value = 'x'.repeat(100_000)
    await Promise.all(Array.from({ length: 40 }, (_, n) => commitPair(store.log, `${n}`, value)))
    for (const { frame } of (await store.nodes[0]?.frames()) ?? []) ok(frame.length < 400_000)
    equal((await readPairs(store.sql)).length, 40)
  })
})

describe('what is not in the log yet', () => {
  inStore(
    'is not told of: neither by reached, nor by a work that changed nothing, nor by a refusal',
    async (store) => {
      for (const node of store.nodes) node.appendMs = 500
      const told: string[] = []
      const started = store.world.monotonic()
      const elapsed = (): number => store.world.monotonic() - started
      const write = commitPair(store.log, 'a', '1').then(() => told.push('write'))
      await store.world.sleep(100)
      const reads = [
        store.log.reached(1n).then(() => told.push('reached')),
        store.log.commit((tx) => tx.query`select * from pair`).then(() => told.push('read')),
        rejects(
          store.log.commit(async (tx) => {
            throw new Error(`${(await tx.query`select * from pair`).length}`)
          }),
          /1/,
        ).then(() => told.push('refusal')),
      ]
      equal((await readPairs(store.sql)).length, 1) // committed, and visible to whoever does not ask
      await store.world.sleep(300)
      deepEqual(told, [])
      await Promise.all([write, ...reads])
      ok(elapsed() >= 500)
      await store.log.reached(1n)
    },
  )
})

describe('a node', () => {
  inStore(
    'that fails is replaced for the frame, reported, and asked last for a while',
    async (store) => {
      const [sick] = store.nodes
      if (sick === undefined) return
      sick.health = 'failing'
      await commitPair(store.log, 'a', '1')
      deepEqual(store.failures, ['node-1'])
      await commitPair(store.log, 'b', '2')
      deepEqual(store.failures, ['node-1'])
      deepEqual([...(await store.copies()).values()], [3, 3])
      equal((await sick.frames()).length, 0)
      for (const node of store.nodes.slice(1, 2)) node.isUp = false
      await commitPair(store.log, 'c', '3') // node-5 is asked, though node-1 stands before it
      deepEqual(store.failures, ['node-1'])
      await store.world.sleep(10_000)
      for (const node of store.nodes.slice(2, 3)) node.isUp = false
      await rejects(commitPair(store.log, 'd', '4'), unavailable)
      deepEqual(store.failures, ['node-1', 'node-1'])
    },
  )

  inStore(
    'that is slow is replaced, gets nothing more until it has answered, and has failed when it does not',
    async (store) => {
      const [stuck] = store.nodes
      if (stuck === undefined) return
      stuck.health = 'stuck'
      const started = store.world.monotonic()
      await commitPair(store.log, 'a', '1')
      const waited = store.world.monotonic() - started
      ok(waited >= 250 && waited < 300, `${waited} ms`)
      deepEqual(store.failures, [])
      await store.world.sleep(2_000)
      deepEqual(store.failures, ['node-1'])
      for (const other of store.nodes.slice(3)) other.isUp = false
      await rejects(commitPair(store.log, 'b', '2'), unavailable) // two nodes well, three needed
      stuck.health = 'well'
      await until(store, () => store.log.reached(2n))
      equal(stuck.appendsAtOnceMax, 1)
      deepEqual([...(await store.copies()).values()], [4, 3])
    },
  )

  inStore('that is slow is waited for while there is no other', async (store) => {
    const [slow] = store.nodes
    if (slow === undefined) return
    for (const other of store.nodes.slice(3)) other.isUp = false
    slow.health = 'stuck'
    const committed = commitPair(store.log, 'a', '1')
    await store.world.sleep(500)
    slow.health = 'well'
    await committed
    deepEqual(store.failures, [])
    deepEqual([...(await store.copies()).values()], [3])
  })

  inStore(
    'that is as slow as all others is waited for, for it is no fault of its own',
    async (store) => {
      for (const node of store.nodes) node.appendMs = 9_000
      const started = store.world.monotonic()
      await commitPair(store.log, 'a', '1')
      const waited = store.world.monotonic() - started
      ok(waited < 9_100, `${waited} ms`)
      deepEqual(store.failures, [])
    },
  )

  inStore(
    'that takes twice what the others take has not failed, however long that is',
    async (store) => {
      for (const node of store.nodes) node.appendMs = 1_500
      const [slow] = store.nodes
      if (slow !== undefined) slow.appendMs = 3_000
      await commitPair(store.log, 'a', '1')
      await store.world.sleep(5_000)
      deepEqual(store.failures, [])
    },
  )

  inStore('that hangs like all others is given up after half a minute', async (store) => {
    for (const node of store.nodes) node.health = 'stuck'
    const started = store.world.monotonic()
    await rejects(commitPair(store.log, 'a', '1'), unavailable)
    const waited = store.world.monotonic() - started
    ok(waited >= 30_000 && waited < 33_000, `${waited} ms`)
    equal(store.failures.length, store.nodes.length)
    for (const node of store.nodes) node.health = 'well'
    await until(store, () => store.log.reached(1n))
  })

  inStore('that stored a frame but could not say so does not count', async (store) => {
    const [deaf] = store.nodes
    if (deaf === undefined) return
    await commitPair(store.log, 'a', '1')
    deaf.health = 'deaf'
    await commitPair(store.log, 'b', '2')
    deepEqual([...(await store.copies()).values()], [3, 4])
  })

  inStore('that is down is not asked', async (store) => {
    for (const node of store.nodes.slice(0, 2)) node.isUp = false
    await commitPair(store.log, 'a', '1')
    deepEqual(store.failures, [])
    deepEqual(await holders(store.nodes), ['node-3', 'node-4', 'node-5'])
  })

  inStore('takes the next frame as well, when all is well', async (store) => {
    const [first] = store.nodes
    if (first !== undefined) first.isUp = false
    await commitPair(store.log, 'a', '1')
    if (first !== undefined) first.isUp = true
    await commitPair(store.log, 'b', '2')
    deepEqual(await holders(store.nodes), ['node-2', 'node-3', 'node-4'])
  })
})

describe('with too few nodes', () => {
  inStore(
    'works are refused, what was committed is kept, and the log catches up by itself',
    async (store) => {
      await commitPair(store.log, 'a', '1')
      for (const node of store.nodes.slice(2)) node.health = 'failing'
      await rejects(commitPair(store.log, 'b', '2'), unavailable)
      equal(store.log.committed(), 2n) // decided; the client does not know, and readers are not told
      await rejects(store.log.reached(2n), unavailable)
      await store.log.reached(1n)
      await rejects(commitPair(store.log, 'c', '3'), unavailable)
      equal(store.log.committed(), 2n) // refused before it was decided
      for (const node of store.nodes) node.health = 'well'
      await until(store, () => store.log.reached(2n))
      await commitPair(store.log, 'd', '4')
      deepEqual(
        (await readPairs(store.sql)).map(({ key }) => key),
        ['a', 'b', 'd'],
      )
      ok([...(await store.copies()).values()].every((copies) => copies >= store.replicas))
    },
  )

  inStore('works that wait while it happens are refused too, without a trace', async (store) => {
    for (const node of store.nodes) node.health = 'stuck'
    const first = rejects(commitPair(store.log, 'a', '1'), unavailable)
    await store.world.sleep(1)
    const later = ['b', 'c'].map((key) => rejects(commitPair(store.log, key, '2'), unavailable))
    await Promise.all([first, ...later])
    equal(store.log.committed(), 1n)
  })

  inStore('what some nodes hold already counts when it is tried again', async (store) => {
    for (const node of store.nodes.slice(2)) node.health = 'failing'
    await rejects(commitPair(store.log, 'a', '1'), unavailable)
    for (const node of store.nodes.slice(2, 3)) node.health = 'well'
    await until(store, () => store.log.reached(1n))
    const counts = await Promise.all(store.nodes.map(async (node) => (await node.frames()).length))
    deepEqual(counts, [1, 1, 1, 0, 0])
  })

  inStore('a copy on a node that went down meanwhile does not count', async (store) => {
    for (const node of store.nodes.slice(1)) node.health = 'failing'
    await rejects(commitPair(store.log, 'a', '1'), unavailable)
    for (const node of store.nodes) {
      node.isUp = node.id !== 'node-1'
      node.health = 'well'
    }
    await until(store, () => store.log.reached(1n))
    deepEqual([...(await store.copies()).values()], [4])
  })
})

describe('after a crash', () => {
  inStore(
    'between the database and the nodes, the change is brought to the nodes before anything is served',
    async (store) => {
      await commitPair(store.log, 'a', '1')
      ok(await store.crashAt('changelog/committed', () => commitPair(store.log, 'b', '2')))
      equal((await store.copies()).get(2n), undefined)
      await store.open()
      ok(((await store.copies()).get(2n) ?? 0) >= store.replicas)
      await store.log.reached(2n)
      deepEqual(
        (await readPairs(store.sql)).map(({ key }) => key),
        ['a', 'b'],
      )
      equal((await commitPair(store.log, 'c', '3')).sequence, 3n)
    },
  )

  inStore('between the nodes and the answer, the change is there, and once', async (store) => {
    ok(await store.crashAt('changelog/logged', () => commitPair(store.log, 'a', '1')))
    await store.open()
    deepEqual(
      (await readPairs(store.sql)).map(({ sequence }) => sequence),
      [1],
    )
    equal(store.log.committed(), 1n)
  })

  inStore('with too few nodes it opens, refuses, and catches up by itself', async (store) => {
    for (const node of store.nodes) node.health = 'failing'
    await rejects(commitPair(store.log, 'a', '1'), unavailable)
    for (const node of store.nodes) node.isUp = false
    await store.crash()
    await store.open()
    await rejects(store.log.reached(1n), unavailable)
    await rejects(commitPair(store.log, 'b', '2'), unavailable)
    for (const node of store.nodes) node.isUp = true
    await until(store, () => store.log.reached(1n))
    await commitPair(store.log, 'b', '2')
    deepEqual(
      (await readPairs(store.sql)).map(({ sequence }) => sequence),
      [1, 2],
    )
  })

  inStore('sequence numbers go on, and a clean close leaves nothing to replay', async (store) => {
    await commitPair(store.log, 'a', '1')
    await store.close()
    await store.open()
    deepEqual(await store.sql.query`select * from change_outbox`, [])
    const { sequence } = await commitPair(store.log, 'b', '2')
    equal(sequence, 2n)
    deepEqual([...(await store.copies()).values()], [3, 3])
  })
})

describe('closing', () => {
  inStore('tells everyone who was there before, and refuses who comes after', async (store) => {
    const before = [commitPair(store.log, 'a', '1'), commitPair(store.log, 'b', '2')]
    const closed = store.log.close()
    await rejects(commitPair(store.log, 'c', '3'), unavailable)
    await Promise.all([...before, closed])
    deepEqual(
      (await readPairs(store.sql)).map(({ key }) => key),
      ['a', 'b'],
    )
  })

  inStore('does not wait for a node that never answers', async (store) => {
    for (const node of store.nodes) node.health = 'stuck'
    const lost = rejects(commitPair(store.log, 'a', '1'), unavailable)
    await store.log.close()
    await lost
  })
})

describe('what nodes see', () => {
  inStore('is sealed: neither keys nor values nor kinds', async (store) => {
    await commitPair(store.log, 'secret-key', 'secret-value')
    for (const node of store.nodes)
      for (const { frame } of await node.frames())
        for (const word of ['secret-key', 'secret-value', 'pair/set'])
          ok(!Buffer.from(frame).includes(word))
    await store.close()
  })

  inStore('no key and nonce ever seal two texts, however often processes die', async (store) => {
    const sealed = new Map<string, string>()
    for (let round = 0; round < 5; round++) {
      await commitPair(store.log, `a${round}`, '1')
      for (const node of store.nodes) node.health = 'deaf'
      await rejects(commitPair(store.log, `b${round}`, '2'), unavailable)
      await store.crash()
      await store.open()
    }
    for (const node of store.nodes)
      for (const { frame } of await node.frames()) {
        const header = parseFrameHeader(frame)
        ok(header)
        const nonce = `${Buffer.from(header.keyId).toString('hex')} ${header.counter}`
        const text = Buffer.from(frame).toString('hex')
        equal(sealed.get(nonce) ?? text, text)
        sealed.set(nonce, text)
      }
    ok(sealed.size > 10)
  })
})

test('one seed gives one history, to the byte', async () => {
  const history = async (seed: number): Promise<string> => {
    const store = new ToyStore(seed)
    return store.world.run(async () => {
      await store.open()
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 5; n++) {
          await store.world.sleep(store.world.random() * 10)
          await commitPair(store.log, `${writer}`, `${n}`)
        }
      })
      await Promise.all(writers)
      const frames = await Promise.all(store.nodes.map((node) => node.frames()))
      return frames
        .flat()
        .map(({ frame }) => Buffer.from(frame).toString('hex'))
        .join('\n')
    })
  }
  equal(await history(1), await history(1))
  notEqual(await history(1), await history(2))
})

test('a database of another store is refused', async () => {
  const one = new ToyStore('one')
  const other = new ToyStore('other')
  await one.world.run(async () => {
    await one.open()
    await one.close()
    other.database = one.database
    await rejects(other.open(), (error) => isFault(error, 'changelog/database-foreign'))
  })
})

/** Time goes on until the promise holds. */
async function until(store: ToyStore, holds: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await holds()
    } catch (error) {
      if (attempt === 100 || !unavailable(error)) throw error
      await store.world.sleep(100)
    }
  }
}

async function holders(nodes: readonly ToyNode[]): Promise<readonly string[]> {
  const found = await Promise.all(nodes.map(async (node) => (await node.frames()).length > 0))
  return nodes.filter((_, index) => found[index]).map(({ id }) => id)
}
