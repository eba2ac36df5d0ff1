import { throws } from 'node:assert/strict'
import { test } from 'node:test'
import { DirectoryWalk } from '#content/directory-walk'

const hashOf = (number: number): Uint8Array => {
  const hash = new Uint8Array(16)
  new DataView(hash.buffer).setUint32(0, number)
  return hash
}

test('a directory in itself is found out, however far down; one that is named twice is none', () => {
  const top = DirectoryWalk.from(hashOf(0))
  top.enter(hashOf(1)).enter(hashOf(3))
  const deep = top.enter(hashOf(2)).enter(hashOf(3))
  for (const above of [0, 2, 3])
    throws(() => deep.enter(hashOf(above)), { code: 'content/directory-cycle' })
})

test('a walk ends: in depth, and in number, wherever its entries lie', () => {
  const tooLarge = { code: 'content/directory-too-large' }
  let place = DirectoryWalk.from(hashOf(0))
  for (let depth = 1; depth < 64; depth += 1) place = place.enter(hashOf(depth))
  throws(() => place.enter(hashOf(64)), tooLarge)
  const top = DirectoryWalk.from(hashOf(0), { depthMax: 3, entriesMax: 5 })
  const [one, other] = [top.enter(hashOf(1)), top.enter(hashOf(2))]
  one.enter(hashOf(3))
  other.enter(hashOf(3))
  for (const walk of [top, one, other]) throws(() => walk.enter(hashOf(4)), tooLarge)
})
