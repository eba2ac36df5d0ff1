import { deepEqual, doesNotMatch, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import type { Epoch, EpochNode } from '#cluster/node'
import { assessTopology } from '#cluster/topology'

const tenFour = { data: 10, parity: 4 }

function epochOf(count: number, facts: (number: number) => Partial<EpochNode> = () => ({})): Epoch {
  const nodes = Array.from({ length: count }, (_, number): EpochNode => {
    const id = `node-${String(number + 1).padStart(2, '0')}`
    return { number, id, state: 'up', freeBytes: 2 ** 40, totalBytes: 2 ** 41, ...facts(number) }
  })
  return { version: 1, nodes }
}

test('fourteen nodes survive the loss of any four', () => {
  deepEqual(assessTopology(epochOf(14), tenFour), {
    isWritable: true,
    toleratedNodeLosses: 4,
    nodesUp: 14,
    nodesDown: 0,
    warnings: [],
  })
})

test('with four of fourteen down, writes double up and survive fewer losses, and the report says so', () => {
  const report = assessTopology(
    epochOf(14, (number) => (number < 4 ? { state: 'down' } : {})),
    tenFour,
  )
  equal(report.isWritable, true)
  equal(report.toleratedNodeLosses, 2)
  match(report.warnings.join('\n'), /4 of 14 nodes down: node-01, node-02, node-03, node-04\./)
  match(report.warnings.join('\n'), /loss of any 2 nodes rather than 4/)
})

test('more nodes down than there is parity: what is older may be unreadable, and the report says so', () => {
  const warnings = (lost: number): string =>
    assessTopology(
      epochOf(14, (number) => (number < lost ? { state: 'down' } : {})),
      tenFour,
    ).warnings.join('\n')
  doesNotMatch(warnings(4), /unreadable/)
  match(warnings(5), /some may be unreadable until nodes come back/)
})

test('a refusal is told in words, with what would help', () => {
  const { isWritable, warnings } = assessTopology(epochOf(5), tenFour)
  equal(isWritable, false)
  deepEqual(warnings, [
    'New objects are refused: 5 nodes are too few for 14 shards, at most 2 on each. Bring nodes back.',
  ])
  const full = assessTopology(
    epochOf(14, (number) => (number < 8 ? { freeBytes: 0 } : {})),
    tenFour,
  )
  match(full.warnings.join('\n'), /8 of the 14 nodes that are up are full\. Make room/)
})

test('three nodes never claim what they cannot keep', () => {
  equal(assessTopology(epochOf(3), tenFour).isWritable, false)
  equal(assessTopology(epochOf(3), { data: 2, parity: 1 }).toleratedNodeLosses, 1)
})

test('one rack for all is told as a risk', () => {
  const report = assessTopology(
    epochOf(14, () => ({ rack: 'only' })),
    tenFour,
  )
  match(report.warnings.join('\n'), /limit of 4 shards per rack cannot be kept/)
  match(report.warnings.join('\n'), /Losing one rack can make objects unreadable/)
})
