/**
 * A database out of a backup, while the nodes that know what came later are away: the guard of the start cannot see it. Nothing of what came later may
 * be taken for garbage, on the nodes that are there and on those that come back.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sha256HexOf } from '#crypto/digest'
import { runMycelium, startStore } from '../harness.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'
import { healthOf, until } from '../until.ts'

const flags = ['--nodes', '6', '--profile', '4+2', '--log', 'warn']
const eagerly = ['--gc-every', '1s', '--gc-grace', '1s']
const content = bytesOf('after the backup', 3_000_000)

const databaseFiles = async (data: string): Promise<readonly string[]> =>
  (await readdir(data)).filter((name) => name.startsWith('metadata.sqlite'))

async function logOf(data: string, node: string): Promise<string> {
  const log = join(data, 'nodes', node, 'log')
  const segments = (await readdir(log)).sort()
  const bytes = await Promise.all(segments.map((name) => readFile(join(log, name))))
  return sha256HexOf(Buffer.concat(bytes))
}

async function logsOf(data: string): Promise<ReadonlyMap<string, string>> {
  const nodes = await readdir(join(data, 'nodes'))
  return new Map(
    await Promise.all(nodes.map(async (node) => [node, await logOf(data, node)] as const)),
  )
}

async function shardsOf(data: string): Promise<readonly string[]> {
  const found = await readdir(join(data, 'nodes'), { recursive: true })
  return found.filter((path) => /\/shards\/..\//.test(path)).sort()
}

async function move(names: readonly string[], from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const name of names) await rename(join(from, name), join(to, name))
}

test('with a database out of a backup nothing that it does not know is removed before enough nodes were asked, and who knows better stays away', async (context) => {
  const data = await mkdtemp(join(tmpdir(), 'mycelium-backup-'))
  context.after(() => rm(data, { recursive: true, force: true }))
  const [nodes, away, backup] = ['nodes', 'away', 'backup'].map((name) => join(data, name)) as [
    string,
    string,
    string,
  ]

  const first = await startStore({ data, flags })
  await bucketOf(first, 'archive').create()
  await first.stop()
  await mkdir(backup)
  for (const name of await databaseFiles(data)) await cp(join(data, name), join(backup, name))
  const logsBefore = await logsOf(data)

  const second = await startStore({ data, flags })
  const bucket = bucketOf(second, 'archive')
  await bucket.put('large', content)
  await bucket.put('small', content.subarray(0, 3_000))
  await second.stop()
  const shards = await shardsOf(data)
  const logsAfter = await logsOf(data)
  const knowing = [...logsAfter.keys()].filter(
    (node) => logsAfter.get(node) !== logsBefore.get(node),
  )
  equal(knowing.length, 3, 'each change is on parity + 1 nodes')

  for (const name of await databaseFiles(data)) await rm(join(data, name))
  for (const name of await readdir(backup)) await cp(join(backup, name), join(data, name))
  await move(knowing, nodes, away)
  for (const command of [['gc'], ['keys', 'rewrap']]) {
    const refused = await runMycelium([...command, '--data', data])
    equal(refused.code, 8, refused.stderr)
    ok(knowing.every((node) => refused.stderr.includes(node)))
  }
  const stale = await startStore({ data, flags: [...flags, ...eagerly] })
  try {
    const log = (): Promise<string> => Promise.resolve(stale.output())
    await until(log, (text) => text.includes('No garbage is collected'))
    await move(knowing, away, nodes)
    await until(log, (text) =>
      knowing.every((node) =>
        text
          .split('\n')
          .some((line) => line.includes('knows more than the database') && line.includes(node)),
      ),
    )
    equal((await healthOf(stale)).nodesUp, 3)
  } finally {
    await stale.stop()
  }
  deepEqual(new Set(shards).difference(new Set(await shardsOf(data))), new Set())

  const refused = await runMycelium(['up', '--data', data])
  match(refused.stderr, /mycelium rebuild --data/)
  const rebuilt = await runMycelium(['rebuild', '--data', data])
  equal(rebuilt.code, 0, rebuilt.stderr)
  await using last = await startStore({ data, flags })
  const found = bucketOf(last, 'archive')
  ok((await found.get('large')).equals(content))
  ok((await found.get('small')).equals(content.subarray(0, 3_000)))
})
