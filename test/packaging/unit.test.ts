/** The systemd units: systemd itself finds them right, and hardened, and they speak of settings and exit codes that exist. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { exitCodes } from '#main/exit-codes'
import { librariesSettings } from '#main/libraries.config'
import { registrySettings } from '#main/registry.config'
import type { Origin } from '#main/settings'
import { upSettings } from '#main/up.config'

const checkout = join(import.meta.dirname, '../..')
const units = ['mycelium', 'mycelium-registry', 'mycelium-libraries'] as const
type Unit = (typeof units)[number]

function textOf(unit: Unit): string {
  return readFileSync(join(checkout, `packaging/systemd/${unit}.service`), 'utf8')
}

function valuesOf(unit: Unit, name: string): readonly string[] {
  const text = textOf(unit)
  return [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
}

/** The unit as it would lie in /etc, with the program of this checkout, which is there to be looked at. */
async function analyze(context: TestContext, unit: Unit, ...args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-unit-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, `${unit}.service`)
  const launcher = join(checkout, 'packaging/bin/mycelium')
  await writeFile(path, textOf(unit).replace('/opt/mycelium/bin/mycelium', launcher))
  const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, path], {
    encoding: 'utf8',
  })
  return { status, printed: `${stdout}${stderr}` }
}

const isAbsent = spawnSync('systemd-analyze', ['--version']).status !== 0
const skip = isAbsent && 'no systemd-analyze here: apt-get install systemd'

for (const unit of units) {
  test(`systemd finds nothing to say against ${unit}`, { skip }, async (context) => {
    deepEqual(await analyze(context, unit, 'verify'), { status: 0, printed: '' })
  })

  test(`an attacker of ${unit} would find little: exposure at most 1.5 of 10`, {
    skip,
  }, async (context) => {
    const { status, printed } = await analyze(
      context,
      unit,
      'security',
      '--offline=yes',
      '--no-pager',
      '--threshold=15',
    )
    equal(status, 0, printed)
  })
}

test('that of a store names settings that exist, and gives up where trying again cannot help', () => {
  const known = new Set<string>(Object.values(upSettings).map(({ env }) => env))
  const named = valuesOf('mycelium', 'Environment').map((one) => one.replace(/=.*/, ''))
  deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  )
  ok(named.includes('MYCELIUM_DATA'))
  const { settings, data, key, rebuild, nodes, incomplete, platform } = exitCodes
  const hopeless = [settings, data, key, rebuild, nodes, incomplete, platform].join(' ')
  deepEqual(valuesOf('mycelium', 'RestartPreventExitStatus'), [hopeless])
  deepEqual(valuesOf('mycelium', 'KillSignal'), ['SIGTERM'])
  deepEqual(valuesOf('mycelium', 'ExecStart'), ['/opt/mycelium/bin/mycelium up'])
})

test('that of a registry names settings that exist, and tries again when a database may come back', () => {
  const known = new Set<string>(Object.values(registrySettings).map(({ env }) => env))
  const named = valuesOf('mycelium-registry', 'Environment').map((one) => one.replace(/=.*/, ''))
  deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  )
  const { settings, data, platform } = exitCodes
  deepEqual(valuesOf('mycelium-registry', 'RestartPreventExitStatus'), [
    [settings, data, platform].join(' '),
  ])
  deepEqual(valuesOf('mycelium-registry', 'KillSignal'), ['SIGTERM'])
  deepEqual(valuesOf('mycelium-registry', 'ExecStart'), ['/opt/mycelium/bin/mycelium registry'])
})

test('that of libraries names settings that exist, and tries again when a database may come back', () => {
  const known = new Set(Object.values(librariesSettings).map((setting: Origin) => setting.env))
  const named = valuesOf('mycelium-libraries', 'Environment').map((one) => one.replace(/=.*/, ''))
  deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  )
  const { settings, data, key, rebuild, nodes, incomplete, platform } = exitCodes
  const hopeless = [settings, data, key, rebuild, nodes, incomplete, platform].join(' ')
  deepEqual(valuesOf('mycelium-libraries', 'RestartPreventExitStatus'), [hopeless])
  deepEqual(valuesOf('mycelium-libraries', 'KillSignal'), ['SIGTERM'])
  deepEqual(valuesOf('mycelium-libraries', 'ExecStart'), ['/opt/mycelium/bin/mycelium libraries'])
})
