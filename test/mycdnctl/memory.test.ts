/** A file larger than all the memory that there is to be goes through. The whole GiB is in the benchmark: `npm run bench -- --rows cdn-memory`. */
import { equal, ok } from 'node:assert/strict'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { linkIn, startCdn, withoutRedis } from './mycdnctl.ts'

const residentMax = 300e6
const fileBytes = 300 * 2 ** 20
const hook = new URL('../peak-memory.ts', import.meta.url).href

test('memory does not grow with the file', { skip: withoutRedis }, async () => {
  await using cdn = await startCdn({ total: 3, required: 2 })
  const { place } = cdn
  await writeFile(place.path('large'), '')
  await truncate(place.path('large'), fileBytes)
  const env = { NODE_OPTIONS: `--import ${hook}`, PEAK_MEMORY_FILE: place.path('peak') }
  const peak = async (): Promise<number> =>
    1024 * Number(await readFile(place.path('peak'), 'utf8'))
  const up = await place.start(['upload', 'large'], { env }).ended
  equal(up.code, 0, up.stderr)
  ok((await peak()) < residentMax, `${await peak()} bytes while it was stored`)
  const down = await place.start(['download', linkIn(up.stdout), '-o', 'back'], { env }).ended
  equal(down.code, 0, down.stderr)
  ok((await peak()) < residentMax, `${await peak()} bytes while it was fetched`)
})
