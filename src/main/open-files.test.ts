import { deepEqual, equal } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { connectionsAmong, openFilesMax, readHandlesUpTo } from '#main/open-files'

test('connections and shards that are kept open leave a quarter of the files for what is written', () => {
  deepEqual(
    [160, 1_024, 20_000, 1_048_576].map((count) => [
      4 * connectionsAmong(count),
      readHandlesUpTo(count),
    ]),
    [
      [80, 40],
      [512, 256],
      [10_000, 4_096],
      [524_288, 4_096],
    ],
  )
  equal(readHandlesUpTo(Number.POSITIVE_INFINITY), 4_096)
})

test('the limit is that of this process', async () => {
  // Node raises it to what may be allowed, for its children too.
  equal(String(await openFilesMax()), execFileSync('sh', ['-c', 'ulimit -Sn']).toString().trim())
})
