/** What `npm pack` makes, installed by somebody who has nothing but npm, is the program of the checkout. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { version } from '#main/version'
import { readViewerFiles } from '#main/viewer-files'
import { getFromHost } from '../get-from-host.ts'
import { cleanEnvironment, startProgram, startStore } from '../harness.ts'
import { bucketOf } from '../s3-bucket.ts'
import { run, strangerEnvironment } from './installed.ts'

const checkout = join(import.meta.dirname, '../..')
const manifest: { bin: Record<string, string>; dependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(checkout, 'package.json'), 'utf8'),
)
const programs = Object.keys(manifest.bin)
const small = ['--nodes', '3', '--profile', '2+1', '--log', 'warn']

const work = await mkdtemp(join(tmpdir(), 'mycelium-package-'))
after(() => rm(work, { recursive: true, force: true }))
const home = join(work, 'home')
const prefix = join(work, 'prefix')
const project = join(work, 'project')
const env = strangerEnvironment(home)
/** Where the package lies after a global installation. */
const installed = join(prefix, 'lib/node_modules/mycelium')
let tarball = ''

before(async () => {
  for (const path of [home, prefix, project]) await mkdir(path)
  const listing = readdirSync(checkout)
  const packed = run(['npm', 'pack', '--json', '--pack-destination', work], {
    cwd: checkout,
    env: { ...cleanEnvironment(), npm_config_loglevel: 'error' },
  })
  deepEqual(readdirSync(checkout), listing, 'the checkout is as it was')
  ok(packed.includes('.tgz'))
  tarball = join(work, `mycelium-${version}.tgz`)
  run(['npm', 'install', '-g', '--prefix', prefix, tarball], { cwd: work, env })
})

describe('the tarball', () => {
  const filesOf = (): readonly string[] =>
    run(['tar', '-tzf', tarball], { cwd: work, env }).trim().split('\n')

  test('holds the programs and what people read about them, and nothing else', () => {
    const wanted =
      /^package\/(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/operate\/[\w-]+\.md|packaging\/bin\/[\w.]+|packaging\/systemd\/mycelium(?:-registry|-libraries)?\.service|dist\/package\.json|dist\/(?:[\w-]+\/)+[\w-]+(?:\.config)?\.(?:js|wasm|html|css|svg|d\.ts))$/
    deepEqual(
      filesOf().filter((path) => !wanted.test(path)),
      [],
    )
    const unwanted = /test|simulat|\/build\.|bench|vector|memory-/
    const strangers = filesOf().filter((path) => path.includes('/dist/') && unwanted.test(path))
    deepEqual(strangers, [])
    for (const name of programs) ok(filesOf().includes(`package/packaging/bin/${name}`))
    ok(filesOf().includes('package/packaging/systemd/mycelium.service'))
  })

  test('lacks no module, worker or kernel that another one names', () => {
    const dist = join(installed, 'dist')
    const missing = globSync('**/*.js', { cwd: dist }).flatMap((path) => {
      const text = readFileSync(join(dist, path), 'utf8')
      const modules = [...text.matchAll(/\b(?:from|import) *'#([^']+)'/g)].map(([, name]) =>
        join(dist, `${name}.js`),
      )
      const named = [...text.matchAll(/new URL\(\s*'([^']+)',\s*import\.meta\.url/g)].map(
        ([, name = '']) => join(dist, dirname(path), name),
      )
      return [...modules, ...named].filter((file) => !existsSync(file))
    })
    deepEqual(missing, [])
    const bare = globSync('**/*.js', { cwd: dist }).flatMap((path) =>
      [...readFileSync(join(dist, path), 'utf8').matchAll(/\bfrom '([@\w][^':]*)'/g)].map(
        ([, name = '']) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'),
      ),
    )
    const strangers = new Set(bare).difference(new Set(Object.keys(manifest.dependencies)))
    deepEqual([...strangers], [], 'every package it imports is one it depends on')
    for (const kernel of globSync('src/*/*.wasm', { cwd: checkout }))
      ok(existsSync(join(dist, relative('src', kernel))), kernel)
    ok(existsSync(join(dist, 'chunk/_worker.js')))
  })
})

describe('installed into an empty prefix', () => {
  for (const name of programs) {
    test(`${name} says what it is and what it can do`, () => {
      const command = join(prefix, 'bin', name)
      equal(run([command, '--version'], { cwd: work, env }).trim().split('/').at(-1), version)
      match(run([command, '--help'], { cwd: work, env }), /^Usage: /)
    })
  }

  test('a store runs under the Node that came along, in one process, and stops in order', async () => {
    const command = [join(prefix, 'bin/mycelium')] as const
    const node = join(installed, 'node_modules/node/bin/node')
    const data = join(work, 'data')
    await using store = await startStore({
      command,
      flags: small,
      data,
      env: { PATH: env['PATH'] ?? '' },
    })
    if (process.platform === 'linux') {
      const program = realpathSync(`/proc/${store.child.pid}/exe`)
      ok(spawnSync('cmp', [program, node]).status === 0, program)
    }
    const body = Buffer.alloc(3 * 2 ** 20, 'mycelium ')
    using bucket = bucketOf(store, 'packaged')
    await bucket.create()
    await bucket.put('large', body)
    ok(body.equals(await bucket.get('large')))
    const url = `${store.httpUrl}/s3/first-bucket/hello.txt`
    equal((await fetch(url, { method: 'PUT', body: 'hello' })).status, 200)
    equal(await (await fetch(url)).text(), 'hello')
    equal(await (await fetch(`${store.httpUrl}/version`)).text(), `mycelium/${version}`)
    equal(await store.stop(), 0)
    match(store.output(), /Stopping: requests in flight are finished first\./)
  })

  test('a registry serves the page behind links, which is the one of the checkout', async () => {
    const flags = ['--data', join(work, 'links'), '--port', '0']
    const registry = await startProgram([join(prefix, 'bin/mycelium'), 'registry', ...flags], env)
    const [, url = ''] = /Address +(\S+)/.exec(registry.output()) ?? []
    const { page, files } = readViewerFiles()
    const paths = [...files].map(([path, { bytes }]) => [path, bytes] as const)
    for (const [path, bytes] of [['/', page] as const, ...paths]) {
      const { status, body } = await getFromHost(`${url}${path}`, `${'0'.repeat(32)}.localhost`)
      equal(status, 200, path)
      ok(body.equals(bytes), path)
    }
    equal(await registry.stop(), 0)
  })

  test('what it prints to paste works: by name, and through npx in a project', async () => {
    const data = join(work, 'data')
    await loseDatabase(data)
    const path = `${join(prefix, 'bin')}:${env['PATH']}`
    const global = refusedStart(['mycelium'], { cwd: work, data, env: { ...env, PATH: path } })
    equal(global, `mycelium rebuild --data ${data}`)
    match(run(['sh', '-c', global], { cwd: work, env: { ...env, PATH: path } }), /^Rebuilt /)

    await writeFile(join(project, 'package.json'), '{}')
    run(['npm', 'install', '--prefer-offline', tarball], { cwd: project, env })
    await loseDatabase(data)
    const local = refusedStart(['npx', 'mycelium'], { cwd: project, data, env })
    equal(local, `npx mycelium rebuild --data ${data}`)
    match(run(['sh', '-c', local], { cwd: project, env }), /^Rebuilt /)
  })

  test('a program of others can import the format of links by itself, with its types', async () => {
    const other = join(work, 'other')
    await mkdir(join(other, 'node_modules'), { recursive: true })
    await symlink(installed, join(other, 'node_modules/mycelium'))
    await writeFile(join(other, 'package.json'), '{ "type": "module" }')
    const program = `
      import { decodeMetadata, encodeMetadata, type Metadata, safeFileName } from 'mycelium/cdn-meta'
      const directory: Metadata = { kind: 'directory', name: 'docs', files: [] }
      const read: Metadata = decodeMetadata(encodeMetadata(directory))
      console.log(safeFileName(read.name))
      // @ts-expect-error: the types are there
      const wrong: number = encodeMetadata(directory)
    `
    await writeFile(join(other, 'program.ts'), program)
    const node = join(installed, 'node_modules/node/bin/node')
    equal(run([node, 'program.ts'], { cwd: other, env }), 'docs\n')
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--types', 'node']
    const typeRoots = ['--typeRoots', join(checkout, 'node_modules/@types')]
    const tsc = join(checkout, 'node_modules/.bin/tsc')
    const tools = { ...env, PATH: `${join(checkout, 'node_modules/.bin')}:${env['PATH']}` }
    run([tsc, ...options, ...typeRoots, 'program.ts'], { cwd: other, env: tools })
    throws(() => run([node, '-e', "import('mycelium/content/link')"], { cwd: other, env }))
  })

  test('Ctrl-C reaches it once', async () => {
    const data = join(work, 'data')
    // a group of its own, as a terminal's foreground job
    const command = ['setsid', join(prefix, 'bin/mycelium')] as const
    await using store = await startStore({ command, data, flags: ['--log', 'warn'] })
    const { child, output } = store
    const ended = once(child, 'exit')
    process.kill(-(child.pid ?? Number.NaN), 'SIGINT')
    deepEqual(await ended, [0, null], output())
  })
})

async function loseDatabase(data: string): Promise<void> {
  for (const name of await readdir(data))
    if (name.startsWith('metadata.sqlite')) await rm(join(data, name))
}

/** The command it names as the remedy. */
function refusedStart(
  [file, ...args]: readonly [string, ...string[]],
  { data, ...where }: { readonly data: string; readonly cwd: string; readonly env: typeof env },
): string {
  const { status, stderr } = spawnSync(file, [...args, 'up', '--data', data, '--log', 'silent'], {
    ...where,
    encoding: 'utf8',
  })
  equal(status, 7, stderr)
  return /^ {2}(.* rebuild .*)$/m.exec(stderr)?.[1] ?? stderr
}
