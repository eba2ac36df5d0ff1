import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotClock } from '#main/snapshot-clock'

function build(everyMs: number) {
  let committed = 10n
  let now = 0
  let copies = 3
  const clock = new SnapshotClock({
    everyMs,
    monotonic: () => now,
    committed: () => committed,
    copies: () => copies,
  })
  return {
    clock,
    raiseCopies: (to: number) => {
      copies = to
    },
    commit: (count: bigint) => {
      committed += count
    },
    pass: (ms: number) => {
      now += ms
    },
  }
}

test('a snapshot is due after a time in which something changed', () => {
  const { clock, commit, pass } = build(60_000)
  pass(120_000)
  equal(clock.isDue(), false, 'nothing changed')
  commit(1n)
  equal(clock.isDue(), true)
  clock.begin()(0)
  commit(1n)
  equal(clock.isDue(), false)
})

test('a snapshot is due at once when frames are to be on more nodes', () => {
  const { clock, raiseCopies } = build(60_000)
  raiseCopies(5)
  equal(clock.isDue(), true)
  const taken = clock.begin()
  raiseCopies(7)
  taken(3)
  equal(clock.isDue(), true)
  clock.begin()(3)
  equal(clock.isDue(), false)
})

test('what changes and who is lost while one is taken counts for the next', () => {
  const { clock, commit, pass } = build(60_000)
  clock.nodeLost()
  pass(10_000)
  equal(clock.isDue(), true)
  const taken = clock.begin()
  commit(5n)
  pass(5_000)
  clock.nodeLost()
  taken(3) // three of the five are its own
  equal(clock.isDue(), false, 'others may go together with it')
  pass(10_000)
  equal(clock.isDue(), true, 'the log after the snapshot lay on the node that was lost')
  clock.begin()(0)
  pass(60_000)
  equal(clock.isDue(), false, 'nothing has changed')
  const another = clock.begin()
  commit(4n)
  another(3)
  equal(clock.isDue(), false)
  pass(60_000)
  equal(clock.isDue(), true, 'somebody recorded a change while it was taken')
})

test('many changes, and the loss of a node, make one due earlier', () => {
  const { clock, commit, pass } = build(3_600_000)
  commit(199_999n)
  equal(clock.isDue(), false)
  commit(1n)
  equal(clock.isDue(), true)
  clock.begin()(0)
  clock.nodeLost()
  equal(clock.isDue(), false, 'others may go together with it')
  pass(10_000)
  equal(clock.isDue(), true)
})
