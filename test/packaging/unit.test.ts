/** The systemd unit: systemd itself finds it right, and hardened, and it speaks of settings and exit codes that exist. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { exitCodes } from '#main/exit-codes'
import { upSettings } from '#main/up.config'

const checkout = join(import.meta.dirname, '../..')
const text = readFileSync(join(checkout, 'packaging/systemd/mycelium.service'), 'utf8')

function valuesOf(name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
}

/** The unit as it would lie in /etc, with the program of this checkout, which is there to be looked at. */
async function analyze(context: TestContext, ...args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-unit-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'mycelium.service')
  const launcher = join(checkout, 'packaging/bin/mycelium')
  await writeFile(path, text.replace('/opt/mycelium/bin/mycelium', launcher))
  const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, path], {
    encoding: 'utf8',
  })
  return { status, printed: `${stdout}${stderr}` }
}

const isAbsent = spawnSync('systemd-analyze', ['--version']).status !== 0
const skip = isAbsent && 'no systemd-analyze here: apt-get install systemd'

test('systemd finds nothing to say against it', { skip }, async (context) => {
  deepEqual(await analyze(context, 'verify'), { status: 0, printed: '' })
})

test('an attacker would find little: exposure at most 1.5 of 10', { skip }, async (context) => {
  const { status, printed } = await analyze(
    context,
    'security',
    '--offline=yes',
    '--no-pager',
    '--threshold=15',
  )
  equal(status, 0, printed)
})

test('it names settings that exist, and gives up where trying again cannot help', () => {
  const known = new Set<string>(Object.values(upSettings).map(({ env }) => env))
  const named = valuesOf('Environment').map((one) => one.replace(/=.*/, ''))
  deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  )
  ok(named.includes('MYCELIUM_DATA'))
  const { settings, data, key, rebuild, nodes, incomplete, platform } = exitCodes
  const hopeless = [settings, data, key, rebuild, nodes, incomplete, platform].join(' ')
  deepEqual(valuesOf('RestartPreventExitStatus'), [hopeless])
  deepEqual(valuesOf('KillSignal'), ['SIGTERM'])
  deepEqual(valuesOf('ExecStart'), ['/opt/mycelium/bin/mycelium up'])
})
