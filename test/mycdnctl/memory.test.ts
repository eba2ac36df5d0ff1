/** A file larger than all the memory that there is to be goes through. The whole GiB is in the benchmark: `npm run bench -- --rows cdn-memory`. */
import { equal, ok } from 'node:assert/strict'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startRegistry } from '../integration/registry/registry-server.ts'
import { linkIn, openWorkplace, startServers, withoutRedis } from './mycdnctl.ts'

const fileBytes = 400 * 2 ** 20
const residentMax = 300e6
const hook = new URL('../peak-memory.ts', import.meta.url).href

test('memory does not grow with the file', { skip: withoutRedis }, async () => {
  await using servers = await startServers(3)
  await using registry = await startRegistry()
  await using place = await openWorkplace(`http://localhost:${registry.port}`)
  await place.settle(servers.config(2))
  await writeFile(place.path('large'), '')
  await truncate(place.path('large'), fileBytes)
  const env = { NODE_OPTIONS: `--import ${hook}`, PEAK_MEMORY_FILE: place.path('peak') }
  const peak = async (): Promise<number> =>
    1024 * Number(await readFile(place.path('peak'), 'utf8'))
  const up = await place.run(['upload', 'large'], { env })
  equal(up.code, 0, up.stderr)
  ok((await peak()) < residentMax, `${await peak()} bytes while it was stored`)
  const down = await place.run(['download', linkIn(up.stdout), '-o', 'back'], { env })
  equal(down.code, 0, down.stderr)
  ok((await peak()) < residentMax, `${await peak()} bytes while it was fetched`)
})
