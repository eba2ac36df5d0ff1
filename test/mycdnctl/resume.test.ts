/** An upload that is interrupted goes on: shards that are there are not sent again, and none is left that nothing leads to. */
import { equal, match, ok } from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { createClient } from '@redis/client'
import { chunkBytesMin } from '#content/upload'
import { bytesOf } from '../s3-bucket.ts'
import { until } from '../until.ts'
import {
  type Cdn,
  linkIn,
  type Servers,
  startCdn,
  type Workplace,
  withoutRedis,
} from './mycdnctl.ts'

const blocks = 9
const small = ['--chunk-size', String(chunkBytesMin)]

describe('an interrupted upload', { skip: withoutRedis }, () => {
  let cdn: Cdn
  let servers: Servers
  let place: Workplace
  before(async () => {
    cdn = await startCdn({ total: 3, required: 2 })
    ;({ servers, place } = cdn)
  })
  after(() => cdn[Symbol.asyncDispose]())

  for (const [signal, more] of [
    ['SIGINT', []],
    ['SIGKILL', ['--private']],
  ] as const)
    test(`by ${signal}, ${more.length === 0 ? 'with the usual keys' : 'with keys by chance'}`, async () => {
      const before = await counts(servers)
      const input = bytesOf(`interrupted by ${signal}`, blocks * chunkBytesMin)
      const args = ['upload', '-', '--name', signal, ...small, ...more]
      const first = place.start(args, { input: feed(input.subarray(0, 4 * chunkBytesMin + 5)) })
      await until(
        () => counts(servers),
        ({ keys }) => keys >= before.keys + 4 * 3,
      )
      first.child.kill(signal)
      const { code, stdout, stderr } = await first.ended
      equal(stdout, '')
      if (signal === 'SIGINT') {
        equal(code, 130)
        match(stderr, /Interrupted\. Run the same command with --resume/)
      }
      const [journal = ''] = await readdir(place.path('state/mycdnctl'))
      equal((await stat(place.path('state/mycdnctl', journal))).mode & 0o777, 0o600)
      const middle = await counts(servers)

      const again = await place.run([...args, '--resume'], { input })
      equal(again.code, 0, again.stderr)
      const end = await counts(servers)
      equal(end.keys - before.keys, blocks * 3, 'no shard is left that nothing leads to')
      equal(end.sets - middle.sets, blocks * 3 - (middle.keys - before.keys), 'none was sent twice')
      equal(
        (await readdir(place.path('state/mycdnctl'))).length,
        0,
        'there is nothing to go on with',
      )
      const back = await place.run(['download', linkIn(again.stdout), '-o', '-'])
      ok(back.bytes.equals(input))
    })

  test('another content under the same name shares nothing with what was begun', async () => {
    const args = ['upload', '-', '--name', 'changed', '--private', ...small]
    const before = await counts(servers)
    const first = place.start(args, { input: feed(bytesOf('first', 2 * chunkBytesMin)) })
    await until(
      () => counts(servers),
      ({ keys }) => keys >= before.keys + 3,
    )
    first.child.kill('SIGKILL')
    await first.ended
    const input = bytesOf('second', 2 * chunkBytesMin)
    const again = await place.run([...args, '--resume'], { input })
    equal(again.code, 0, again.stderr)
    const back = await place.run(['download', linkIn(again.stdout), '-o', '-'])
    ok(back.bytes.equals(input))
  })

  test('without --resume it begins anew, and says what it could have done', async () => {
    const args = ['upload', '-', '--name', 'anew', ...small]
    const before = await counts(servers)
    const input = bytesOf('anew', 2 * chunkBytesMin)
    const first = place.start(args, { input: feed(input) })
    await until(
      () => counts(servers),
      ({ keys }) => keys >= before.keys + 3,
    )
    first.child.kill('SIGKILL')
    await first.ended
    const again = await place.run(args, { input })
    equal(again.code, 0)
    match(again.stderr, /An earlier upload of this was interrupted; --resume would have gone on/)
  })
})

/** Standard input that stays open behind these bytes. */
function feed(bytes: Uint8Array): (child: ChildProcess) => void {
  return ({ stdin }) => void stdin?.write(bytes)
}

async function counts({
  brokers,
}: Servers): Promise<{ readonly keys: number; readonly sets: number }> {
  let [keys, sets] = [0, 0]
  for (const { port } of brokers) {
    const redis = createClient({ socket: { host: '127.0.0.1', port }, database: 1 })
    await redis.connect()
    keys += await redis.dbSize()
    const calls = /^cmdstat_set:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1]
    sets += Number(calls ?? 0)
    redis.destroy()
  }
  return { keys, sets }
}
