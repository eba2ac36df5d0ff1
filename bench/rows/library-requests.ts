/**
 * What clients ask of a registry when they install: 1,000 libraries of some KiB, 32 connections with a token, and of each library its page, its versions,
 * one of them, what a range means, and the archive. The row holds the time within which 95 of 100 requests are answered, in milliseconds. Beside it stands
 * how many there are in a second, against a bare server answering as many bytes.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { archiveOf } from '../../test/library/registry.ts'
import { startPostgres } from '../../test/postgres/server.ts'
import { startBareServer } from '../baseline/start.ts'
import { type LoadClient, startClient } from '../client/client.ts'
import { ZipfWords } from '../library/corpus.ts'
import { type BenchRegistry, publish, startRegistry } from '../library/registry.ts'
import { inTurn, type Measured, type Row } from '../row.ts'

const libraries = 1_000
const pages = 4
const publishesAtOnce = 8
const requests = 10_000
const connections = 32
/** Beside the sources: a real disk, where a temporary directory may be memory. */
const home = new URL('../.data/', import.meta.url).pathname

const onSqlite: Row = {
  name: 'library-requests',
  unit: 'ms p95',
  better: 'lower',
  must: 200,
  aim: 50,
  measure: () => measure(),
}

const onPostgres: Row = {
  ...onSqlite,
  name: 'library-requests-pg',
  async measure() {
    await using server = await startPostgres()
    return await measure(server.url)
  },
}

export const libraryRequestRows: readonly Row[] = [onSqlite, onPostgres]

async function measure(databaseUrl?: string): Promise<Measured> {
  await mkdir(home, { recursive: true })
  const directory = await mkdtemp(join(home, 'requests-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const registry = await startRegistry(directory, { databaseUrl, stack })
  await fill(registry)
  const client = stack.use(startClient())
  const bare = stack.use(await startBareServer(await meanBytes(registry)))
  const times: number[] = []
  const { ours, baseline } = await inTurn(
    async () => rateOf(await ask(client, registry.port, registry), times),
    async () => rateOf(await ask(client, bare.target.port, registry)),
  )
  const sorted = times.toSorted((one, other) => one - other)
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => at(share).toFixed(1))
  console.log(`  requests: p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`)
  console.log(`  ${ours.toFixed(0)}/s, ${(ours / baseline).toFixed(3)} of a bare server's`)
  return { ours: at(0.95), baseline: 1 }
}

/** Milliseconds of each. */
function ask(
  client: LoadClient,
  port: number,
  { token }: BenchRegistry,
): Promise<readonly number[]> {
  const target = { port, bucket: '' }
  return client.time({ kind: 'time-paths', target, paths, requests, connections, token })
}

/** A second, while every connection is always waiting for an answer. All are added to `all`. */
function rateOf(times: readonly number[], all: number[] = []): number {
  all.push(...times)
  return (connections * 1000 * times.length) / times.reduce((sum, one) => sum + one, 0)
}

function nameOf(library: number): string {
  return `library-${library}`
}

async function fill(registry: BenchRegistry): Promise<void> {
  const words = new ZipfWords('library-requests')
  const document = (): string =>
    Array.from({ length: 20 }, () => `${words.words(12).join(' ')}.`).join('\n')
  const numbers = Array.from({ length: libraries }, (_, number) => number).values()
  const lane = async (): Promise<void> => {
    for (const number of numbers) {
      const files = Array.from({ length: pages }, (_, n) => [`page-${n}.md`, document()])
      const name = nameOf(number)
      const archive = await archiveOf(`@bench/${name}`, '1.0.0', {
        ...{ description: words.words(12).join(' '), tags: [...new Set(words.words(3))] },
        files: Object.fromEntries(files),
      })
      await publish(registry, { name, version: '1.0.0', archive })
    }
  }
  await Promise.all(Array.from({ length: publishesAtOnce }, lane))
}

const asked = ['', '/versions', '/1.0.0', '/resolve?range=%5E1.0.0', '/1.0.0/download']

/** Each kind of each library, and never one library twice in a row. */
const paths = Array.from({ length: libraries * asked.length }, (_, index) => {
  const library = `/api/v1/libraries/bench/${nameOf(index % libraries)}`
  return `${library}${asked[(index + Math.floor(index / libraries)) % asked.length]}`
})

async function meanBytes({ url, token }: BenchRegistry): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  const sizes = await Promise.all(
    paths.slice(0, 100).map(async (path) => {
      const answer = await fetch(new URL(path, url), { headers })
      return (await answer.arrayBuffer()).byteLength
    }),
  )
  return Math.round(sizes.reduce((sum, bytes) => sum + bytes, 0) / sizes.length)
}
