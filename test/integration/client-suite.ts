/** What the tests of outside clients share: a store, a folder, a tree of files that are awkward, and each client or why it is not there. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext } from 'node:test'
import { type RunningStore, startStore } from '../harness.ts'
import { type ClientName, installClients } from '../install-clients.ts'
import { type Client, outsideClient } from '../outside-clients.ts'

export const clientTree = {
  'empty.txt': 0,
  'small.bin': 3_000,
  'photos/2026/a photo + more (1).jpg': 700_000,
  'photos/2026/Übermut & ähnliches ☂.txt': 12_345,
  'photos/deep/er/and/deeper/file': 1,
  'large.bin': 6_000_000,
}

export interface ClientSuite {
  readonly store: RunningStore
  /** Of a file that may not be there yet. */
  pathOf(name: string): string
  folderOf(name: string): Promise<string>
  /** `undefined`, and the test is reported as not run, when the client is not there. */
  clientFor(context: TestContext, name: ClientName): Client | undefined
}

/** The store runs while the tests of the file do. */
export function openClientSuite(): ClientSuite {
  const clients = installClients()
  let opened: { readonly store: RunningStore; readonly folder: string } | undefined
  const running = () => {
    assert(opened)
    return opened
  }
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mycelium-clients-'))
    const flags = ['--nodes', '6', '--profile', '4+2', '--log', 'warn']
    opened = { folder, store: await startStore({ flags }) }
  })
  after(async () => {
    await running().store[Symbol.asyncDispose]()
    await rm(running().folder, { recursive: true, force: true })
  })
  return {
    get store() {
      return running().store
    },
    pathOf: (name) => join(running().folder, name),
    async folderOf(name) {
      const path = join(running().folder, name)
      await mkdir(path, { recursive: true })
      return path
    },
    clientFor(context, name) {
      const { file, version, text } = clients[name]
      context.diagnostic(text)
      const { store, folder } = running()
      if (version !== undefined) return outsideClient({ name, file }, store, folder)
      context.skip(text)
      return undefined
    },
  }
}
