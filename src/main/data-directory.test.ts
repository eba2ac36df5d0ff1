import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createKeyring } from '#keyring/change-keyring'
import { openCredentials } from '#main/credentials'
import { openDataDirectory } from '#main/data-directory'
import { takeLock } from '#main/lock'
import { openMasterKey } from '#main/master-key'
import { SimulatedWorld } from '#world/simulated'

const world = new SimulatedWorld(1)

async function temporary(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'main-'))
  context.after(() => rm(path, { recursive: true }))
  return path
}

test('a second opener is refused and told who holds the directory', async (context) => {
  const path = await temporary(context)
  using first = await openDataDirectory(path, { program: 'mycelium up', world })
  await rejects(openDataDirectory(path, { program: 'mycelium gc', world }), {
    code: 'main/data-in-use',
    detail: { program: 'mycelium up', pid: process.pid, since: '2026-01-01T00:00:00.000Z' },
  })
  first.lock.release()
  using second = await openDataDirectory(path, { program: 'mycelium gc', world })
  equal(second.root, first.root)
})

test('the lock of a killed process is free at once', async (context) => {
  const path = join(await temporary(context), 'lock')
  const script = `
    import { takeLock } from '#main/lock'
    takeLock(process.argv[1], { program: 'mycelium up', pid: process.pid, since: 0 })
    console.log('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const holder = { program: 'mycelium gc', pid: process.pid, since: 0 }
  throws(() => takeLock(path, holder), { code: 'main/data-in-use' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  takeLock(path, holder).release()
})

test('a path that cannot be a directory is refused with the reason', async (context) => {
  const path = join(await temporary(context), 'file')
  await writeFile(path, '')
  await rejects(openDataDirectory(join(path, 'data'), { program: 'mycelium up', world }), {
    code: 'main/data-unusable',
    detail: { path: join(path, 'data'), reason: 'a part of the path is a file, not a directory' },
  })
})

test('programs that need a store do not make an empty one', async (context) => {
  const path = join(await temporary(context), 'data')
  const options = { program: 'mycelium rebuild', world, mustExist: true }
  await rejects(openDataDirectory(path, options), { code: 'main/no-store' })
  await rejects(stat(path))
})

test('node directories are listed in order, and nothing else', async (context) => {
  const path = await temporary(context)
  using directory = await openDataDirectory(path, { program: 'mycelium up', world })
  for (const name of ['node-02', 'node-01', '.trash']) {
    await mkdir(join(path, 'nodes', name), { recursive: true })
  }
  await writeFile(join(path, 'nodes', 'notes.txt'), '')
  deepEqual(await directory.listNodes(), ['node-01', 'node-02'])
})

test('credentials are made once, kept private, and stay whatever the environment says later', async (context) => {
  const path = join(await temporary(context), 'aws-credentials')
  const made = await openCredentials(path, { given: undefined, world })
  equal(made.origin, 'generated')
  equal(/^AKIA[A-Z2-7]{16}$/.test(made.accessKeyId), true)
  equal(made.secret.length, 40)
  equal((await stat(path)).mode & 0o777, 0o600)
  const given = { accessKeyId: 'OTHER', secret: 'other-secret' }
  deepEqual(await openCredentials(path, { given, world }), {
    accessKeyId: made.accessKeyId,
    secret: made.secret,
    origin: 'file',
    ignoredKeyId: 'OTHER',
  })
})

test('credentials of the environment are taken at the first start', async (context) => {
  const path = join(await temporary(context), 'aws-credentials')
  const given = { accessKeyId: 'AKIAGIVEN', secret: 'given-secret' }
  deepEqual(await openCredentials(path, { given, world }), { ...given, origin: 'environment' })
  deepEqual(await openCredentials(path, { given: undefined, world }), { ...given, origin: 'file' })
})

const noSettings = { masterKey: undefined, masterKeyFile: undefined, passphrase: undefined }

test('a new store gets a master key of its own, private and kept', async (context) => {
  const path = join(await temporary(context), 'master.key')
  const made = await openMasterKey(path, { settings: noSettings, keyring: undefined, world })
  equal((await stat(path)).mode & 0o777, 0o600)
  const keyring = createKeyring({ master: made.key, world })
  deepEqual(await openMasterKey(path, { settings: noSettings, keyring, world }), made)
})

test('a store whose master key is gone is not given a new one', async (context) => {
  const path = join(await temporary(context), 'master.key')
  const keyring = createKeyring({ master: world.randomBytes(32), world })
  await rejects(openMasterKey(path, { settings: noSettings, keyring, world }), {
    code: 'main/master-key-missing',
  })
  await rejects(stat(path))
})

test('a key that is no key is told by where it came from, never by its text', async () => {
  const settings = { ...noSettings, masterKey: 'hunter2' }
  await rejects(
    openMasterKey('unused', { settings, keyring: undefined, world }),
    (error: Error) => {
      equal(error.message.includes('MYCELIUM_MASTER_KEY'), true)
      return !error.message.includes('hunter2')
    },
  )
})
