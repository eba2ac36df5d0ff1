/**
 * What docs/decisions/0029-mycdnctl.md rests on: how near an upload can come to bare SET at best on this machine. The work that the format asks for and
 * nothing else: a file of a GiB is read, hashed whole, and its blocks are hashed, sealed, hashed and coded in one other thread and sent as bare
 * commands; no settings, no journal, no registry, no metadata. Beside `cdn-upload`'s baseline, in turn: `node bench/probes/cdn-floor.ts`.
 */
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startRedis } from '../../test/brokers.ts'
import { compileCache } from '../../test/runner/compile-cache.ts'
import { flushAll, setAll } from '../baseline/redis-pipeline.ts'
import { chunkBytes, coding, fileBytes, shardBytes } from '../cdn-sizes.ts'
import { writeRandomFile } from '../random-file.ts'
import { inTurn } from '../row.ts'

const blocks = Math.floor(fileBytes / chunkBytes)
const program = new URL('./cdn-least-upload.ts', import.meta.url).pathname
const ownModules = new URL('../../src/main/own-modules.ts', import.meta.url).pathname

const home = new URL('../.data/', import.meta.url).pathname
await mkdir(home, { recursive: true })
const folder = await mkdtemp(join(home, 'floor-'))
await using stack = new AsyncDisposableStack()
stack.defer(() => rm(folder, { recursive: true, force: true }))
const servers = []
for (let index = 0; index < coding.total; index += 1)
  servers.push(stack.use(await startRedis('--appendonly', 'no')))
const ports = servers.map(({ port }) => port)
const path = join(folder, 'file')
await writeRandomFile(path, fileBytes)
const value = randomFillSync(Buffer.alloc(shardBytes))
const { ours, baseline } = await inTurn(
  async () => {
    await flushAll(ports)
    const startedAt = performance.now()
    // as the launcher starts `mycdnctl`
    const args = ['--max-semi-space-size=8', '--require', ownModules, program, path]
    const env = { ...process.env, NODE_COMPILE_CACHE: compileCache, MALLOC_ARENA_MAX: '1' }
    const child = spawn(process.execPath, [...args, ...ports.map(String)], {
      env,
      stdio: 'inherit',
    })
    const [code] = await once(child, 'close')
    assert(code === 0)
    return 1000 / (performance.now() - startedAt)
  },
  async () => {
    await flushAll(ports)
    return 1 / (await setAll({ ports, values: blocks, value }))
  },
)
console.log(
  `the least of an upload ${(1 / ours).toFixed(2)} s, bare SET ${(1 / baseline).toFixed(2)} s: ${(ours / baseline).toFixed(2)} of its speed`,
)
