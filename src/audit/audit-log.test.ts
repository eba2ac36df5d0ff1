import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type AuditLog, type AuditLogOptions, openAuditLog } from '#audit/audit-log'
import { auditStream } from '#audit/audit-stream'
import { hashOf, isAudited, noHash } from '#audit/entry'
import { FreeSpace } from '#disk/free-space'
import { isFault } from '#fault/fault'
import { type RequestEnded, silentTelemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import { systemWorld } from '#world/system'

const ended: RequestEnded = {
  door: 's3',
  requestId: '0123456789ABCDEF',
  operation: 'PutBucketPolicy',
  method: 'PUT',
  principal: 'AKIATEST',
  bucket: 'photos',
  status: 204,
  bytesIn: 1,
  bytesOut: 0,
  ms: 1,
}

async function inDirectory(
  work: (
    directory: string,
    open: (more?: Partial<AuditLogOptions>) => Promise<AuditLog>,
  ) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'mycelium-audit-'))
  const world = systemWorld()
  const roomy = new FreeSpace(world, async () => ({ totalBytes: 1e9, freeBytes: 1e9 }))
  const common = { directory, space: roomy, world, telemetry: silentTelemetry }
  try {
    await work(directory, (more = {}) => openAuditLog({ ...common, ...more }))
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function fill(log: AuditLog, names: readonly string[]): Promise<void> {
  for (const object of names) {
    log.take({ ...ended, object })
    await log.newest(1) // each in a write of its own
  }
}

const objectsOf = (lines: readonly string[]): readonly unknown[] =>
  lines.map((line) => JSON.parse(line).object)

const isDamaged = (reason: RegExp) => (error: unknown) =>
  isFault(error, 'audit/damaged') && reason.test(String(error.detail['reason']))

test('entries come in order, over files and starts, and hang together', () =>
  inDirectory(async (directory, open) => {
    {
      await using log = await open({ fileBytesMax: 1 })
      await fill(log, ['a', 'b', 'ö\n\u2028'])
      deepEqual(objectsOf(await log.newest(2)), ['b', 'ö\n\u2028'])
    }
    await using log = await open()
    await fill(log, ['d'])
    deepEqual(objectsOf(await log.newest(1000)), ['a', 'b', 'ö\n\u2028', 'd'])
    const chain = await log.verify()
    const [newest = ''] = await log.newest(1)
    deepEqual(chain, { entries: 4, first: 1, last: 4, head: hashOf(newest) })
    equal((await readdir(directory)).length, 3, 'the newest file is gone on with')
    const all = await Promise.all(
      (await readdir(directory)).map((name) => readFile(join(directory, name), 'latin1')),
    )
    ok(all.every((text) => /^[ -~\n]*$/.test(text)))
  }))

test('many at once are written in their order', () =>
  inDirectory(async (_, open) => {
    await using log = await open()
    const names = Array.from({ length: 500 }, (_, index) => String(index))
    for (const object of names) log.take({ ...ended, object })
    deepEqual(objectsOf(await log.newest(500)), names)
    equal((await log.verify()).last, 500)
  }))

test('the oldest files go, and what is left is still a chain', () =>
  inDirectory(async (directory, open) => {
    await using log = await open({ fileBytesMax: 1, filesMax: 2 })
    await fill(log, ['a', 'b', 'c', 'd'])
    equal((await readdir(directory)).length, 2)
    const { entries, first, last } = await log.verify()
    deepEqual({ entries, first, last }, { entries: 2, first: 3, last: 4 })
  }))

test('an entry that is changed, taken away or put in shows', () =>
  inDirectory(async (directory, open) => {
    {
      await using log = await open()
      await fill(log, ['a', 'b', 'c'])
    }
    const path = join(directory, '0000000000000001.jsonl')
    const whole = await readFile(path, 'latin1')
    const [a = '', b = '', c = ''] = whole.split('\n')
    for (const [lines, reason] of [
      [[a, b.replace('photos', 'videos'), c], /changed/],
      [[a, c], /missing/],
      [[b, c], /another name/],
      [[a, b, b, c], /missing/],
      [[a, b, 'not JSON', c], /no entry/],
    ] as const) {
      await writeFile(path, `${lines.join('\n')}\n`)
      await using log = await open()
      await rejects(log.verify(), isDamaged(reason))
    }
    await writeFile(path, whole)
    await using log = await open()
    await log.verify()
  }))

test('half a line, which a crash has left, is forgotten', () =>
  inDirectory(async (directory, open) => {
    {
      await using log = await open()
      await fill(log, ['a', 'b'])
    }
    await appendFile(join(directory, '0000000000000001.jsonl'), '{"sequence":3,"at"')
    await using log = await open()
    await fill(log, ['c'])
    deepEqual(objectsOf(await log.newest(9)), ['a', 'b', 'c'])
    equal((await log.verify()).last, 3)
  }))

test('lines wait while the disk has only what removals need, and come when there is room', () =>
  inDirectory(async (_, open) => {
    const world = new SimulatedWorld(1)
    const reserve = 5e7
    let freeBytes = reserve / 2
    const space = new FreeSpace(world, async () => ({ totalBytes: 1e9, freeBytes }), {
      isForLogs: true,
    })
    const notes: string[] = []
    const telemetry = { note: (_level: string, text: string) => void notes.push(text) }
    {
      await using log = await open({ world, space, telemetry })
      log.take({ ...ended, object: 'a' })
      deepEqual(await log.newest(1), [])
      log.take({ ...ended, object: 'b' })
      deepEqual(await log.newest(1), [])
      deepEqual(notes, ['audit log cannot be written'], 'and that is said once, not with each')
      freeBytes = reserve // data is refused still
    }
    await using log = await open()
    deepEqual(objectsOf(await log.newest(9)), ['a', 'b'])
    equal((await log.verify()).last, 2)
  }))

test('a stream has the same lines', () => {
  const lines: string[] = []
  const stream = auditStream((text) => lines.push(text), { now: () => 0 })
  stream.take(ended)
  stream.take(ended)
  const [first = '', second = ''] = lines.map((text) => text.trimEnd())
  equal(JSON.parse(first).previous, noHash)
  equal(JSON.parse(second).previous, hashOf(first))
  match(first, /^\{"sequence":1,"at":"1970-01-01T00:00:00\.000Z","door":"s3"/)
})

test('changes and refusals are told; objects, looks and floods only when all is', () => {
  const isTold = (operation: string, status: number): boolean =>
    isAudited({ door: 's3', method: 'PUT', operation, status }, 'changes')
  for (const [operation, status] of [
    ['PutBucketPolicy', 204],
    ['PutBucketPolicy', 400],
    ['PutObjectRetention', 200],
    ['PutObjectAcl', 200],
    ['CreateBucket', 200],
    ['POST /users', 201],
    ['DELETE /keys/{key}', 204],
    ['CreateUser', 200],
    ['AssumeRole', 200],
    ['GetObject', 403],
    ['GET /users', 401],
    ['Unknown', 403],
  ] as const)
    ok(isTold(operation, status), `${operation} ${status}`)
  for (const [operation, status] of [
    ['PutObject', 200],
    ['DeleteObjects', 200],
    ['GetObject', 404],
    ['HeadBucket', 200],
    ['ListUsers', 200],
    ['GET /users', 200],
    ['Unknown', 503],
    ['GetWebsitePage', 403],
    ['Metrics', 200],
  ] as const) {
    ok(!isTold(operation, status), `${operation} ${status}`)
    ok(isAudited({ door: 's3', method: 'PUT', operation, status }, 'all'))
  }
})
