import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { ChangeBody } from '#changelog/change'
import { isFault } from '#fault/fault'
import type { SqliteMemory } from '#sql/sqlite-memory'
import { commitPair, type PairRow, readPairs } from '../../test/changelog/pairs.ts'
import { inStore, ToyStore } from '../../test/changelog/toy-store.ts'
import { fault } from '../../test/fault.ts'

async function write(store: ToyStore, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) {
    await store.world.sleep(1)
    await commitPair(store.log, `key ${n % 5}`, `value ${n}`)
  }
}

/** The database is lost and made anew; the store is open again. */
async function loseAndRebuild(store: ToyStore, options?: { readonly acceptLoss?: boolean }) {
  const report = await store.rebuild(options)
  await store.open()
  return report
}

describe('a rebuild', () => {
  inStore('gives back the tables, with sequence numbers and times', async (store) => {
    await write(store, 1, 30)
    await store.log.commit((tx) => tx.record({ kind: 'pair/removed', key: 'key 2' }))
    const tables = await store.tables()
    await store.close()
    deepEqual(await loseAndRebuild(store), {
      snapshotSequence: 0n,
      lastSequence: 31n,
      changes: 31,
      nodesUnreadable: [],
    })
    deepEqual(await store.tables(), tables)
    equal((await commitPair(store.log, 'next', '')).sequence, 32n)
  })

  inStore('does so from any nodes, as many as may be lost being away', async (store) => {
    await write(store, 1, 10)
    for (const node of store.nodes.slice(0, 2)) node.isUp = false
    await write(store, 11, 20)
    for (const node of store.nodes) node.isUp = true
    const tables = await store.tables()
    await store.close()
    for (const [first, second] of [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 3],
      [2, 4],
      [3, 4],
    ] as const) {
      for (const [index, node] of store.nodes.entries())
        node.isUp = index !== first && index !== second
      equal((await loseAndRebuild(store)).lastSequence, 20n)
      deepEqual(await store.tables(), tables)
      await store.close()
    }
  })

  inStore(
    'brings every change after the snapshot to enough nodes before it serves',
    async (store) => {
      await write(store, 1, 10)
      await store.close()
      const [first, second] = store.nodes
      ok(first && second)
      first.isUp = false
      second.isUp = false
      await loseAndRebuild(store)
      const present = await Promise.all(store.nodes.slice(2).map((node) => node.frames()))
      for (const frames of present) equal(frames.at(-1)?.last, 10n)
    },
  )

  inStore('includes what only one node had time to store', async (store) => {
    await write(store, 1, 3)
    for (const node of store.nodes.slice(1)) node.health = 'failing'
    await rejects(commitPair(store.log, 'late', '!'), fault('changelog/unavailable'))
    await store.crash()
    equal((await loseAndRebuild(store)).lastSequence, 4n)
    ok(((await store.copies()).get(4n) ?? 0) >= store.replicas)
    deepEqual(
      (await readPairs(store.sql)).map(({ key }) => key),
      ['key 1', 'key 2', 'key 3', 'late'],
    )
  })

  inStore('refuses when the newest changes may be away, unless that is accepted', async (store) => {
    await write(store, 1, 3)
    await store.close()
    for (const node of store.nodes.slice(0, 3)) node.isUp = false
    await rejects(store.rebuild(), fault('changelog/uncertain'))
    deepEqual(await store.rebuild({ acceptLoss: true }), {
      snapshotSequence: 0n,
      lastSequence: 0n,
      changes: 0,
      nodesUnreadable: [],
    })
  })

  inStore('counts a node that cannot be read as absent', async (store) => {
    await write(store, 1, 3)
    await store.close()
    for (const node of store.nodes.slice(0, 2)) node.health = 'failing'
    equal((await store.rebuild()).lastSequence, 3n)
    for (const node of store.nodes.slice(2, 3)) node.health = 'failing'
    await rejects(store.rebuild(), fault('changelog/uncertain'))
  })

  inStore('names the changes that are missing', async (store) => {
    await write(store, 1, 10)
    await store.close()
    for (const [index, node] of store.nodes.entries())
      store.nodes[index] = await node.replaced((frame) =>
        frame.first === 4n || frame.first === 5n ? undefined : frame,
      )
    await rejects(store.rebuild(), (error) => {
      ok(isFault(error, 'changelog/gap'))
      deepEqual([error.detail['from'], error.detail['to']], ['4', '5'])
      return true
    })
  })

  inStore(
    'takes no changed byte: frames that are not authentic count for nothing',
    async (store) => {
      await write(store, 1, 10)
      const tables = await store.tables()
      await store.close()
      const rot = (node: number, byte: number) =>
        store.nodes[node]?.replaced(({ frame, ...range }) => ({
          ...range,
          frame: frame.with(byte % frame.length, (frame[byte % frame.length] ?? 0) ^ 0x10),
        }))
      for (const byte of [0, 5, 8, 30, 41, 46, 50, 60, 100, 119, 130, 150]) {
        const rotten = await rot(0, byte)
        ok(rotten)
        const whole = store.nodes[0]
        ok(whole)
        store.nodes[0] = rotten
        // Of a later program, or another keyring: that is not for us to pass over.
        if (byte === 5) await rejects(store.rebuild(), fault('changelog/unsupported-version'))
        else if (byte === 46) await rejects(store.rebuild(), fault('keyring/unknown-generation'))
        else equal((await store.rebuild()).lastSequence, 10n)
        store.nodes[0] = whole
      }
      for (const node of [0, 1, 2]) store.nodes[node] = (await rot(node, 130)) ?? store.newNode('')
      equal((await store.rebuild()).lastSequence, 0n)
      ok(tables)
    },
  )

  inStore('leaves aside what a node holds of another store', async (store) => {
    await write(store, 1, 3)
    const other = new ToyStore('other', { world: store.world })
    await other.open()
    await write(other, 1, 9)
    for (const { frame, ...range } of (await other.nodes[0]?.frames()) ?? [])
      await store.nodes[0]?.log.append(frame, range)
    await store.close()
    equal((await loseAndRebuild(store)).lastSequence, 3n)
  })

  inStore('refuses to choose between two changes of one number', async (store) => {
    const backup = store.database.copy()
    await write(store, 1, 3)
    await store.close()
    store.database = backup
    await store.open() // without asking `check`
    await write(store, 4, 6)
    await store.close()
    await rejects(store.rebuild(), fault('changelog/forked'))
  })

  inStore('wants an empty database', async (store) => {
    await rejects(store.rebuildInto(store.sql), fault('changelog/database-not-empty'))
  })

  inStore('of a store without a change is a store without a change', async (store) => {
    await store.close()
    equal((await loseAndRebuild(store)).lastSequence, 0n)
    equal((await commitPair(store.log, 'a', '1')).sequence, 1n)
  })

  inStore('has a long tail: it comes to the nodes in frames of bounded size', async (store) => {
    for (let n = 0; n < 12; n++) await commitPair(store.log, `${n}`, 'x'.repeat(300_000))
    await store.close()
    for (const [index, node] of store.nodes.entries())
      if (index > 2) store.nodes[index] = store.newNode(node.id)
    for (const node of store.nodes.slice(0, 2)) node.isUp = false
    await loseAndRebuild(store)
    const frames = (await store.nodes[4]?.frames()) ?? []
    ok(frames.length > 1)
    for (const { frame } of frames) ok(frame.length < 1.5 * 2 ** 20)
    equal(frames.at(-1)?.last, 12n)
  })
})

describe('a snapshot', () => {
  inStore('with the log after it gives back the tables, and lets the log be cut', async (store) => {
    await write(store, 1, 20)
    const { upTo, changes } = await store.snapshot()
    deepEqual([upTo, changes], [20n, 5])
    await write(store, 21, 23)
    const tables = await store.tables()
    for (const node of store.nodes) ok(((await node.frames())[0]?.first ?? 99n) > 18n)
    await store.close()
    const report = await loseAndRebuild(store)
    deepEqual([report.snapshotSequence, report.lastSequence], [20n, 25n])
    deepEqual(await store.tables(), tables)
  })

  inStore('replaces the one before: one is live, and every node points to it', async (store) => {
    for (const round of [1, 2, 3]) {
      await write(store, 1, round)
      const { upTo } = await store.snapshot()
      deepEqual(
        (await store.live()).map((live) => live.upTo),
        [upTo],
      )
      for (const { files } of store.nodes) {
        ok(await files.read('snapshot'))
        equal(await files.read('snapshot.previous'), undefined)
      }
    }
  })

  inStore('is consistent although commits go on', async (store) => {
    await write(store, 1, 10)
    store.blobs.whileWriting = () => write(store, 11, 20)
    const { upTo } = await store.snapshot()
    equal(upTo, 10n)
    const tables = await store.tables()
    await store.close()
    equal((await loseAndRebuild(store)).snapshotSequence, 10n)
    deepEqual(await store.tables(), tables)
  })

  inStore('that does not read back cuts nothing', async (store) => {
    await write(store, 1, 10)
    store.blobs.isLosing = true
    await rejects(store.snapshot(), fault('changelog/snapshot-damaged'))
    equal((await store.nodes[0]?.frames())?.[0]?.first, 1n)
    await store.close()
    equal((await loseAndRebuild(store)).snapshotSequence, 0n)
  })

  inStore('that too few nodes can point to cuts nothing', async (store) => {
    await write(store, 1, 10)
    for (const { files } of store.nodes.slice(0, 3)) files.write = () => Promise.reject(new Error())
    await rejects(store.snapshot(), fault('changelog/unavailable'))
    equal((await store.nodes[0]?.frames())?.[0]?.first, 1n)
  })

  for (const point of [
    'snapshot-written',
    'snapshot-recorded',
    'snapshot-published',
    'snapshot-retired',
  ])
    inStore(`interrupted at ${point} loses nothing, and the next one tidies up`, async (store) => {
      await write(store, 1, 10)
      await store.snapshot()
      await write(store, 11, 20)
      ok(await store.crashAt(`changelog/${point}`, () => store.snapshot()))
      await store.open()
      const tables = await store.tables()
      await store.close()
      await loseAndRebuild(store)
      deepEqual(await store.tables(), tables)
      const { upTo } = await store.snapshot()
      deepEqual(
        (await store.live()).map((live) => live.upTo),
        [upTo],
      )
    })

  inStore(
    'that has rotted is passed over for the one before, while the log still reaches back',
    async (store) => {
      await write(store, 1, 10)
      const { upTo: former } = await store.snapshot()
      await write(store, 11, 20)
      ok(await store.crashAt('changelog/snapshot-published', () => store.snapshot()))
      await store.open()
      const tables = await store.tables()
      const newest = (await store.live()).at(-1)
      ok(newest)
      store.blobs.damage(newest.descriptor)
      await store.close()
      equal((await loseAndRebuild(store)).snapshotSequence, former)
      deepEqual(await store.tables(), tables)
    },
  )

  inStore('that has rotted after the log was cut is a gap, not a guess', async (store) => {
    await write(store, 1, 10)
    await store.snapshot()
    await write(store, 11, 20)
    for (const { descriptor } of await store.live()) store.blobs.damage(descriptor)
    await store.close()
    await rejects(store.rebuild(), fault('changelog/gap'))
  })
})

describe('a lost line', () => {
  /** Seven nodes; a tail that only the first three hold is lost with them, and the numbers are given out anew. */
  async function splitLines(store: ToyStore): Promise<SqliteMemory> {
    for (const node of store.nodes.slice(0, 3)) node.isUp = false
    await write(store, 1, 5)
    for (const node of store.nodes) node.isUp = !node.isUp
    await write(store, 6, 20)
    await store.close()
    const backup = store.database
    for (const node of store.nodes) node.isUp = !node.isUp
    const { lastSequence } = await loseAndRebuild(store, { acceptLoss: true })
    equal(lastSequence, 5n)
    await write(store, 100, 102)
    await store.close()
    for (const node of store.nodes) node.isUp = true
    return backup
  }

  const seven = { nodes: 7, replicas: 3 }

  inStore(
    'does not come back with its nodes',
    async (store) => {
      await splitLines(store)
      equal(await store.check(), 'current')
      await store.open()
      const tables = await store.tables()
      await store.close()
      equal((await loseAndRebuild(store)).lastSequence, 8n)
      deepEqual(await store.tables(), tables)
    },
    seven,
  )

  inStore(
    'does not come back with its database, though it knows more changes',
    async (store) => {
      store.database = await splitLines(store)
      await rejects(store.check(), fault('changelog/database-older'))
      for (const node of store.nodes.slice(0, 3)) node.isUp = false
      await store.open() // without asking: then nodes that know better refuse its changes
      await rejects(commitPair(store.log, 'a', '1'), fault('changelog/unavailable'))
    },
    seven,
  )

  inStore(
    'is known from a snapshot of the later one alone',
    async (store) => {
      const lost = await splitLines(store)
      await store.open()
      await store.snapshot()
      await store.close()
      for (const { files } of store.nodes) await files.remove('change-era')
      store.database = lost
      await rejects(store.check(), fault('changelog/database-older'))
    },
    seven,
  )

  inStore(
    'does not come back with its snapshot',
    async (store) => {
      for (const node of store.nodes.slice(0, 3)) node.isUp = false
      await write(store, 1, 5)
      for (const node of store.nodes) node.isUp = !node.isUp
      await write(store, 6, 9)
      await store.snapshot()
      await store.close()
      for (const node of store.nodes) node.isUp = !node.isUp
      equal((await loseAndRebuild(store, { acceptLoss: true })).lastSequence, 5n)
      await write(store, 100, 102)
      const tables = await store.tables()
      await store.close()
      for (const node of store.nodes) node.isUp = true
      equal(await store.check(), 'current')
      equal((await loseAndRebuild(store)).snapshotSequence, 0n)
      deepEqual(await store.tables(), tables)
    },
    seven,
  )
})

/** What happens to a store, one thing after another. */
type Event =
  | { readonly kind: 'write'; readonly writes: readonly Write[] }
  | { readonly kind: 'crash'; readonly point: string | undefined }
  | { readonly kind: 'health'; readonly node: number; readonly isWell: boolean }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'rebuild'; readonly absent: readonly number[] }

interface Write {
  readonly key: string
  readonly value: string | undefined
  readonly isRefused: boolean
}

const nodeCount = 5
const lastWords: Write = { key: 'last', value: 'words', isRefused: false }
const anyWrite = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  value: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
  isRefused: fc.boolean(),
})
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      writes: fc.array(anyWrite, { maxLength: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      point: fc.constantFrom(undefined, 'changelog/committed', 'changelog/logged'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('health' as const),
      node: fc.nat(nodeCount - 1),
      isWell: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'snapshot' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rebuild' as const),
      absent: fc.uniqueArray(fc.nat(nodeCount - 1), { maxLength: 2 }),
    }),
  },
)

test('whatever happens, a rebuild loses no acknowledged change and invents none', () =>
  fc.assert(
    fc.asyncProperty(fc.array(anyEvent, { maxLength: 25 }), async (events) => {
      const store = new ToyStore('history', { nodes: nodeCount, replicas: 3 })
      await store.world.run(async () => {
        const history = new History(await store.open())
        for (const event of events) await history.live(event)
        await history.live({ kind: 'rebuild', absent: [0, 1] })
      })
    }),
    { numRuns: 150 },
  ))

/** A store beside the plain record of what it was told to do. */
class History {
  readonly #store: ToyStore
  /** What each sequence number was given to, as last decided. */
  readonly #decided = new Map<bigint, { readonly at: number; readonly body: ChangeBody }>()
  #acknowledged = 0n

  constructor(store: ToyStore) {
    this.#store = store
  }

  async live(event: Event): Promise<void> {
    const store = this.#store
    switch (event.kind) {
      case 'write':
        await Promise.all(event.writes.map((one) => this.#write(one)))
        break
      case 'crash':
        if (event.point === undefined) await store.crash()
        else await store.crashAt(event.point, () => this.#write(lastWords))
        await store.open()
        break
      case 'health': {
        const node = store.nodes[event.node]
        if (node !== undefined) node.health = event.isWell ? 'well' : 'failing'
        break
      }
      case 'snapshot':
        await store.snapshot().catch((error) => ok(isFault(error, 'changelog/unavailable')))
        break
      case 'rebuild':
        await this.#rebuild(event.absent)
    }
    await this.#compare()
  }

  async #write({ key, value, isRefused }: Write): Promise<void> {
    const body =
      value === undefined ? { kind: 'pair/removed', key } : { kind: 'pair/set', key, value }
    try {
      const { sequence } = await this.#store.log.commit(async (tx) => {
        const change = await tx.record(body)
        if (isRefused) throw new Error('refused')
        this.#decided.set(change.sequence, change)
        return change
      })
      if (sequence > this.#acknowledged) this.#acknowledged = sequence
    } catch (error) {
      const isExpected = isFault(error, 'changelog/unavailable') || this.#isDying(error)
      ok(
        isExpected || (isRefused && error instanceof Error && error.message === 'refused'),
        `${error}`,
      )
    }
  }

  #isDying(error: unknown): boolean {
    return error instanceof Error && error.message === 'the process is gone'
  }

  /** The tables are what the changes that were decided make of them. */
  async #compare(): Promise<void> {
    const expected = new Map<string, PairRow>()
    for (const [sequence, { at, body }] of [...this.#decided].sort(([a], [b]) =>
      a < b ? -1 : 1,
    )) {
      const key = String(body['key'])
      if (body.kind === 'pair/removed') expected.delete(key)
      else expected.set(key, { key, value: String(body['value']), sequence: Number(sequence), at })
    }
    const rows = [...expected.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    deepEqual(await readPairs(this.#store.sql), rows)
  }

  async #rebuild(absent: readonly number[]): Promise<void> {
    const store = this.#store
    await store.crash()
    for (const [index, node] of store.nodes.entries()) node.isUp = !absent.includes(index)
    const { lastSequence } = await store.rebuild()
    ok(lastSequence >= this.#acknowledged, 'an acknowledged change was lost')
    for (const sequence of this.#decided.keys())
      if (sequence > lastSequence) this.#decided.delete(sequence)
    await store.open()
    equal(store.log.committed(), lastSequence)
    for (const node of store.nodes) node.isUp = true
  }
}
