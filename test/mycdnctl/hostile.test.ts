/** Links that strangers have made to do harm: names, directories in circles, manifests that are none. Their files are empty, so that no backend is needed. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { formatLink } from '#content/link'
import { keepManifest } from '#content/manifest'
import type { DirectoryMetadata, FileMetadata, Metadata } from '#content/metadata'
import { RegistryClient } from '#content/registry-client'
import { contentHashOf } from '#content/seal'
import { forgottenLots } from '#content/upload'
import { isFault } from '#fault/fault'
import { systemWorld } from '#world/system'
import { type RunningRegistry, startRegistry } from '../integration/registry/registry-server.ts'
import { openWorkplace, type Workplace } from './mycdnctl.ts'

const world = systemWorld()

describe('mycdnctl does not let strangers', () => {
  let registry: RunningRegistry
  let place: Workplace
  before(async () => {
    registry = await startRegistry()
    place = await openWorkplace(`http://localhost:${registry.port}`)
  })
  after(async () => {
    await place?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
  })

  const client = (): RegistryClient => {
    const { signal } = new AbortController()
    return new RegistryClient({
      url: `http://localhost:${registry.port}`,
      token: undefined,
      world,
      signal,
    })
  }
  const keep = (metadata: Metadata) =>
    keepManifest(metadata, { registry: client(), lots: forgottenLots, world })
  const linkOf = ({ hash, key }: { readonly hash: Uint8Array; readonly key: Uint8Array }): string =>
    formatLink({ hash, key, registry: client().origin, form: 'fragment' })
  const file = (name: string): FileMetadata => ({
    kind: 'file',
    contentHash: contentHashOf(new Uint8Array()),
    name,
    mime: undefined,
    blocks: [],
  })
  const directory = async (
    name: string,
    entries: readonly Metadata[],
  ): Promise<DirectoryMetadata> => {
    const files = await Promise.all(entries.map(keep))
    return { kind: 'directory', name, files: files.map(({ hash, key }) => ({ hash, key })) }
  }

  test('replace what is there, under a name of theirs', async () => {
    const mine = place.path('.profile')
    await writeFile(mine, 'mine')
    const link = linkOf(await keep(file('.profile')))
    const tree = linkOf(await keep(await directory('.', [file('.profile')])))
    for (const args of [[link], [link, '--range', '0-0']]) {
      const { code, stderr } = await place.run(['download', ...args])
      equal(code, 10, stderr)
      match(stderr, /is there already.*--force/)
    }
    equal((await place.run(['download', tree, '-o', '.'])).code, 11)
    equal(await readFile(mine, 'utf8'), 'mine')
    equal((await place.run(['download', link, '--force'])).code, 0)
    equal(await readFile(mine, 'utf8'), '')
    match((await place.run(['download', link])).stdout, /Already there/)
    await writeFile(mine, 'mine')
    equal((await place.run(['download', link, '-o', mine])).code, 0, 'named by who asks')
    equal(await readFile(mine, 'utf8'), '')
  })

  test('make a directory that nobody can fetch: its names are looked at before anything is sent', async () => {
    await mkdir(place.path('tree'), { recursive: true })
    for (const name of ['a\nb', 'x\u202etxt.exe', 'CON']) {
      await writeFile(place.path('tree', name), '')
      const { code, stderr } = await place.run(['upload', '--recursive', 'tree'])
      equal(code, 10, stderr)
      match(stderr, /nobody could fetch it under its name/)
      await rm(place.path('tree', name))
    }
  })

  for (const name of ['../evil', '/etc/evil', '..', '', 'a\0b', 'CON', 'x\u202Etxt.exe'])
    test(`write a file named ${JSON.stringify(name)}`, async () => {
      const before = await readdir(place.path(), { recursive: true })
      for (const metadata of [file(name), await directory('fine', [file(name)])]) {
        const { code, stderr } = await place.run(['download', linkOf(await keep(metadata))])
        equal(code, 11, stderr)
        match(stderr, /Its name cannot be that of a file here/)
      }
      const left = await readdir(place.path(), { recursive: true })
      deepEqual(
        left.filter((path) => !before.includes(path) && path !== 'fine'),
        [],
      )
    })

  test('hide one file behind another of its name', async () => {
    const both = await directory('both', [file('same'), file('SAME'), file('same')])
    const { code, stderr } = await place.run(['download', linkOf(await keep(both)), '-o', 'both'])
    equal(code, 0, stderr)
    deepEqual((await readdir(place.path('both'))).sort(), ['SAME (2)', 'same', 'same (3)'])
  })

  test('steer a terminal, or lead it through endless directories', async () => {
    let deep: DirectoryMetadata = await directory('end', [])
    for (let depth = 0; depth < 70; depth += 1) deep = await directory(`${depth}`, [deep])
    const { code, stderr } = await place.run(['verify', linkOf(await keep(deep))])
    equal(code, 11)
    match(stderr, /too deep or too many/)
  })

  test('pass off other bytes, another key, or something else as a manifest', async () => {
    const { hash, key } = await keep(file('right'))
    const wrong = await place.run(['ls', linkOf({ hash, key: new Uint8Array(16) })])
    equal(wrong.code, 8)
    match(wrong.stderr, /The key does not fit/)
    const unknown = await place.run(['ls', linkOf({ hash: new Uint8Array(16), key })])
    equal(unknown.code, 3)
    const blob = Buffer.from('this is no manifest')
    await client().put({ blob, hash: contentHashOf(blob) })
    const foreign = formatLink({
      hash: contentHashOf(blob),
      key: undefined,
      registry: client().origin,
      form: 'query',
    })
    const { code, stderr } = await place.run(['ls', foreign])
    equal(code, 8)
    ok(stderr.includes('it does not begin with MCDN'))
  })

  test('change a byte on the way, as a cache that was tampered with: it is noticed every time', async () => {
    const { hash, blob } = await keep(file('cached'))
    let flipped = 0
    const edge = createServer((_request, response) => {
      const bytes = Buffer.from(blob)
      bytes[flipped] = (bytes[flipped] ?? 0) ^ 1
      response.end(bytes)
    })
    await once(edge.listen(0, '127.0.0.1'), 'listening')
    const { port } = edge.address() as AddressInfo // of TCP
    const { signal } = new AbortController()
    const url = `http://127.0.0.1:${port}`
    const reader = new RegistryClient({ url, token: undefined, world, signal })
    for (; flipped < blob.length; flipped += 1)
      await rejects(reader.get(hash), (error) => isFault(error, 'content/registry-differs'))
    edge.close()
    edge.closeAllConnections()
  })

  test('claim a content that is not there', async () => {
    const { code, stderr } = await place.run([
      'download',
      linkOf(await keep({ ...file('claim'), contentHash: new Uint8Array(16) })),
    ])
    equal(code, 8)
    match(stderr, /its hash is another one/)
  })
})
