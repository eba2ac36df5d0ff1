/** The registry of libraries and verdaccio, each a process of its own with its files on the same disk, and somebody signed in. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/postgres/server.ts'
import { until } from '../../test/until.ts'
import { type BenchRegistry, type Publication, startRegistry } from './registry.ts'

/** Beside the sources: a real disk, where a temporary directory may be memory. */
const home = new URL('../.data/', import.meta.url).pathname
const peerVersion = '6'
const password = 'four words nobody says'

/** Installed for the run, and no dependency. It asks for a version of `node-fetch` by a tag, which mirrors do not all have. */
const peerPackage = {
  ...{ private: true, dependencies: { verdaccio: peerVersion } },
  overrides: { 'node-fetch': '2.7.0' },
}

export interface Peer {
  readonly url: string
  readonly token: string
}

export interface Contest {
  readonly ours: BenchRegistry
  readonly peer: Peer
}

export async function withBoth<T>(work: (contest: Contest) => Promise<T>): Promise<T> {
  await mkdir(home, { recursive: true })
  const directory = await mkdtemp(join(home, 'registries-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const ours = await startRegistry(directory, { stack })
  return await work({ ours, peer: await startPeer(directory, stack) })
}

async function startPeer(directory: string, stack: AsyncDisposableStack): Promise<Peer> {
  const packages = join(home, `verdaccio-${peerVersion}`)
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefix', packages]
  await mkdir(packages, { recursive: true })
  await writeFile(join(packages, 'package.json'), JSON.stringify(peerPackage))
  const installed = spawnSync('npm', ['install', ...flags], { cwd: packages })
  if (installed.status !== 0) throw new Error(`verdaccio: ${installed.stderr}`)
  const port = await freePort()
  const config = join(directory, 'verdaccio.yaml')
  await writeFile(config, configOf(join(directory, 'peer')))
  const program = join(packages, 'node_modules/.bin/verdaccio')
  const args = ['--config', config, '--listen', `127.0.0.1:${port}`]
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore' })
  stack.defer(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const url = `http://127.0.0.1:${port}`
  await until(
    () =>
      fetch(`${url}/-/ping`).then(
        ({ ok }) => ok,
        () => false,
      ),
    (is) => is,
  )
  const user = { name: 'bench', password, email: 'bench@example.org', type: 'user' }
  const added = await fetch(`${url}/-/user/org.couchdb.user:bench`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  })
  const { token } = JSON.parse(await added.text())
  return { url, token }
}

function configOf(storage: string): string {
  return [
    `storage: ${storage}`,
    'auth: { htpasswd: { file: ./htpasswd, max_users: 10 } }',
    'max_body_size: 100mb',
    "packages: { '**': { access: $all, publish: $authenticated } }",
    'log: { type: stdout, format: json, level: fatal }',
    'userRateLimit: { windowMs: 1000, max: 100000 }',
    '',
  ].join('\n')
}

export interface Package extends Publication {
  readonly description?: string
  readonly keywords?: readonly string[]
  readonly readme?: string
}

/** What `npm publish` sends: `@bench/name`. */
function packumentOf({ url }: Peer, { name, version, archive, ...told }: Package): string {
  const file = `${name}-${version}.tgz`
  const digest = (algorithm: string, form: 'hex' | 'base64'): string =>
    createHash(algorithm).update(archive).digest(form)
  const dist = {
    integrity: `sha512-${digest('sha512', 'base64')}`,
    shasum: digest('sha1', 'hex'),
    tarball: `${url}/@bench/${name}/-/${file}`,
  }
  const id = `@bench/${name}`
  const manifest = { name: id, version, _id: `${id}@${version}`, ...told, dist }
  return JSON.stringify({
    ...{ _id: id, name: id, ...told, 'dist-tags': { latest: version } },
    versions: { [version]: manifest },
    _attachments: {
      [`@bench/${file}`]: {
        content_type: 'application/octet-stream',
        data: archive.toString('base64'),
        length: archive.length,
      },
    },
  })
}

export async function publishPeer(peer: Peer, one: Package): Promise<void> {
  const response = await fetch(`${peer.url}/@bench%2f${one.name}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${peer.token}`, 'content-type': 'application/json' },
    body: packumentOf(peer, one),
  })
  const text = await response.text()
  if (response.status !== 201) throw new Error(`verdaccio: ${response.status} ${text}`)
}
