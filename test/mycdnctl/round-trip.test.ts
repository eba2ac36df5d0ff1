/** Files through `mycdnctl`, a registry and real Redis servers: there and back, with servers away, shards damaged, and everything removed. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { createClient, RESP_TYPES } from '@redis/client'
import { chunkBytesMin } from '#content/upload'
import type { RunningRegistry } from '../integration/registry/registry-server.ts'
import { bytesOf } from '../s3-bucket.ts'
import {
  type Cdn,
  linkIn,
  openWorkplace,
  type Servers,
  startCdn,
  type Workplace,
  withoutRedis,
} from './mycdnctl.ts'

const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => JSON.parse(line))

describe('mycdnctl', { skip: withoutRedis }, () => {
  let cdn: Cdn
  let servers: Servers
  let registry: RunningRegistry
  let place: Workplace
  before(async () => {
    cdn = await startCdn({ total: 5, required: 3 })
    ;({ servers, registry, place } = cdn)
  })
  after(() => cdn[Symbol.asyncDispose]())

  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await place.run(args)
    equal(code, 0, `${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const upload = async (...args: readonly string[]): Promise<string> =>
    linkIn(await run('upload', ...args))
  const small = ['--chunk-size', String(chunkBytesMin)]

  test('files of every length come back, whole and in ranges', async () => {
    for (const length of [0, 1, chunkBytesMin, 3 * chunkBytesMin + 12_345]) {
      const bytes = bytesOf(`file of ${length}`, length)
      await writeFile(place.path('plain'), bytes)
      const link = await upload('plain', ...small)
      await run('download', link, '-o', 'back')
      ok(bytes.equals(await readFile(place.path('back'))), `${length}`)
      if (length <= chunkBytesMin) continue
      const range = await place.run(['download', link, '-o', '-', '--range', '1000-1049000'])
      ok(range.bytes.equals(bytes.subarray(1000, 1_049_001)), `range of ${length}`)
      const tail = await place.run(['download', link, '-o', '-', '--range', `${length - 5}-`])
      ok(tail.bytes.equals(bytes.subarray(length - 5)))
      const beyond = await place.run(['download', link, '-o', 'no', '--range', `${length}-`])
      equal(beyond.code, 2)
      ok(!existsSync(place.path('no')))
    }
    deepEqual(
      (await readdir(place.path())).filter((name) => name.includes('part')),
      [],
      'nothing is left beside them',
    )
  })

  test('prints the line that scripts know, and the other form of the link on stderr', async () => {
    await writeFile(place.path('hello.txt'), 'hello mycelium cdn\n')
    const { stdout, stderr } = await place.start(['upload', 'hello.txt']).ended
    const line =
      /^Object hello\.txt saved\. Url: http:\/\/([0-9a-f]{32})\.localhost:(\d+)\/\?key=([0-9a-f]{32})\n$/
    match(stdout, line)
    const [, hash, port, key] = line.exec(stdout) ?? []
    equal(port, String(registry.port))
    ok(stderr.includes(`http://${hash}.localhost:${port}/#key=${key}`))
    for (const form of [`?key=${key}`, `#key=${key?.toUpperCase()}`])
      equal(
        (await place.run(['download', `http://${hash}.localhost:${port}/${form}`, '-o', '-']))
          .stdout,
        'hello mycelium cdn\n',
      )
  })

  test('standard input, with a name; names and types as they are asked for', async () => {
    const input = bytesOf('a pipe', 2 * chunkBytesMin + 7)
    const piped = await place.start(['upload', '-', '--name', 'piped.bin', ...small], { input })
      .ended
    equal(piped.code, 0, piped.stderr)
    const back = await place.start(['download', linkIn(piped.stdout), '-o', '-']).ended
    ok(back.bytes.equals(input))
    equal((await place.run(['upload', '-'], { input })).code, 2)

    await writeFile(place.path('page'), '<!doctype html><title>x</title>')
    await writeFile(place.path('notes.md'), '# x')
    const typeOf = async (...args: readonly string[]) => {
      const [facts] = lines(await run('ls', await upload(...args), '--json'))
      return [facts?.['name'], facts?.['mime']]
    }
    deepEqual(await typeOf('page'), ['page', 'text/html'])
    deepEqual(await typeOf('notes.md'), ['notes.md', 'text/markdown'])
    deepEqual(await typeOf('notes.md', '-n', 'other', '-m', 'text/x-own'), ['other', 'text/x-own'])
  })

  test('a directory: its files in order, links and directories left out unless they are asked for', async () => {
    await mkdir(place.path('album/2026/deep'), { recursive: true })
    for (const name of ['b.txt', 'a.txt', 'empty', '2026/c.txt', '2026/deep/d'])
      await writeFile(place.path('album', name), name === 'empty' ? '' : `this is ${name}`)
    await symlink('a.txt', place.path('album/link'))
    const flat = await place.run(['upload', 'album'])
    equal(flat.code, 0, flat.stderr)
    deepEqual(
      [...flat.stdout.matchAll(/^Object (\S+) saved/gm)].map(([, name]) => name),
      ['a.txt', 'b.txt', 'empty', 'album'],
    )
    match(flat.stderr, /Directory item at album\/link is not a regular file\n/)
    match(flat.stderr, /Directory item at album\/2026 is not a regular file \(--recursive/)

    const link = linkIn(await run('upload', 'album', '--recursive', '--name', 'all'))
    match(await run('ls', link), /^all\/ \(4 entries\)\n.*2026\/\n/)
    await run('download', link, '-o', 'got/')
    for (const name of ['a.txt', '2026/c.txt', '2026/deep/d'])
      equal(await readFile(place.path('got/all', name), 'utf8'), `this is ${name}`)
    equal(await readFile(place.path('got/all/empty'), 'utf8'), '')
    ok(!existsSync(place.path('got/all/link')))
    equal((await place.run(['download', link, '-o', '-'])).code, 2)
    match(await run('verify', link), /✓ all\/2026\/deep\/d: whole/)
  })

  test('every object as JSON, and failures too', async () => {
    await writeFile(place.path('x'), 'x')
    const { stdout } = await place.run(['upload', 'x', '--json'])
    const [facts] = lines(stdout)
    deepEqual([facts?.['event'], facts?.['state'], facts?.['bytes']], ['uploaded', 'saved', 1])
    const link = String(facts?.['link'])
    const [got] = lines(await run('download', link, '-o', 'json', '--json'))
    deepEqual([got?.['event'], got?.['bytes'], got?.['path']], ['downloaded', 1, 'json'])
    const [verified] = lines(await run('verify', link, '--json'))
    deepEqual([verified?.['state'], verified?.['contentRight']], ['whole', true])
    const failed = await place.run(['download', link.replace(/#key=..../, '#key=0000'), '--json'])
    equal(failed.code, 8)
    const [last] = lines(failed.stderr)
    deepEqual(last?.['error'], {
      ...(last?.['error'] as object),
      code: 'content/not-authentic',
      exitCode: 8,
    })
  })

  test('any two of five servers may be away when it is fetched', async () => {
    const bytes = bytesOf('redundant', 4 * chunkBytesMin + 99)
    await writeFile(place.path('redundant'), bytes)
    const link = await upload('redundant', ...small)
    for (const away of [
      [0, 1],
      [1, 3],
      [3, 4],
    ] as const) {
      for (const index of away) await servers.brokers[index]?.kill()
      await run('download', link, '-o', 'back')
      ok(bytes.equals(await readFile(place.path('back'))), `without ${away}`)
      const verified = await place.run(['verify', link])
      equal(verified.code, 12)
      match(verified.stdout, /redundant: degraded \(5 blocks/)
      for (const index of away) await servers.brokers[index]?.start()
    }
    for (const index of [0, 2, 4]) await servers.brokers[index]?.kill()
    const lost = await place.run(['download', link, '-o', 'lost'])
    equal(lost.code, 5)
    match(
      lost.stderr,
      /Only 2 of the 3 shards that are needed can be had \(nothing listens there\)/,
    )
    ok(!existsSync(place.path('lost')))
    const refused = await place.run(['upload', 'redundant'])
    equal(refused.code, 5)
    equal(refused.stdout, '')
    for (const index of [0, 2, 4]) await servers.brokers[index]?.start()
    await run('verify', link)
  })

  test('a server that is away during an upload leaves it degraded, and repair makes it whole', async () => {
    const bytes = bytesOf('degraded', 2 * chunkBytesMin)
    await writeFile(place.path('degraded'), bytes)
    await servers.brokers[3]?.kill()
    const { code, stdout, stderr } = await place.run(['upload', 'degraded', ...small])
    equal(code, 12, stderr)
    match(stdout, /^Object degraded degraded\. Url: /)
    match(stderr, /Degraded: 2 shards are missing .*mycdnctl repair 'http/)
    const link = linkIn(stdout)
    await run('download', link, '-o', 'back')
    equal((await place.run(['repair', link])).code, 12)
    await servers.brokers[3]?.start()
    match(await run('repair', link), /degraded: whole [\s\S]*2 stored again/)
    for (const index of [0, 1]) await servers.brokers[index]?.kill()
    await run('download', link, '-o', 'back')
    ok(bytes.equals(await readFile(place.path('back'))), 'from what was stored again')
    for (const index of [0, 1]) await servers.brokers[index]?.start()
  })

  test('damaged shards are found, told, gone round, and mended', async () => {
    const bytes = bytesOf('damaged', 2 * chunkBytesMin + 1)
    await writeFile(place.path('damaged'), bytes)
    const before = await keysOf(servers, 1)
    const link = await upload('damaged', ...small)
    const port = servers.brokers[1]?.port ?? 0
    await withRedis(port, async (redis) => {
      for (const key of await keysOf(servers, 1)) {
        if (!before.includes(key))
          await redis.sendCommand(['SETRANGE', Buffer.from(key, 'hex'), '7', 'damage'])
      }
    })
    const got = await place.run(['download', link, '-o', 'back'])
    equal(got.code, 0, got.stderr)
    match(
      got.stderr,
      new RegExp(`3 shards of 127\\.0\\.0\\.1 port ${port} database 1 are not what was stored`),
    )
    ok(bytes.equals(await readFile(place.path('back'))))
    const verified = await place.run(['verify', link])
    equal(verified.code, 12)
    match(verified.stdout, new RegExp(`127\\.0\\.0\\.1:${port} database 1: 3 damaged`))
    await run('repair', link)
    match(await run('verify', link), /damaged: whole/)
  })

  test('private links give nobody a key to confirm a guess with', async () => {
    await writeFile(place.path('guess'), 'the price is 42')
    const keyOf = async (...args: readonly string[]) => {
      const shards = await keysOf(servers, 0)
      const link = await upload('guess', ...args)
      equal(
        await place.run(['download', link, '-o', '-']).then(({ stdout }) => stdout),
        'the price is 42',
      )
      return (await keysOf(servers, 0)).filter((key) => !shards.includes(key))
    }
    equal((await keyOf('--private')).length, 1)
    equal((await keyOf()).length, 1)
  })

  test('rm says what would go, and with --force takes the shards; the registry keeps what it may not remove', async () => {
    await writeFile(place.path('gone'), 'soon gone')
    const shards = await keysOf(servers, 2)
    const link = await upload('gone')
    match(await run('rm', link), /gone: would be removed \(5 shards\)/)
    equal((await keysOf(servers, 2)).length, shards.length + 1)
    const removed = await place.run(['rm', link, '--force'])
    equal(removed.code, 7)
    match(removed.stdout, /gone: shards removed \(5 shards\)/)
    match(removed.stderr, /does not let its manifest be removed \(405\)/)
    deepEqual(await keysOf(servers, 2), shards)
    const lost = await place.run(['verify', link])
    equal(lost.code, 8)
    match(lost.stdout, /gone: lost/)
  })

  test('a link that leads to private addresses is not followed there unless that is meant', async () => {
    await writeFile(place.path('near'), 'near')
    const link = await upload('near')
    await place.settle(servers.config(3).replaceAll('127.0.0.1', '127.0.0.2'))
    const refused = await place.run(['download', link, '-o', 'no'])
    equal(refused.code, 5)
    match(refused.stderr, /127\.0\.0\.1 is a private address, and none of the settings/)
    equal((await place.run(['download', link, '-o', '-', '--allow-private'])).stdout, 'near')
    await place.settle(servers.config(3).replaceAll('127.0.0.1', 'localhost'))
    equal((await place.run(['download', link, '-o', '-'])).stdout, 'near')
    equal(linkIn(await run('upload', 'near')).length, link.length, 'names will do for uploads too')
    await place.settle(servers.config(3))
  })

  test('a registry that is named by its address gives no links, but what works', async () => {
    const { stdout, stderr, code } = await place.run([
      'upload',
      'hello.txt',
      '-r',
      `http://127.0.0.1:${registry.port}/x`,
    ])
    equal(code, 0)
    match(
      stdout,
      /Url: http:\/\/127\.0\.0\.1:\d+\/api\/v1\/metadata\/[0-9a-f]{32}#key=[0-9a-f]{32}\n/,
    )
    match(stderr, /named by its address/)
    equal((await place.run(['download', linkIn(stdout), '-o', '-'])).stdout, 'hello mycelium cdn\n')
  })

  test('nothing is called saved that the registry does not have', async () => {
    const none = await openWorkplace('http://localhost:9')
    await none.settle(servers.config(3))
    await writeFile(none.path('x'), 'x')
    const { code, stdout, stderr } = await none.run(['upload', 'x'])
    deepEqual([code, stdout], [5, ''])
    match(stderr, /No answer from the registry http:\/\/localhost:9/)
    await none[Symbol.asyncDispose]()
  })

  test('mistakes are told before anything is sent', async () => {
    await place.settle('required_shards = 2\n[[backends]]\nkind = "hero_redis"\nhost = "x"\n')
    const { code, stderr } = await place.run(['upload', 'hello.txt'])
    equal(code, 2)
    match(stderr, /Invalid config: config\.toml\n {2}- backend 1\.host/)
    equal((await place.run(['upload', 'hello.txt', '-c', 'nothing.toml'])).code, 3)
    await place.settle(servers.config(3))
    for (const args of [['--chunk-size', '1048575'], ['--chunk-size', '5242881'], ['--no-such']])
      equal((await place.run(['upload', 'hello.txt', ...args])).code, 2)
    equal((await place.run(['upload', 'nothing'])).code, 3)
    equal((await place.run(['download', 'https://example.org/'])).code, 2)
  })
})

async function withRedis<Result>(
  port: number,
  work: (redis: { sendCommand(args: (string | Buffer)[]): Promise<unknown> }) => Promise<Result>,
): Promise<Result> {
  const redis = createClient({ socket: { host: '127.0.0.1', port }, database: 1 }).withTypeMapping({
    [RESP_TYPES.BLOB_STRING]: Buffer,
  })
  await redis.connect()
  try {
    return await work(redis)
  } finally {
    redis.destroy()
  }
}

/** Of one server, in hex, sorted. */
async function keysOf({ brokers }: Servers, index: number): Promise<readonly string[]> {
  return await withRedis(brokers[index]?.port ?? 0, async (redis) => {
    const keys = (await redis.sendCommand(['KEYS', '*'])) as Buffer[] // as the mapping has it
    return keys.map((key) => key.toString('hex')).sort()
  })
}
