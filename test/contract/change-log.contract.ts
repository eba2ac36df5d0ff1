/** What every `ChangeLog` promises, with nodes or without; run against each of them by `change-log.test.ts`. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ChangeLog, CommitTransaction } from '#changelog/change'
import { isFault } from '#fault/fault'
import type { Queryable } from '#sql/sql'
import { commitPair, readPairs, setPair } from '../changelog/pairs.ts'

/** A change log of the room `pairs` that is open, and can be closed and opened anew. */
export interface Place {
  readonly log: ChangeLog
  readonly sql: Queryable
  /** Closes, and opens on the same database. */
  reopen(): Promise<Place>
}

/** Runs the body with an empty one, and closes it afterwards. */
export type InPlace = (name: string, body: (place: Place) => Promise<void>) => Promise<void>

export function changeLogContract(
  name: string,
  inPlace: InPlace,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  const check = (law: string, body: (place: Place) => Promise<void>): void => {
    test(law, () => inPlace(law, body))
  }
  describe(name, { skip }, () => {
    check(
      'a commit gives the next sequence number, and one time to all it records',
      async (place) => {
        const first = await commitPair(place.log, 'a', '1')
        const [second, third] = await place.log.commit(async (tx) => {
          equal(typeof tx.at, 'number')
          return [await setPair(tx, 'b', '2'), await setPair(tx, 'c', '3')]
        })
        deepEqual(
          [first, second, third].map((change) => change?.sequence),
          [1n, 2n, 3n],
        )
        equal(second?.at, third?.at)
        ok(place.log.committed() >= 3n)
        await place.log.reached(place.log.committed())
        deepEqual(
          (await readPairs(place.sql)).map(({ key, sequence }) => [key, sequence]),
          [
            ['a', 1],
            ['b', 2],
            ['c', 3],
          ],
        )
      },
    )

    check('a work that throws leaves nothing and disturbs no other', async ({ log, sql }) => {
      const results = await Promise.allSettled([
        commitPair(log, 'a', '1'),
        log.commit(async (tx) => {
          await setPair(tx, 'b', '2')
          throw new Error('refused')
        }),
        log.commit(async (tx) => {
          await tx.record({ kind: 'pair/set', key: 'bad', value: 'half' })
          await tx.query`insert into pair values ('a', '', 0, 0)`
        }),
        commitPair(log, 'c', '3'),
      ])
      deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
      )
      deepEqual(
        (await readPairs(sql)).map(({ key, sequence }) => [key, sequence]),
        [
          ['a', 1],
          ['c', 2],
        ],
      )
    })

    check('a work sees what earlier ones have decided', async ({ log }) => {
      const claim = () =>
        log.commit(async (tx) => {
          const taken = await tx.query`select 1 from pair where key = 'claim'`
          if (taken.length > 0) throw new Error('taken')
          await setPair(tx, 'claim', 'mine')
        })
      const results = await Promise.allSettled(Array.from({ length: 10 }, claim))
      equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      equal(log.committed(), 1n)
    })

    check(
      'what is asked once for all works of a transaction is asked again when it may have changed',
      async ({ log }) => {
        const asked: number[] = []
        const count = async (tx: CommitTransaction): Promise<number> => {
          const read = async (): Promise<number> => {
            const found = (await readPairs(tx)).length
            asked.push(found)
            return found
          }
          return await tx.once('count', read, new Set(['pair/removed']))
        }
        const told = await Promise.allSettled([
          log.commit(count),
          log.commit(async (tx) => {
            await tx.record({ kind: 'pair/removed', key: 'nobody' })
            return await count(tx)
          }),
          log.commit(async (tx) => {
            await setPair(tx, 'a', '1')
            return await count(tx)
          }),
          log.commit(count),
          log.commit(async (tx) => {
            await setPair(tx, 'b', '2')
            throw new Error(`undone, with ${await count(tx)}`)
          }),
          log.commit(count),
        ])
        deepEqual(
          told.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message)),
          [0, 0, 1, 1, 'undone, with 2', 1],
        )
        deepEqual(asked, [0, 1, 2, 1])
      },
    )

    check('nothing is kept of a work whose change could not be applied', async ({ log, sql }) => {
      await rejects(
        log.commit(async (tx) => {
          await setPair(tx, 'a', '1')
          await tx.record({ kind: 'nobody/knows' }).catch(() => {})
        }),
        (error) => isFault(error, 'changelog/unknown-change'),
      )
      deepEqual(await readPairs(sql), [])
      equal(log.committed(), 0n)
    })

    check('a change that is too large is refused', async ({ log }) => {
      await rejects(commitPair(log, 'a', 'x'.repeat(8 * 1024 * 1024)), (error) =>
        isFault(error, 'changelog/too-large'),
      )
      await commitPair(log, 'a', 'x'.repeat(1024 * 1024))
      equal(log.committed(), 1n)
    })

    check('more works than a group takes are all done', async ({ log, sql }) => {
      const value = 'x'.repeat(100_000)
      await Promise.all(Array.from({ length: 40 }, (_, n) => commitPair(log, `${n}`, value)))
      equal((await readPairs(sql)).length, 40)
      equal(log.committed(), 40n)
    })

    check('a commit cannot be used after its end', async ({ log }) => {
      const leaked = await log.commit(async (tx) => tx)
      await rejects(leaked.query`select 1`, /after its end/)
      await rejects(leaked.record({ kind: 'pair/set', key: 'a', value: '1' }), /after its end/)
    })

    check('a change is applied as its text will be read again', async ({ log }) => {
      const change = await log.commit((tx) =>
        tx.record({ kind: 'pair/set', key: 'a', value: 'v', absent: undefined, odd: -0 }),
      )
      deepEqual(Object.entries(change.body), [
        ['kind', 'pair/set'],
        ['key', 'a'],
        ['value', 'v'],
        ['odd', 0],
      ])
    })

    check('what was committed is there after closing, and counting goes on', async (place) => {
      await commitPair(place.log, 'a', '1')
      const { log } = place
      const reopened = await place.reopen()
      await rejects(commitPair(log, 'late', ''), (error) => isFault(error, 'changelog/unavailable'))
      equal(reopened.log.committed(), 1n)
      equal((await commitPair(reopened.log, 'b', '2')).sequence, 2n)
      equal((await readPairs(reopened.sql)).length, 2)
    })
  })
}
