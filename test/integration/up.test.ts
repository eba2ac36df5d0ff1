/** `mycelium up` as people meet it: what it prints works, what is wrong is a sentence and an exit code, and it stops in order. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import {
  cleanEnvironment,
  fromSources,
  type RunningStore,
  runMycelium,
  startStore,
} from '../harness.ts'

/** Three nodes instead of fourteen: the same program, sooner up. */
const small = ['--nodes', '3', '--profile', '2+1', '--log', 'warn']

const checkout = new URL('../../', import.meta.url).pathname

async function temporary(context: TestContext, place = tmpdir()): Promise<string> {
  const path = await mkdtemp(join(place, 'mycelium-up-'))
  context.after(() => rm(path, { recursive: true, force: true }))
  return path
}

async function put({ httpUrl }: RunningStore, key: string, body: string): Promise<void> {
  equal((await fetch(`${httpUrl}/s3/first-bucket/${key}`, { method: 'PUT', body })).status, 200)
}

async function get({ httpUrl }: RunningStore, key: string): Promise<string> {
  return (await fetch(`${httpUrl}/s3/first-bucket/${key}`)).text()
}

test('the lines it prints work when pasted', async (context) => {
  if (spawnSync('aws', ['--version']).error !== undefined) return context.skip('no aws here')
  // In the checkout, as people paste them, and as `npm start` prints them there.
  const folder = await temporary(context, join(checkout, 'node_modules'))
  await using store = await startStore({ flags: small, env: { npm_lifecycle_event: 'start' } })
  const lines = /Try it:\n\n(.*)\n\nCtrl-C/s.exec(store.output())?.[1] ?? ''
  equal(lines.split('\n').length, 8)
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', lines], {
    cwd: folder,
    env: { ...cleanEnvironment(), HOME: folder },
  })
  equal(stdout.split('hello, mycelium').length, 3, 'once by aws, once by curl')
  match(stdout, /^hello\.txt +16 /m, 'listed by the tool')
})

test('health, version and metrics are where the banner says', async () => {
  await using store = await startStore({ flags: small })
  const health = await fetch(`${store.httpUrl}/health`)
  equal(health.status, 200)
  equal(await health.text(), 'OK')
  const version = await (await fetch(`${store.httpUrl}/version`)).text()
  match(version, /^mycelium\/\d+\.\d+\.\d+$/)
  const metrics = await (await fetch(`${store.httpUrl}/metrics`)).text()
  match(metrics, /^mycelium_node_up\{node_id="node-03"\} 1$/m)
  match(metrics, /^mycelium_tolerated_node_losses 1$/m)
  equal((await fetch(`${store.httpUrl}/health`, { method: 'POST' })).status, 405)
  equal((await fetch(`${store.httpUrl}/elsewhere`)).status, 404)
  equal((await fetch(`${store.s3Url}/`)).status, 200, 'to whoever is nobody, S3 lists nothing')
  const elsewhere = await fetch(`${store.s3Url}/health`)
  match(await elsewhere.text(), /<Code>NoSuchBucket</, 'on the S3 port everything is S3')
})

test('a network that was named may use the local mount without a key, and the store warns of it', async () => {
  const env = { MYCELIUM_ANONYMOUS_NETS: '127.0.0.0/8' }
  await using store = await startStore({ flags: small, env })
  match(
    store.output(),
    /Warning {2}Whoever is in 127\.0\.0\.0\/8 may read, change and delete everything/,
  )
  equal(await statusAs('store', store), 200)
  equal(await statusAs('rebound.example', store), 403)
  await using other = await startStore({ flags: small })
  ok(!other.output().includes('may read, change'))
  equal(await statusAs('store', other), 403)
  const all = await runMycelium(['up'], { env: { MYCELIUM_ANONYMOUS_NETS: '0.0.0.0/0' } })
  equal(all.code, 2)
  match(all.stderr, /MYCELIUM_ANONYMOUS_NETS "0\.0\.0\.0\/0": expected networks/)
})

/** What an unsigned PUT of an object is answered when it calls the store by this name. */
async function statusAs(host: string, { httpUrl }: RunningStore): Promise<number | undefined> {
  const put = request(`${httpUrl}/s3/first-bucket/key`, { method: 'PUT', headers: { host } })
  const [answer] = await once(put.end('body'), 'response')
  answer.resume()
  return answer.statusCode
}

test('every mistake is told at once, and nothing is made', async (context) => {
  const data = join(await temporary(context), 'data')
  const flags = ['--nodes', 'few', '--profile', '10', '--data', data]
  const { code, stderr } = await runMycelium(['up', ...flags], {
    env: { MYCELIUM_CHUNK_SIZE: '1GiB' },
  })
  equal(code, 2)
  match(stderr, /--nodes "few"/)
  match(stderr, /--profile "10"/)
  match(stderr, /MYCELIUM_CHUNK_SIZE "1GiB"/)
  ok(!stderr.includes('    at '), 'no stack')
  await stat(data).then(
    () => ok(false, 'the directory was made'),
    () => undefined,
  )
})

test('too few nodes, a directory in use, a path that is a file, a busy port: a sentence each', async (context) => {
  const data = await temporary(context)
  const few = await runMycelium(['up', '--data', data, '--nodes', '3'])
  equal(few.code, 8)
  match(few.stderr, /needs at least 7 nodes .* or --profile 2\+1/)

  await using store = await startStore({ data, flags: small })
  const inUse = await runMycelium(['gc', '--data', data])
  equal(inUse.code, 4)
  match(inUse.stderr, new RegExp(`in use by mycelium up \\(process ${store.child.pid}, since `))

  const file = await runMycelium(['up', '--data', join(data, 'metadata.sqlite')])
  equal(file.code, 3)
  match(file.stderr, /there is a file of that name/)

  const { port } = new URL(store.s3Url)
  const other = join(data, 'other')
  const busy = await runMycelium(['up', '--data', other, ...small, '--s3-port', port])
  equal(busy.code, 5)
  match(busy.stderr, new RegExp(`Port ${port} on 127.0.0.1 is in use`))

  const nothing = await runMycelium(['rebuild', '--data', join(data, 'nowhere')])
  equal(nothing.code, 3)
  match(nothing.stderr, /There is no store in/)
})

test('busy default ports give way to the next free ones, and it says so', async (context) => {
  for (const port of [8080, 9000]) await occupy(context, port)
  await using store = await startStore({ flags: small, ports: 'default' })
  match(store.output(), /Port 9000 is in use; 90\d\d was taken instead\./)
  match(store.output(), /Port 8080 is in use; 80\d\d was taken instead\./)
  await put(store, 'key', 'reachable')
  equal(await get(store, 'key'), 'reachable')
})

async function occupy(context: TestContext, port: number): Promise<void> {
  const server = createServer()
  const listening = once(server, 'listening')
  server.listen(port, '127.0.0.1')
  const isOurs = await listening.then(
    () => true,
    () => false, // somebody else has it: as good
  )
  if (isOurs) context.after(() => server.close())
}

test('a restart needs no flags: nodes, profile, keys and objects are as they were', async (context) => {
  const data = await temporary(context)
  const env = { AWS_ACCESS_KEY_ID: 'AKIAGIVEN', AWS_SECRET_ACCESS_KEY: 'given-secret' }
  const first = await startStore({ data, flags: small, env })
  equal(first.accessKeyId, env.AWS_ACCESS_KEY_ID)
  await put(first, 'key', 'still here')
  equal(await first.stop(), 0)
  const second = await startStore({ data, flags: ['--log', 'warn'] })
  match(second.output(), /3 up, profile 2\+1/)
  equal(second.accessKeyId, env.AWS_ACCESS_KEY_ID)
  equal(await get(second, 'key'), 'still here')
  equal(await second.stop(), 0)
  const collected = await runMycelium(['gc', '--data', data])
  equal(collected.code, 0, collected.stderr)
})

test('without its database it refuses, and a rebuild brings everything back', async (context) => {
  const data = await temporary(context)
  const before = await startStore({ data, flags: small })
  for (const key of ['one', 'two']) await put(before, key, `content of ${key}`)
  await before.kill()
  for (const name of (await readdir(data)).filter((name) => name.startsWith('metadata.sqlite')))
    await rm(join(data, name))
  const refused = await runMycelium(['up', '--data', data])
  equal(refused.code, 7)
  match(refused.stderr, /mycelium rebuild --data/)
  const rebuilt = await runMycelium(['rebuild', '--data', data])
  equal(rebuilt.code, 0, rebuilt.stderr)
  match(rebuilt.stdout, /^Rebuilt .* from 3 nodes: \d+ changes/)
  await using after = await startStore({ data, flags: ['--log', 'warn'] })
  deepEqual(
    [await get(after, 'one'), await get(after, 'two')],
    ['content of one', 'content of two'],
  )
})

test('a missing or wrong master key is refused; a rotation that was cut short is finished', async (context) => {
  const data = await temporary(context)
  const first = await startStore({ data, flags: small })
  await put(first, 'key', 'sealed')
  equal(await first.stop(), 0)
  const keyFile = join(data, 'keys', 'master.key')
  const former = await readFile(keyFile)

  const rotated = await runMycelium(['keys', 'rotate', '--data', data])
  equal(rotated.code, 0, rotated.stderr)
  await rename(keyFile, join(data, 'aside'))
  const missing = await runMycelium(['up', '--data', data])
  equal(missing.code, 6)
  match(missing.stderr, /The master key is missing/)
  await writeFile(keyFile, 'ab'.repeat(32))
  const wrong = await runMycelium(['up', '--data', data])
  equal(wrong.code, 6)
  match(wrong.stderr, /is not the one this store was sealed under/)

  // as a crash between the keyrings and the key file leaves it
  await writeFile(keyFile, former)
  await rename(join(data, 'aside'), `${keyFile}.next`)
  await using last = await startStore({ data, flags: ['--log', 'warn'] })
  equal(await get(last, 'key'), 'sealed')
  deepEqual((await readdir(join(data, 'keys'))).sort(), ['keyring', 'master.key'])
})

test('SIGTERM lets a request finish; a second signal does not wait', async (context) => {
  const data = await temporary(context)
  const store = await startStore({ data, flags: small })
  const upload = await beginUpload(store)
  const stopping = store.stop()
  await untilSaid(store, /Stopping/)
  upload.socket.write('second half')
  match(await upload.answer, /^HTTP\/1\.1 200/)
  equal(await stopping, 0)

  const again = await startStore({ data, flags: ['--log', 'warn'] })
  equal(await get(again, 'halves'), 'first half, second half')
  const neverFinished = await beginUpload(again)
  again.child.kill('SIGINT')
  await untilSaid(again, /Stopping/)
  again.child.kill('SIGINT')
  await once(again.child, 'exit')
  equal(again.child.exitCode, 130)
  neverFinished.socket.destroy()
})

test('one Ctrl-C that npm passes on as well does not count twice', async (context) => {
  const env = { npm_lifecycle_event: 'start' }
  await using store = await startStore({ data: await temporary(context), flags: small, env })
  const upload = await beginUpload(store)
  const ended = once(store.child, 'exit')
  store.child.kill('SIGINT')
  await untilSaid(store, /Stopping/)
  store.child.kill('SIGINT')
  upload.socket.write('second half')
  match(await upload.answer, /^HTTP\/1\.1 200/)
  deepEqual(await ended, [0, null])
})

test('whoever reads no further what it says does not end it: a request is finished, and it stops in order', async (context) => {
  await using store = await startStore({ data: await temporary(context), flags: small })
  const upload = await beginUpload(store)
  const ended = once(store.child, 'exit')
  store.child.stdout?.destroy()
  store.child.stderr?.destroy()
  store.child.kill('SIGTERM')
  await untilRefused(store)
  upload.socket.write('second half')
  match(await upload.answer, /^HTTP\/1\.1 200/)
  deepEqual(await ended, [0, null])
})

test('a log that cannot be written holds nobody up', {
  skip: process.platform !== 'linux',
}, async () => {
  const command = ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh', ...fromSources('mycelium')] as const
  const flags = ['--nodes', '3', '--profile', '2+1', '--log', 'trace']
  await using store = await startStore({ command, flags })
  for (let index = 0; index < 20; index += 1) await put(store, `key-${index}`, 'body')
  equal(await get(store, 'key-7'), 'body')
  equal(await store.stop(), 0)
})

/** A PUT whose body is half sent; the store has begun to read it. */
async function beginUpload({
  httpUrl,
}: RunningStore): Promise<{ readonly socket: Socket; readonly answer: Promise<string> }> {
  const { hostname, port } = new URL(httpUrl)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {}) // the store may cut it
  socket.write(
    'PUT /s3/first-bucket/halves HTTP/1.1\r\nHost: localhost\r\nContent-Length: 23\r\nExpect: 100-continue\r\n\r\n',
  )
  const [consent] = await once(socket, 'data')
  match(String(consent), /^HTTP\/1\.1 100/)
  socket.write('first half, ')
  const answer = once(socket, 'data').then(([bytes]) => String(bytes))
  answer.catch(() => {}) // looked at by those who expect one
  return { socket, answer }
}

/** Its door is closed: it has begun to stop. */
async function untilRefused({ httpUrl }: RunningStore): Promise<void> {
  const { hostname, port } = new URL(httpUrl)
  for (let isOpen = true; isOpen; ) {
    const socket = connect(Number(port), hostname)
    isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
  }
}

async function untilSaid(store: RunningStore, words: RegExp): Promise<void> {
  while (!words.test(store.output())) await once(store.child.stdout ?? store.child, 'data')
}
