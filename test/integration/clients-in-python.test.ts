/** boto3, s4cmd, which stands on it, and duplicity, which does too: with the settings they come with, against the real program. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { plantTree, readTree } from '../file-tree.ts'
import { bytesOf } from '../s3-bucket.ts'
import { clientTree, openClientSuite } from './client-suite.ts'

const suite = openClientSuite()

/** boto3 sends in parts what is longer than 8 MiB. */
const bigBytes = 20_000_000

test('boto3: a tree there and back, a file in parts, a copy in parts, listing, deletes', async (context) => {
  const boto3 = suite.clientFor(context, 'boto3')
  if (boto3 === undefined) return
  const local = await suite.folderOf('boto3')
  const back = await suite.folderOf('boto3-back')
  await plantTree(local, clientTree)
  const keys = Object.keys(clientTree)

  for (const key of keys) await mkdir(dirname(join(back, key)), { recursive: true })
  const puts = keys.map((key) => ['put', join(local, key), 'from-boto3', `tree/${key}`])
  await boto3(...inOneRun([['mb', 'from-boto3'], ...puts]))
  await boto3(...inOneRun(keys.map((key) => ['get', 'from-boto3', `tree/${key}`, join(back, key)])))
  deepEqual(await readTree(back), await readTree(local))
  const listed = (await boto3('ls', 'from-boto3', 'tree/')).trim().split('\n')
  deepEqual(listed.sort(), keys.map((key) => `tree/${key}`).sort())
  const url = await boto3('presign', 'from-boto3', 'tree/small.bin')
  const presigned = Buffer.from(await (await fetch(url.trim())).arrayBuffer())
  ok(presigned.equals(bytesOf('small.bin', 3_000)))

  const big = bytesOf('in parts', bigBytes)
  await writeFile(suite.pathOf('big'), big)
  const there = ['put', suite.pathOf('big'), 'from-boto3', 'in parts']
  const copy = ['cp', 'from-boto3', 'in parts', 'copy ☂']
  await boto3(...inOneRun([there, copy, ['get', 'from-boto3', 'copy ☂', suite.pathOf('big back')]]))
  ok((await readFile(suite.pathOf('big back'))).equals(big))
  const emptied = inOneRun([
    ['rm', 'from-boto3'],
    ['ls', 'from-boto3'],
    ['rb', 'from-boto3'],
  ])
  equal((await boto3(...emptied)).trim(), '')
})

/** Several acts of `boto3-client.py`, which takes longer to start than for any of them. */
function inOneRun(acts: readonly (readonly string[])[]): readonly string[] {
  return acts.flatMap((act, index) => (index === 0 ? act : ['+', ...act]))
}

test('s4cmd: put in parts, dsync, ls, cp, get, del', async (context) => {
  const s4cmd = suite.clientFor(context, 's4cmd')
  if (s4cmd === undefined) return
  const local = await suite.folderOf('s4cmd')
  const back = await suite.folderOf('s4cmd-back')
  await plantTree(local, clientTree)
  const big = bytesOf('in parts', bigBytes)
  await writeFile(suite.pathOf('s4cmd big'), big)

  await s4cmd('mb', 's3://from-s4cmd')
  await s4cmd('dsync', local, 's3://from-s4cmd/tree')
  await s4cmd('dsync', 's3://from-s4cmd/tree', join(back, 'tree'))
  deepEqual(await readTree(join(back, 'tree')), await readTree(local))
  const parts = ['--multipart-split-size=5242880', '--max-singlepart-upload-size=5242880']
  await s4cmd('put', ...parts, suite.pathOf('s4cmd big'), 's3://from-s4cmd/in parts')
  await s4cmd('cp', 's3://from-s4cmd/in parts', 's3://from-s4cmd/copy')
  await s4cmd('get', 's3://from-s4cmd/copy', suite.pathOf('s4cmd back'))
  ok((await readFile(suite.pathOf('s4cmd back'))).equals(big))
  match(await s4cmd('ls', 's3://from-s4cmd'), / 20000000 s3:\/\/from-s4cmd\/copy\n/)
  await rm(join(local, 'large.bin'))
  await s4cmd('dsync', '--delete-removed', local, 's3://from-s4cmd/tree')
  const listed = (await s4cmd('ls', '-r', 's3://from-s4cmd/tree')).trim().split('\n')
  equal(listed.length, Object.keys(clientTree).length - 1)
  await s4cmd('del', '-r', 's3://from-s4cmd/')
  equal(await s4cmd('ls', '-r', 's3://from-s4cmd'), '')
})

test('duplicity: a full backup, an increment, verify, restore of both times, removal', async (context) => {
  const duplicity = suite.clientFor(context, 'duplicity')
  if (duplicity === undefined) return
  const local = await suite.folderOf('duplicity')
  await plantTree(local, clientTree)
  const before = await readTree(local)
  const client = suite.clientFor(context, 'boto3') // it makes no buckets by itself
  await client?.('mb', 'from-duplicity')
  const url = 'boto3+s3://from-duplicity/backup'

  match(await duplicity('full', local, url), /Errors 0/)
  await rm(join(local, 'large.bin'))
  await plantTree(local, { 'added.bin': 3_100_000, 'small.bin': 3_001 })
  match(await duplicity('incremental', local, url), /Errors 0/)
  match(await duplicity('verify', '--compare-data', url, local), / 0 differences found/)
  await duplicity('restore', url, suite.pathOf('duplicity-now'))
  deepEqual(await readTree(suite.pathOf('duplicity-now')), await readTree(local))
  const { time } = (await chainsOf(duplicity, url))[0] ?? { time: '' }
  await duplicity('restore', '--time', time, url, suite.pathOf('duplicity-then'))
  deepEqual(await readTree(suite.pathOf('duplicity-then')), before)
  await duplicity('full', local, url)
  await duplicity('remove-all-but-n-full', '1', '--force', url)
  equal((await chainsOf(duplicity, url)).length, 1)
})

/** The backups it knows, oldest first; times in seconds. */
async function chainsOf(
  duplicity: (...args: readonly string[]) => Promise<string>,
  url: string,
): Promise<readonly { readonly kind: string; readonly time: string }[]> {
  const status = await duplicity('collection-status', url)
  const rows = status.matchAll(/^ +(Full|Incremental) +(\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}) /gm)
  return [...rows].map(([, kind = '', text = '']) => {
    return { kind, time: String(new Date(text).getTime() / 1_000) }
  })
}
