import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultLimits } from '#cluster/deal'
import type { Epoch, EpochNode, NodeNumber } from '#cluster/node'
import { nodesMin, type PlacementRequest, place } from '#cluster/place'

const gibibyte = 2 ** 30

function node(number: NodeNumber, facts: Partial<EpochNode> = {}): EpochNode {
  const id = `node-${number}`
  return {
    number,
    id,
    state: 'up',
    freeBytes: 100 * gibibyte,
    totalBytes: 200 * gibibyte,
    ...facts,
  }
}

function epochOf(nodes: readonly EpochNode[]): Epoch {
  return { version: 1, nodes }
}

function plain(count: number): Epoch {
  return epochOf(Array.from({ length: count }, (_, number) => node(number)))
}

function chunkId(seed: number): Uint8Array {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, Math.imul(seed + 1, 0x9e3779b1))
  new DataView(id.buffer).setUint32(4, Math.imul(seed + 1, 0x85ebca6b))
  return id
}

function loads<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

const tenFour = { shards: 14, parity: 4 }

/** Topologies of every shape: some nodes down or full, some without a rack, uneven sizes. */
const epochs: fc.Arbitrary<Epoch> = fc
  .array(
    fc.record({
      state: fc.constantFrom('up', 'up', 'up', 'down'),
      freeBytes: fc.constantFrom(0, gibibyte, 50 * gibibyte, 900 * gibibyte),
      rack: fc.constantFrom(undefined, 'a', 'b', 'c'),
      datacenter: fc.constantFrom(undefined, 'x', 'y', 'z'),
      isSlow: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((facts) =>
    epochOf(
      facts.map(({ rack, datacenter, ...rest }, number) =>
        node(number, {
          ...rest,
          ...(rack === undefined ? {} : { rack }),
          ...(datacenter === undefined ? {} : { datacenter }),
        }),
      ),
    ),
  )
const profiles = fc.constantFrom(
  tenFour,
  { shards: 14, parity: 6 },
  { shards: 6, parity: 2 },
  { shards: 3, parity: 1 },
  { shards: 16, parity: 10 },
)
const chunkIds = fc.uint8Array({ minLength: 16, maxLength: 16 })

function tryPlace(epoch: Epoch, request: PlacementRequest) {
  try {
    return place(epoch, request)
  } catch {
    return undefined
  }
}

test('the same map and chunk give the same nodes, however the map lists them', () =>
  fc.assert(
    fc.property(epochs, chunkIds, profiles, (epoch, id, profile) => {
      const request = { chunkId: id, ...profile }
      const reversed = epochOf([...epoch.nodes].reverse())
      deepEqual(tryPlace(epoch, request), tryPlace(reversed, request))
    }),
  ))

test('only nodes that are up, not full and not excluded get shards', () =>
  fc.assert(
    fc.property(epochs, chunkIds, profiles, (epoch, id, profile) => {
      const exclude = new Set([0, 3])
      const placement = tryPlace(epoch, { chunkId: id, ...profile, exclude })
      for (const number of placement?.nodes ?? []) {
        const chosen = epoch.nodes[number]
        ok(chosen?.state === 'up' && chosen.freeBytes > 0 && !exclude.has(number))
      }
    }),
  ))

test('limits hold, or the placement says which it relaxed and to what', () =>
  fc.assert(
    fc.property(epochs, chunkIds, profiles, (epoch, id, profile) => {
      const placement = tryPlace(epoch, { chunkId: id, ...profile })
      if (placement === undefined) return
      const relaxedTo = (domain: string): number | undefined =>
        placement.relaxed.find((relaxation) => relaxation.domain === domain)?.relaxedTo
      const chosen = placement.nodes.map((number) => epoch.nodes[number])
      const fullest = (keys: readonly (string | undefined)[]): number =>
        Math.max(0, ...loads(keys.filter((key) => key !== undefined)).values())
      const site = (at: EpochNode | undefined): string => `${at?.datacenter}`
      equal(placement.nodes.length, profile.shards)
      ok(fullest(placement.nodes.map(String)) <= Math.min(defaultLimits.node, profile.parity))
      ok(
        fullest(chosen.map((at) => at?.rack && `${site(at)} ${at.rack}`)) <=
          (relaxedTo('rack') ?? defaultLimits.rack),
      )
      ok(
        fullest(chosen.map((at) => at?.datacenter)) <=
          (relaxedTo('datacenter') ?? defaultLimits.datacenter),
      )
    }),
  ))

test('losing any one node leaves enough shards to read', () =>
  fc.assert(
    fc.property(epochs, chunkIds, profiles, (epoch, id, profile) => {
      const placement = tryPlace(epoch, { chunkId: id, ...profile })
      for (const load of loads(placement?.nodes ?? []).values()) ok(load <= profile.parity)
    }),
  ))

test('with enough nodes and no domains, each holds one shard', () =>
  fc.assert(
    fc.property(fc.integer({ min: 14, max: 40 }), chunkIds, (count, id) => {
      equal(new Set(place(plain(count), { chunkId: id, ...tenFour }).nodes).size, 14)
    }),
  ))

test('a placement is refused only when nodes or space are lacking', () =>
  fc.assert(
    fc.property(epochs, chunkIds, profiles, (epoch, id, profile) => {
      const takers = epoch.nodes.filter(({ state, freeBytes }) => state === 'up' && freeBytes > 0)
      const isPossible = takers.length >= nodesMin(profile)
      equal(tryPlace(epoch, { chunkId: id, ...profile }) !== undefined, isPossible)
    }),
  ))

test('a node that leaves takes along only its own shard', () =>
  fc.assert(
    fc.property(fc.integer({ min: 15, max: 30 }), chunkIds, (count, id) => {
      const before = place(plain(count), { chunkId: id, ...tenFour }).nodes
      const lost = before[3]
      const rest = epochOf(plain(count).nodes.filter(({ number }) => number !== lost))
      const after = new Set(place(rest, { chunkId: id, ...tenFour }).nodes)
      deepEqual(
        before.filter((number) => !after.has(number)),
        [lost],
      )
    }),
  ))

test('a repair moves only the shards that are not taken', () =>
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 30 }), chunkIds, fc.nat(13), (count, id, index) => {
      const epoch = plain(count)
      const before = place(epoch, { chunkId: id, ...tenFour }).nodes
      const lost = before[index]
      const down = epochOf(
        epoch.nodes.map((at) => (at.number === lost ? { ...at, state: 'down' as const } : at)),
      )
      const taken = new Map([...before.entries()].filter(([, number]) => number !== lost))
      const after = place(down, { chunkId: id, ...tenFour, taken }).nodes
      for (const [at, number] of after.entries()) {
        if (before[at] === lost) notDeepEqual(number, lost)
        else equal(number, before[at])
      }
      ok(Math.max(...loads(after).values()) <= 2)
    }),
  ))

test('slow nodes get parity shards', () => {
  const epoch = epochOf(plain(14).nodes.map((at) => (at.number < 4 ? { ...at, isSlow: true } : at)))
  const { nodes } = place(epoch, { chunkId: chunkId(7), ...tenFour })
  deepEqual([...nodes.slice(10)].sort(), [0, 1, 2, 3])
})

test('shards spread evenly over equal nodes and by free space over unequal ones', () => {
  const chunks = 4000
  const small = { freeBytes: 64 * gibibyte }
  const large = { freeBytes: 128 * gibibyte }
  const epoch = epochOf(
    Array.from({ length: 40 }, (_, number) => node(number, number < 20 ? small : large)),
  )
  const counts = loads(
    Array.from({ length: chunks }, (_, seed) =>
      place(epoch, { chunkId: chunkId(seed), shards: 3, parity: 1 }),
    ).flatMap(({ nodes }) => nodes),
  )
  // 12,000 shards: a small node's fair share is 200 (a third of them on half the nodes), a large one's 400.
  for (const [number, count] of counts) {
    const fair = number < 20 ? 200 : 400
    ok(Math.abs(count - fair) < fair * 0.25, `node ${number} holds ${count} of ${fair}`)
  }
})

test('10+4 needs seven nodes', () => {
  equal(nodesMin(tenFour), 7)
  throws(() => place(plain(6), { chunkId: chunkId(1), ...tenFour }), {
    code: 'cluster/too-few-nodes',
  })
  deepEqual(
    [...loads(place(plain(7), { chunkId: chunkId(1), ...tenFour }).nodes).values()],
    [2, 2, 2, 2, 2, 2, 2],
  )
})

test('full nodes are out of space, not missing', () => {
  const full = epochOf(plain(14).nodes.map((at) => (at.number < 9 ? { ...at, freeBytes: 0 } : at)))
  throws(() => place(full, { chunkId: chunkId(1), ...tenFour }), { code: 'cluster/out-of-space' })
})

test('one datacenter cannot keep its limit: relaxed and told, refused when strict', () => {
  const nodes = plain(14).nodes.map((at) => ({
    ...at,
    datacenter: 'home',
    rack: `rack-${at.number % 4}`,
  }))
  const request = { chunkId: chunkId(1), ...tenFour }
  deepEqual(place(epochOf(nodes), request).relaxed, [
    { domain: 'datacenter', limit: 6, relaxedTo: 14 },
  ])
  throws(() => place({ ...epochOf(nodes), isStrict: true }, request), {
    code: 'cluster/strict-placement',
  })
})

test('with four sites, no site holds more than parity can replace', () => {
  const nodes = plain(16).nodes.map((at) => ({ ...at, datacenter: `site-${at.number % 4}` }))
  const placement = place(epochOf(nodes), { chunkId: chunkId(5), ...tenFour })
  const sites = loads(placement.nodes.map((number) => number % 4))
  deepEqual(placement.relaxed, [])
  ok(Math.max(...sites.values()) <= 4)
})
