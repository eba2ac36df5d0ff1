import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { gather, gatherShort } from '#stream/gather'

let pulled = 0
async function* stream(): AsyncGenerator<Uint8Array> {
  for (pulled = 0; pulled < 4; pulled += 1) yield Uint8Array.of(pulled, pulled, pulled)
}

test('all there is, when that is less than the most', async () => {
  deepEqual(await gather(stream(), 20), Uint8Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3))
})

test('no more than the most, and the stream is read to its end', async () => {
  deepEqual(await gather(stream(), 7), Uint8Array.of(0, 0, 0, 1, 1, 1, 2))
  equal(pulled, 4)
})

test('what should be short is read no further than it shows that it is not', async () => {
  const { signal } = new AbortController()
  deepEqual(Uint8Array.from((await gatherShort(stream(), 12, { signal })) ?? []).length, 12)
  equal(await gatherShort(stream(), 5, { signal }), undefined)
  equal(pulled, 1)
})

test('an abort ends it with its reason', async () => {
  const reason = new Error('enough')
  await rejects(gather(stream(), 20, { signal: AbortSignal.abort(reason) }), reason)
  await rejects(gatherShort(stream(), 20, { signal: AbortSignal.abort(reason) }), reason)
})
