/**
 * 1 GiB to a link and back with `mycdnctl`, over five Redis servers of this machine of which three are required, against the same bytes as a bare
 * pipeline of SET and GET. Ours is the whole program: it starts, hashes three times, seals, codes, asks the registry, and ends.
 */
import { spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Broker, startRedis } from '../../test/brokers.ts'
import { startRegistry } from '../../test/integration/registry/registry-server.ts'
import { flushAll, getAll, type PipelineJob, setAll } from '../baseline/redis-pipeline.ts'
import { chunkBytes, coding, fileBytes, shardBytes } from '../cdn-sizes.ts'
import { writeRandomFile } from '../random-file.ts'
import { inTurn, type Row } from '../row.ts'

const { required, total } = coding
const mebibytes = fileBytes / 2 ** 20
const blocks = Math.ceil(fileBytes / chunkBytes)

export const cdnUpload: Row = {
  name: 'cdn-upload',
  unit: 'MiB/s',
  better: 'higher',
  must: 0.5,
  aim: 0.8,
  async measure() {
    await using scene = await openScene()
    const job = jobOf(scene.servers)
    return await inTurn(
      async () => {
        await scene.flush()
        return mebibytes / (await scene.upload()).seconds
      },
      async () => {
        await scene.flush()
        return mebibytes / (await setAll(job))
      },
    )
  },
}

export const cdnDownload: Row = {
  name: 'cdn-download',
  unit: 'MiB/s',
  better: 'higher',
  must: 0.5,
  aim: 0.8,
  async measure() {
    await using scene = await openScene()
    const job = jobOf(scene.servers.slice(0, required))
    await setAll(job)
    const { link } = await scene.upload()
    return await inTurn(
      async () => mebibytes / (await scene.download(link)).seconds,
      async () => mebibytes / (await getAll(job)),
    )
  },
}

/** The most memory that either way had resident, all threads together. The ratio holds MB. */
export const cdnMemory: Row = {
  name: 'cdn-memory',
  unit: 'MB',
  better: 'lower',
  must: 300,
  aim: 250,
  async measure() {
    await using scene = await openScene()
    const { link, megabytes } = await scene.upload()
    const down = await scene.download(link)
    return { ours: Math.max(megabytes, down.megabytes), baseline: 1 }
  },
}

function jobOf(servers: readonly Broker[]): PipelineJob {
  const value = randomFillSync(Buffer.alloc(shardBytes))
  return { ports: servers.map(({ port }) => port), values: blocks, value }
}

/** Beside the sources: a real disk, where a temporary directory may be memory. */
const home = new URL('../.data/', import.meta.url).pathname
const program = new URL('../../packaging/bin/mycdnctl', import.meta.url).pathname
const peak = new URL('../../test/peak-memory.ts', import.meta.url).href

interface Ran {
  readonly seconds: number
  readonly megabytes: number
  readonly link: string
}

interface Scene extends AsyncDisposable {
  readonly servers: readonly Broker[]
  upload(): Promise<Ran>
  download(link: string): Promise<Ran>
  flush(): Promise<void>
}

/** Servers that keep everything in memory, a registry, settings, and a file of a GiB that was read before. */
async function openScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  await mkdir(home, { recursive: true })
  const folder = await mkdtemp(join(home, 'cdn-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const servers: Broker[] = []
  for (let index = 0; index < total; index += 1) {
    servers.push(stack.use(await startRedis('--appendonly', 'no')))
  }
  const registry = stack.use(await startRegistry())
  const backends = servers.map(
    ({ port }) => `[[backends]]\nkind = "hero_redis"\nhost = "127.0.0.1:${port}"\ndb = 1\n`,
  )
  await writeFile(
    join(folder, 'config.toml'),
    [`required_shards = ${required}`, ...backends].join('\n'),
  )
  await writeRandomFile(join(folder, 'file'), fileBytes)
  const run = (...args: readonly string[]): Promise<Ran> =>
    runTimed(folder, ['--registry', `http://localhost:${registry.port}`, ...args])
  const owned = stack.move()
  return {
    servers,
    upload: () => run('upload', 'file'),
    download: (link) => run('download', link, '-o', '-'),
    flush: () => flushAll(servers.map(({ port }) => port)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function runTimed(folder: string, args: readonly string[]): Promise<Ran> {
  const peakFile = join(folder, 'peak')
  const isDownload = args.includes('download')
  const startedAt = performance.now()
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      ...process.env,
      NODE_OPTIONS: `--import ${peak}`,
      PEAK_MEMORY_FILE: peakFile,
      HOME: folder,
    },
    stdio: ['ignore', isDownload ? 'ignore' : 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const [code] = await once(child, 'close')
  const seconds = (performance.now() - startedAt) / 1000
  if (code !== 0) throw new Error(`mycdnctl ${args.join(' ')} ended with ${code}: ${stderr}`)
  const megabytes = (Number(await readFile(peakFile, 'utf8')) * 1024) / 1e6
  return { seconds, megabytes, link: /Url: (\S+)/.exec(stdout)?.[1] ?? '' }
}
