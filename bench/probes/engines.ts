/**
 * What docs/operate/engines.md rests on: one node on files and one on LMDB, the same work in turn, each in a process of its own.
 * `UV_THREADPOOL_SIZE=16 node bench/probes/engines.ts [--root DIR] [--rounds N] [--bytes N] [--shards N]`; DIR on the disk to be measured.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Engine, engines } from '#shard/node-metadata'
import { openNode } from '#shard/open-node'
import { parseShardId, type ShardId } from '#shard/shard-id'
import type { NodeStores } from '#shard/store'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'

const { values: options } = parseArgs({
  options: {
    root: { type: 'string', default: tmpdir() },
    rounds: { type: 'string', default: '3' },
    /** Of the largest shards; fewer of the smaller ones. */
    bytes: { type: 'string', default: '100000000' },
    /** Of 4 KiB, for the time it takes to open them. */
    shards: { type: 'string', default: '20000' },
    /** Of the process that measures one engine. */
    engine: { type: 'string' },
  },
})
const world = systemWorld()
const kibibyte = 1024
const sizes = [
  { label: '650 KiB', bytes: 652 * kibibyte },
  { label: '64 KiB', bytes: 64 * kibibyte },
  { label: '4 KiB', bytes: 4 * kibibyte },
]
const writersAtOnce = 4
/** In WebAssembly memory, as the store's slots are: it begins on a page. */
const noise = new Uint8Array(new WebAssembly.Memory({ initial: 4 }).buffer)

/** By name, in the order of the table. */
type Figures = Record<string, number>

const engine = engines.find((one) => one === options.engine)
if (engine === undefined) compare()
else await measureInto(engine)

function compare(): void {
  const figures: Record<Engine, Figures[]> = { files: [], lmdb: [] }
  for (let round = 0; round < Number(options.rounds); round += 1)
    for (const one of round % 2 === 0 ? engines : engines.toReversed())
      figures[one].push(measureApart(one))
  console.log(`${''.padEnd(44)} ${engines.map((one) => one.padStart(20)).join(' ')}`)
  for (const name of Object.keys(figures.files[0] ?? {})) {
    const cells = engines.map((one) => cell(figures[one].map((row) => row[name] ?? Number.NaN)))
    console.log(`${name.padEnd(44)} ${cells.map((text) => text.padStart(20)).join(' ')}`)
  }
}

/** Median, and best and worst. */
function cell(figures: readonly number[]): string {
  const sorted = figures.toSorted((a, b) => a - b)
  const [least, median, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)]
  const print = (figure: number | undefined): string => Math.round(figure ?? Number.NaN).toString()
  return `${print(median)} (${print(least)}–${print(most)})`
}

function measureApart(one: Engine): Figures {
  const args = [import.meta.filename, '--engine', one, '--root', options.root]
  args.push('--bytes', options.bytes, '--shards', options.shards)
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`the measurement of ${one} ended with ${status}`)
  return JSON.parse(stdout) as Figures
}

async function measureInto(one: Engine): Promise<void> {
  const root = mkdtempSync(join(options.root, `engine-${one}-`))
  try {
    console.log(JSON.stringify(await measure(root, one)))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function measure(root: string, one: Engine): Promise<Figures> {
  const figures: Figures = {}
  for (const size of sizes) await measureSize(figures, { root: join(root, size.label), one, size })
  figures['resident memory, MB'] = process.memoryUsage().rss / 1e6
  await measureOpening(figures, { root: join(root, 'many'), one })
  return figures
}

interface Place {
  readonly root: string
  readonly one: Engine
}

async function measureSize(
  figures: Figures,
  { root, one, size }: Place & { readonly size: (typeof sizes)[number] },
): Promise<void> {
  const { label, bytes } = size
  const isLarge = bytes > 500_000
  const count = Math.round(Math.min(Number(options.bytes) / bytes, 2000))
  const perSecond = (seconds: number): number => ((isLarge ? bytes / 1e6 : 1) * count) / seconds
  const unit = isLarge ? 'MB/s' : '/s'
  let node = await open(root, one)
  let ids: ShardId[] = []
  const putAll = (writers: number): Promise<number> =>
    timed(() => atOnce(count, writers, async () => void ids.push(await storeShard(node, bytes))))
  const removeAll = (): Promise<number> =>
    timed(() => {
      const queue = ids
      ids = []
      return atOnce(count, writersAtOnce, async () => {
        const id = queue.pop()
        if (id !== undefined) await node.shards.remove(id)
      })
    })
  if (isLarge) {
    figures['append a frame of 1 KiB, one at a time, /s'] = await appends(node)
    const stall = await longestStall(() => putAll(writersAtOnce))
    figures[`longest stall of the event loop in puts of ${label}, ms`] = stall
    await removeAll()
  }
  figures[`put ${label}, ${unit}`] = perSecond(await putAll(writersAtOnce))
  figures[`disk taken by ${label}, %`] = (diskBytes(root) / (count * bytes)) * 100
  await node.close()
  dropCaches()
  node = await open(root, one)
  for (const state of ['cold', 'warm']) {
    const queue = ids.toSorted()
    const seconds = await timed(() =>
      atOnce(count, writersAtOnce, async () => {
        const id = queue.pop()
        if (id !== undefined) await node.shards.read(id, new Uint8Array(bytes), { offset: 0 })
      }),
    )
    figures[`get ${label}, ${state}, ${unit}`] = perSecond(seconds)
  }
  figures[`remove ${label}, /s`] = count / (await removeAll())
  figures[`disk taken when ${label} are removed, %`] = (diskBytes(root) / (count * bytes)) * 100
  if (bytes < 5000) {
    figures[`put ${label}, 64 at once, /s`] = count / (await putAll(64))
    await removeAll()
  }
  await node.close()
}

async function measureOpening(figures: Figures, { root, one }: Place): Promise<void> {
  let node = await open(root, one)
  await atOnce(Number(options.shards), 64, async () => void (await storeShard(node, 4096)))
  await node.close()
  dropCaches()
  const rssBefore = process.memoryUsage().rss
  const seconds = await timed(async () => {
    node = await open(root, one)
  })
  figures[`open ${options.shards} shards, cold, ms`] = seconds * 1000
  figures[`memory for ${options.shards} open shards, MB`] =
    (process.memoryUsage().rss - rssBefore) / 1e6
  await node.close()
}

async function appends({ log }: NodeStores): Promise<number> {
  const frame = new Uint8Array(1024)
  const count = 500
  const seconds = await timed(async () => {
    for (let at = 1n; at <= count; at += 1n) await log.append(frame, { first: at, last: at })
  })
  return count / seconds
}

function open(root: string, one: Engine): Promise<NodeStores> {
  const storeId = new Uint8Array(16)
  mkdirSync(root, { recursive: true })
  return openNode(root, { world, telemetry, storeId, nodeId: 'node-01', makeWith: one })
}

/** As the store writes one: blocks of 256 KiB from memory that suits direct I/O, then the rest. */
async function storeShard({ shards }: NodeStores, bytes: number): Promise<ShardId> {
  const block = 256 * kibibyte
  const writer = await shards.create()
  for (let offset = 0; offset < bytes; offset += block)
    await writer.write(noise.subarray(0, Math.min(block, bytes - offset)), offset)
  const id = parseShardId(world.randomBytes(32).toHex())
  await writer.commit(id)
  return id
}

async function atOnce(count: number, workers: number, act: () => Promise<void>): Promise<void> {
  let left = count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await act()
    }
  }
  await Promise.all(Array.from({ length: workers }, worker))
}

/** Seconds. */
async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await act()
  return (performance.now() - startedAt) / 1000
}

async function longestStall(act: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let lookedAt = performance.now()
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - lookedAt - 1)
    lookedAt = performance.now()
  }, 1)
  await act()
  clearInterval(watch)
  return longest
}

/** What the file system gave to the files below. */
function diskBytes(root: string): number {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).blocks * 512)
    .reduce((sum, bytes) => sum + bytes, 0)
}

/** Needs root; without it, cold is warm. */
function dropCaches(): void {
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '1')
  } catch {
    process.stderr.write('caches not dropped: not root\n')
  }
}
