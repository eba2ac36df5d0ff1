/** The judge is judged: it finds an order where there is one, and none where there is none. */
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as cell from './cell.ts'
import { findContradiction, type Operation, type Step } from './linearizable.ts'

/** An operation from one moment to another; certain, unless it is said otherwise. */
function during(begun: number, ended: number, step: Step, isCertain = true): Operation {
  return { begun, ended, isCertain, step, text: `${begun}-${ended}` }
}

const etags = (label: string): string => `etag of ${label}`

test('a read sees what was written before it, and nothing that was overwritten', () => {
  const writes = [during(1, 2, cell.writes(['x'])), during(3, 4, cell.writes(['y']))]
  equal(findContradiction([...writes, during(5, 6, cell.sees('y'))], cell.absent), undefined)
  const found = findContradiction([...writes, during(5, 6, cell.sees('x'))], cell.absent)
  deepEqual(found?.states, ['y'])
})

test('a read that overlaps a write may see either, but two in a row not the new one and then the old one', () => {
  const write = during(1, 10, cell.writes(['x']))
  const before = during(2, 3, cell.seesNothing)
  const after = during(4, 5, cell.sees('x'))
  equal(findContradiction([write, before, after], cell.absent), undefined)
  const reversed = [write, during(2, 3, cell.sees('x')), during(4, 5, cell.seesNothing)]
  notEqual(findContradiction(reversed, cell.absent), undefined)
})

test('a write of unknown outcome has happened or not, but not later than its end', () => {
  const perhaps = during(1, 4, cell.writes(['x']), false)
  equal(findContradiction([perhaps, during(5, 6, cell.sees('x'))], cell.absent), undefined)
  equal(findContradiction([perhaps, during(5, 6, cell.seesNothing)], cell.absent), undefined)
  const late = [perhaps, during(5, 6, cell.seesNothing), during(7, 8, cell.sees('x'))]
  notEqual(findContradiction(late, cell.absent), undefined)
})

test('of two conditional writes on one version only one can have won', () => {
  const first = during(1, 2, cell.writes(['x']))
  const onX = { ifMatch: etags('x') }
  const won = during(3, 8, cell.writes(['y'], onX, etags))
  const lost = during(4, 9, cell.refuses(onX, etags))
  equal(findContradiction([first, won, lost], cell.absent), undefined)
  const both = during(4, 9, cell.writes(['z'], onX, etags))
  notEqual(findContradiction([first, won, both], cell.absent), undefined)
  const needless = during(10, 11, cell.refuses({ ifMatch: etags('y') }, etags))
  notEqual(findContradiction([first, won, lost, needless], cell.absent), undefined)
})

test('a refusal and a deletion tell what was there', () => {
  const refused = during(1, 2, cell.refuses({ isNew: true }, etags))
  notEqual(findContradiction([refused], cell.absent), undefined)
  const write = during(1, 2, cell.writes(['x']))
  const gone = during(3, 4, cell.deletes())
  equal(findContradiction([write, gone, during(5, 6, cell.seesNothing)], cell.absent), undefined)
  notEqual(findContradiction([write, gone, during(5, 6, cell.sees('x'))], cell.absent), undefined)
})

test('a bucket that is gone holds nothing, and comes back empty', () => {
  const story = [
    during(1, 2, cell.createsBucket),
    during(3, 4, cell.writes(['x'])),
    during(5, 6, cell.seesSomething),
    during(7, 8, cell.deletes()),
    during(9, 10, cell.deletesBucket),
    during(11, 12, cell.seesNoBucket),
    during(13, 14, cell.createsBucket),
    during(15, 16, cell.seesNothing),
  ]
  equal(findContradiction(story, cell.noBucket), undefined)
  notEqual(findContradiction(story.slice(0, 3).concat(story.slice(4)), cell.noBucket), undefined)
})

/** A history of a register that really was one: each operation takes effect at a moment of its own. */
const histories = fc
  .array(
    fc.record({
      at: fc.integer({ min: 10, max: 10_000 }),
      before: fc.integer({ min: 1, max: 400 }),
      after: fc.integer({ min: 1, max: 400 }),
      isWrite: fc.boolean(),
      isCertain: fc.boolean(),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((drawn) => {
    let state = cell.absent
    let reads = 0
    return drawn
      .sort((one, other) => one.at - other.at)
      .map(({ at, before, after, isWrite, isCertain }, index) => {
        if (isWrite) state = `v${index}`
        else reads += 1
        const step = isWrite ? cell.writes([state]) : cell.sees(state)
        // Unique moments, as in a history.
        const begun = (at - before) * 100 + index
        const ended = (at + after) * 100 + index
        return { ...during(begun, ended, step, isCertain || !isWrite), reads }
      })
  })

test('whatever really was a register is found to be one', () =>
  fc.assert(
    fc.property(histories, (history) => {
      equal(findContradiction(history, cell.absent), undefined)
    }),
  ))

test('one read of something never written is always found', () =>
  fc.assert(
    fc.property(histories, fc.nat(), (history, at) => {
      const wrong = during(at * 100 + 50, at * 100 + 99, cell.sees('nobody wrote this'))
      notEqual(findContradiction([...history, wrong], cell.absent), undefined)
    }),
  ))
