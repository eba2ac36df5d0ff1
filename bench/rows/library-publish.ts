/**
 * Publishing and downloading a library of 1 MiB, against verdaccio 6 and its tarballs: one client, one after the other, over loopback, each server in a
 * process of its own with its files on the same disk. Ours checks the archive, scans and indexes its text and signs it meanwhile; verdaccio keeps what it gets.
 * The peer is installed for the run, beside the sources, and is no dependency.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemWorld } from '#world/system'
import { archiveOf } from '../../test/library/registry.ts'
import { freePort } from '../../test/postgres/server.ts'
import { until } from '../../test/until.ts'
import { ZipfWords } from '../library/corpus.ts'
import { startRegistry } from '../library/registry.ts'
import { inTurn, type Measured, type Row } from '../row.ts'

const world = systemWorld()
const home = new URL('../.data/', import.meta.url).pathname
const peerVersion = '6'
const publishesPerRound = 10
const downloadsPerRound = 20
const password = 'four words nobody says'

/** It asks for a version of `node-fetch` by a tag, which mirrors do not all have. */
const peerPackage = {
  ...{ private: true, dependencies: { verdaccio: peerVersion } },
  overrides: { 'node-fetch': '2.7.0' },
}

interface Contestant {
  publish(): Promise<void>
  download(): Promise<void>
}

const publishing: Row = {
  name: 'library-publish',
  unit: '/s',
  better: 'higher',
  must: 1,
  aim: 2,
  measure: () =>
    withBoth(publishesMade, (ours, peer) =>
      inTurn(
        () => rateOf(publishesPerRound, () => ours.publish()),
        () => rateOf(publishesPerRound, () => peer.publish()),
      ),
    ),
}

const downloading: Row = {
  ...publishing,
  name: 'library-install',
  measure: () =>
    withBoth(1, async (ours, peer) => {
      await Promise.all([ours.publish(), peer.publish()])
      return await inTurn(
        () => rateOf(downloadsPerRound, () => ours.download()),
        () => rateOf(downloadsPerRound, () => peer.download()),
      )
    }),
}

export const libraryPublishRows: readonly Row[] = [publishing, downloading]

async function rateOf(times: number, work: () => Promise<void>): Promise<number> {
  const startedAt = world.monotonic()
  for (let time = 0; time < times; time += 1) await work()
  return (times * 1000) / (world.monotonic() - startedAt)
}

async function withBoth(
  versions: number,
  work: (ours: Contestant, peer: Contestant) => Promise<Measured>,
): Promise<Measured> {
  await mkdir(home, { recursive: true })
  const directory = await mkdtemp(join(home, 'publish-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const archive = await makeArchive()
  const ours = await startOurs(directory, { versions, stack })
  return await work(ours, await startPeer(directory, { archive, stack }))
}

/** Text that is written, not drawn: what packs to a mebibyte is some three times as much. */
async function makeArchive(version = '1.0.0'): Promise<Buffer> {
  const words = new ZipfWords('library-publish')
  const document = (): string =>
    Array.from({ length: 400 }, () => `${words.words(12).join(' ')}.`).join('\n')
  const files = Object.fromEntries(
    Array.from({ length: 100 }, (_, n) => [`docs/page-${n}.md`, `# Page ${n}\n\n${document()}\n`]),
  )
  return await archiveOf('@bench/body', version, { files })
}

async function startOurs(
  directory: string,
  { versions, stack }: { readonly versions: number; readonly stack: AsyncDisposableStack },
): Promise<Contestant> {
  const { url, token } = await startRegistry(directory, { stack })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/gzip' }
  let patch = 0
  const bodies = new Map<number, Buffer>()
  for (let n = 1; n <= versions; n += 1) bodies.set(n, await makeArchive(`1.0.${n}`))
  return {
    async publish() {
      patch += 1
      const body = Uint8Array.from(bodies.get(patch) ?? [])
      const path = `${url}/libraries/bench/body/1.0.${patch}`
      const response = await fetch(path, { method: 'PUT', headers, body })
      await response.arrayBuffer()
      if (response.status !== 201) throw new Error(`ours: ${response.status}`)
    },
    download: () => downloadFrom(`${url}/libraries/bench/body/1.0.1/download`, { headers }),
  }
}

/** Of all rounds: made before the clock runs. */
const publishesMade = 6 * publishesPerRound

async function startPeer(
  directory: string,
  { archive, stack }: { readonly archive: Buffer; readonly stack: AsyncDisposableStack },
): Promise<Contestant> {
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
  const child: ChildProcess = spawn(
    program,
    ['--config', config, '--listen', `127.0.0.1:${port}`],
    {
      stdio: 'ignore',
    },
  )
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
  const json = { 'content-type': 'application/json' }
  const added = await fetch(`${url}/-/user/org.couchdb.user:bench`, {
    ...{ method: 'PUT', headers: json, body: JSON.stringify(user) },
  })
  const { token } = JSON.parse(await added.text())
  const headers = { ...json, authorization: `Bearer ${token}` }
  let patch = 0
  return {
    async publish() {
      patch += 1
      const body = packumentOf(`1.0.${patch}`, { archive, url })
      const response = await fetch(`${url}/@bench%2fbody`, { method: 'PUT', headers, body })
      await response.arrayBuffer()
      if (response.status !== 201) throw new Error(`verdaccio: ${response.status}`)
    },
    download: () => downloadFrom(`${url}/@bench/body/-/body-1.0.1.tgz`, { headers }),
  }
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

/** What `npm publish` sends. */
function packumentOf(
  version: string,
  { archive, url }: { readonly archive: Buffer; readonly url: string },
): string {
  const file = `body-${version}.tgz`
  const digest = (name: string, form: 'hex' | 'base64'): string =>
    createHash(name).update(archive).digest(form)
  const dist = {
    integrity: `sha512-${digest('sha512', 'base64')}`,
    shasum: digest('sha1', 'hex'),
    tarball: `${url}/@bench/body/-/${file}`,
  }
  const manifest = { name: '@bench/body', version, _id: `@bench/body@${version}`, dist }
  return JSON.stringify({
    ...{ _id: '@bench/body', name: '@bench/body', 'dist-tags': { latest: version } },
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

/** As whoever installs it does: all of it, and its digest. */
async function downloadFrom(url: string, init: RequestInit): Promise<void> {
  const response = await fetch(url, init)
  if (response.status !== 200 || response.body === null)
    throw new Error(`${url}: ${response.status}`)
  const hash = createHash('sha256')
  for await (const piece of response.body) hash.update(piece)
  hash.digest()
}
