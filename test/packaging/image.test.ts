/**
 * The Dockerfile and the compose file, held to the code. No container engine is needed: what the builder would do is done in a directory, with
 * the same files and the same commands, and what the image would start is started by a user without rights. What only an engine can
 * tell (the base image, the network between containers) is not tried here.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import { librariesPortDefault, librariesSettings } from '#main/libraries.config'
import type { Origin } from '#main/settings'
import { httpPortDefault, s3PortDefault, upSettings } from '#main/up.config'
import { type Command, cleanEnvironment, startStore } from '../harness.ts'
import { type Instruction, readDockerfile, type Stage } from './dockerfile.ts'
import { run, strangerEnvironment } from './installed.ts'

const checkout = join(import.meta.dirname, '../..')
const manifest: { dependencies: Record<string, string> } = JSON.parse(read('package.json'))
const compose = parse(read('compose.yaml'))
const service = compose.services.mycelium
const [build, image, ...others] = readDockerfile(read('Dockerfile'))
ok(build !== undefined && image !== undefined && others.length === 0)

function read(path: string): string {
  return readFileSync(join(checkout, path), 'utf8')
}

function all({ instructions }: Stage, wanted: string): readonly Instruction[] {
  return instructions.filter(({ name }) => name === wanted)
}

function one(stage: Stage, wanted: string): Instruction {
  const [found, ...more] = all(stage, wanted)
  ok(found !== undefined && more.length === 0, `one ${wanted}`)
  return found
}

function environmentOf(stage: Stage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    all(stage, 'ENV').map(({ text }) => {
      const [, name = '', value = ''] = /^(\w+)=(\S*)$/.exec(text) ?? []
      return [name, value]
    }),
  )
}

test('the image runs the Node that the package names, as nobody in particular', () => {
  const base = `node:${manifest.dependencies['node']}-slim`
  deepEqual([build.base, image.base], [base, base])
  equal(one(image, 'USER').text, 'node')
  equal(one(image, 'STOPSIGNAL').text, 'SIGTERM')
  deepEqual(one(image, 'ENTRYPOINT').words, ['mycelium'])
  deepEqual(one(image, 'CMD').words, ['up'])
})

test('image, compose file and program agree on ports, settings and paths', () => {
  const { PATH, ...env } = environmentOf(image)
  deepEqual(env, {
    MYCELIUM_HOST: '0.0.0.0',
    MYCELIUM_DATA: '/data',
    MYCELIUM_S3_PORT: String(s3PortDefault),
    MYCELIUM_HTTP_PORT: String(httpPortDefault),
  })
  match(PATH ?? '', /^\/opt\/mycelium\/packaging\/bin:/)
  const ports = [s3PortDefault, httpPortDefault].map(String)
  deepEqual(one(image, 'EXPOSE').words, ports)
  deepEqual(
    service.ports,
    ports.map((port) => `127.0.0.1:${port}:${port}`),
    'published on this machine only',
  )
  equal(one(image, 'VOLUME').text, env['MYCELIUM_DATA'])
  deepEqual(service.volumes, [`data:${env['MYCELIUM_DATA']}`])
  deepEqual(Object.keys(compose.volumes), ['data', 'libraries'])
  equal(service.restart, 'unless-stopped')
  const known = new Set(Object.values(upSettings).map(({ env: name }) => name))
  for (const [name, value] of Object.entries({ ...env, ...service.environment }))
    ok(known.has(name) && (value === null || name in env), name)
  ok(Object.values(service.environment).every((value) => value === null))
})

test('the compose file has a registry of libraries, which is started only by its name', () => {
  const { libraries } = compose.services
  deepEqual([libraries.profiles, libraries.command], [['libraries'], ['libraries']])
  deepEqual(libraries.ports, [`127.0.0.1:8088:${librariesPortDefault}`])
  deepEqual(libraries.volumes, ['libraries:/data'])
  deepEqual(libraries.healthcheck, service.healthcheck)
  const known = new Set(Object.values(librariesSettings).map((setting: Origin) => setting.env))
  const { REGISTRY_HOST: host, REGISTRY_PORT: port, ...passed } = libraries.environment
  deepEqual([host, port], ['0.0.0.0', librariesPortDefault])
  for (const [name, value] of Object.entries(passed)) ok(known.has(name) && value === null, name)
  const { image: own, build: from, restart, read_only: sealed, cap_drop: dropped } = libraries
  deepEqual(
    [own, from, restart, sealed, dropped],
    [service.image, service.build, service.restart, service.read_only, service.cap_drop],
  )
})

test('the builder is sent what it is to copy', () => {
  const sent = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path)
  const copied = [...all(build, 'COPY'), ...all(image, 'COPY')]
    .filter(({ flags }) => flags['from'] === undefined)
    .flatMap(({ words }) => words.slice(0, -1))
  deepEqual(new Set(copied.map((path) => path.split('/')[0])), new Set(sent))
})

test('image and compose file ask for its health in the same way', () => {
  const { flags, words } = one(image, 'HEALTHCHECK')
  const { test: command, ...timing } = service.healthcheck
  deepEqual(command, ['CMD', ...words])
  const named = Object.entries(flags).map(([flag, value]) => [flag.replaceAll('-', '_'), value])
  deepEqual(
    Object.fromEntries(Object.entries(timing).map(([name, value]) => [name, String(value)])),
    Object.fromEntries(named),
  )
})

test('what the Dockerfile builds is whole, and serves, tells its health and stops as a user without rights', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mycelium-image-'))
  after(() => rm(root, { recursive: true, force: true }))
  await chmod(root, 0o755)
  const built = await imitate(build, { root, from: undefined })
  const folder = await imitate(image, { root, from: built })
  deepEqual(globSync('**/*.ts', { cwd: join(folder, 'opt/mycelium'), exclude: isPackages }), [])

  const place = (text: string): string =>
    text.replaceAll(/(?<![\w/.])\/(?=data|opt)/g, `${folder}/`)
  const env = Object.fromEntries(
    Object.entries(environmentOf(image)).map(([name, value]) => [name, place(value)]),
  )
  const path = `${env['PATH']?.replace(':$PATH', '')}:${process.env['PATH']}`
  const [entry = '', ...command] = [...one(image, 'ENTRYPOINT').words, ...one(image, 'CMD').words]
  equal(command.join(' '), 'up')
  const data = env['MYCELIUM_DATA'] ?? ''
  const ports = { MYCELIUM_S3_PORT: '0', MYCELIUM_HTTP_PORT: '0', MYCELIUM_NODES: '3' }
  await using store = await startStore({
    command: asNobody([entry]),
    data,
    ports: 'default', // the environment names them, as in the image
    env: { ...env, ...ports, PATH: path, MYCELIUM_PROFILE: '2+1', MYCELIUM_LOG: 'warn' },
  })
  const object = `${store.httpUrl}/s3/first-bucket/hello.txt`
  equal((await fetch(object, { method: 'PUT', body: 'hello' })).status, 200)
  equal(await (await fetch(object)).text(), 'hello')

  const ask = (port: string): number | null => {
    const [file = '', ...args] = one(image, 'HEALTHCHECK').words
    const code = args.map((text) => text.replace(String(httpPortDefault), port))
    return spawnSync(file, code, { env: { ...cleanEnvironment(), PATH: path } }).status
  }
  equal(ask(new URL(store.httpUrl).port), 0)
  equal(ask(new URL(store.s3Url).port), 1, 'who answers anything but health is not healthy')
  match(store.output(), /Warning {2}Requests travel in clear text/)
  equal(await store.stop(), 0)
})

/** COPY, WORKDIR and RUN in a directory that stands for the file system of the stage, which it returns. */
async function imitate(
  { name, instructions }: Stage,
  { root, from }: { readonly root: string; readonly from: string | undefined },
): Promise<string> {
  const folder = join(root, name ?? 'image')
  const home = join(root, 'home')
  let workdir = '/'
  const here = (path: string): string =>
    path.startsWith('/') ? join(folder, path) : join(folder, workdir, path)
  await mkdir(home, { recursive: true })
  for (const { name: what, flags, words, text } of instructions) {
    if (what === 'WORKDIR') {
      workdir = text
      await mkdir(here('.'), { recursive: true })
    } else if (what === 'COPY') {
      const source = flags['from'] === undefined ? checkout : (from ?? '')
      const [target = '', ...paths] = words.toReversed()
      for (const path of paths) await copy(join(source, path), here(target), target.endsWith('/'))
    } else if (what === 'RUN') {
      const command = text
        .replaceAll(/(?<= )\/(?=data)/g, `${folder}/`)
        .replace(/-o node -g node/, '') // the base image brings this user; given away below
      run(['sh', '-e', '-c', command], { cwd: here('.'), env: buildEnvironment(home) })
    }
  }
  if (process.getuid?.() === 0 && from !== undefined) await chown(here('/data'), nobody, nobody)
  return folder
}

/** The context ignores tests (.dockerignore), as here. */
async function copy(source: string, target: string, isFolder: boolean): Promise<void> {
  await cp(source, isFolder ? join(target, basename(source)) : target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith('.test.ts'),
  })
}

function isPackages(path: string): boolean {
  return path.includes('node_modules')
}

/** The base image has the right Node on its path, and no package of ours. */
function buildEnvironment(home: string): Record<string, string> {
  const env = strangerEnvironment(home)
  return { ...env, PATH: `${join(checkout, 'node_modules/node/bin')}:${env['PATH']}` }
}

const nobody = 65_534

/** Only root can become somebody else; whoever runs the tests otherwise has no rights worth speaking of. */
function asNobody(command: readonly [string, ...string[]]): Command {
  if (process.getuid?.() !== 0) return command
  const user = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups']
  return ['setpriv', ...user, ...command]
}
