/** A store on LMDB nodes, and one on nodes of both engines: losing nodes, `kill -9`, losing the database. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runMycelium, startStore } from '../harness.ts'
import { bucketOf, bytesOf, type TestBucket } from '../s3-bucket.ts'
import { type HealthFacts, healthOf, until } from '../until.ts'

/** One-byte, packed, of several stripes, and of more than one chunk. */
const sizes = { tiny: 1, small: 5_000, middle: 700_001, large: 11_000_003 } as const

async function temporary(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mycelium-engines-'))
  context.after(() => rm(path, { recursive: true, force: true }))
  return path
}

async function putAll(bucket: TestBucket, round: string): Promise<void> {
  const names = Object.entries(sizes)
  await Promise.all(
    names.map(([name, bytes]) =>
      bucket.put(`${round}/${name}`, bytesOf(`${round}/${name}`, bytes)),
    ),
  )
}

async function requireAll(bucket: TestBucket, round: string): Promise<void> {
  for (const [name, bytes] of Object.entries(sizes)) {
    const found = await bucket.get(`${round}/${name}`)
    equal(Buffer.compare(found, bytesOf(`${round}/${name}`, bytes)), 0, `${round}/${name}`)
  }
}

function isRepaired({ repairQueue, nodesDown }: HealthFacts): boolean {
  return repairQueue === 0 && nodesDown === 0
}

async function engineOf(data: string, node: string): Promise<string> {
  const text = await readFile(join(data, 'nodes', node, 'metadata.json'), 'utf8')
  const { format, engine = 'files' } = JSON.parse(text)
  return `${format} ${engine}`
}

test('a store on LMDB survives four nodes, kill -9 and its database', async (context) => {
  const data = await temporary(context)
  const flags = ['--engine', 'lmdb', '--chunk-size', '4MiB', '--log', 'warn']
  const lost = ['node-02', 'node-05', 'node-09', 'node-13']
  let store = await startStore({ data, flags })
  context.after(() => store.kill())
  using first = bucketOf(store, 'photos')
  await first.create()
  await putAll(first, 'one')
  for (const node of lost) await rm(join(data, 'nodes', node), { recursive: true })
  await requireAll(first, 'one')
  await until(
    () => healthOf(store),
    ({ nodesDown }) => nodesDown === 4,
  )
  await putAll(first, 'two')
  await store.kill()
  equal(await engineOf(data, 'node-01'), '2 lmdb')

  store = await startStore({ data, flags })
  using second = bucketOf(store, 'photos')
  await requireAll(second, 'one')
  await requireAll(second, 'two')
  await store.stop()
  for (const name of await readdir(data))
    if (name.startsWith('metadata.sqlite')) await rm(join(data, name))
  const { code, stdout, stderr } = await runMycelium(['rebuild', '--data', data])
  equal(code, 0, stderr)
  match(stdout, /Rebuilt .* from 10 nodes/)

  store = await startStore({ data, flags: [...flags, '--replace-lost'] })
  using third = bucketOf(store, 'photos')
  await requireAll(third, 'one')
  await requireAll(third, 'two')
  await until(() => healthOf(store), isRepaired)
  equal(await engineOf(data, 'node-02'), '2 lmdb')
  await store.stop()
})

test('a node keeps its engine whatever is asked for, and both serve one store', async (context) => {
  const data = await temporary(context)
  const shape = ['--profile', '2+1', '--chunk-size', '4MiB', '--log', 'warn']
  const engines = async (): Promise<readonly string[]> =>
    Promise.all(['node-01', 'node-02', 'node-03', 'node-04'].map((node) => engineOf(data, node)))
  let store = await startStore({ data, flags: [...shape, '--nodes', '3'] })
  context.after(() => store.kill())
  using first = bucketOf(store, 'photos')
  await first.create()
  await putAll(first, 'one')
  await store.stop()
  store = await startStore({ data, flags: [...shape, '--nodes', '4', '--engine', 'lmdb'] })
  deepEqual(await engines(), ['1 files', '1 files', '1 files', '2 lmdb'])
  using second = bucketOf(store, 'photos')
  await putAll(second, 'two')
  await store.stop()
  await rm(join(data, 'nodes', 'node-02'), { recursive: true })
  store = await startStore({ data, flags: [...shape, '--engine', 'lmdb', '--replace-lost'] })
  deepEqual(await engines(), ['1 files', '2 lmdb', '1 files', '2 lmdb'])
  await until(() => healthOf(store), isRepaired)
  await store.stop()
  await rm(join(data, 'nodes', 'node-01'), { recursive: true })
  store = await startStore({ data, flags: shape })
  using third = bucketOf(store, 'photos')
  await requireAll(third, 'one')
  await requireAll(third, 'two')
  await store.stop()
})
