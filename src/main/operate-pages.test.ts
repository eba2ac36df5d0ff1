/** What operators read in docs/operate/ is what the program does. */
import { deepEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { accountRoutes } from '#api/accounts/routes'
import { iamActions } from '#api/iam/door'
import { openStsActions } from '#api/iam/sts'
import { libraryRoutes } from '#api/library/routes'
import { adminCommands } from '#main/admin-commands'
import { exitCodes } from '#main/exit-codes'
import { exportSettings } from '#main/export.config'
import { gcSettings } from '#main/gc.config'
import { heroRedisSettings } from '#main/hero-redis.config'
import { importSettings } from '#main/import.config'
import { inspectSettings } from '#main/inspect.config'
import { librariesSettings } from '#main/libraries.config'
import { librarySettings } from '#main/library-settings'
import { migrateSettings } from '#main/migrate-metadata.config'
import { rebuildSettings } from '#main/rebuild.config'
import { registrySettings } from '#main/registry.config'
import { rotateSettings } from '#main/rotate-keys.config'
import { flagName, type Settings } from '#main/settings'
import { upSettings } from '#main/up.config'
import { verifySettings } from '#main/verify.config'
import { openMetrics } from '#telemetry/metrics'

function page(name: string): string {
  return readFileSync(new URL(`../../docs/operate/${name}.md`, import.meta.url), 'utf8')
}

test('settings.md names every flag and variable of every command, and no other', () => {
  const text = page('settings')
  const all: readonly Settings[] = [
    upSettings,
    heroRedisSettings,
    gcSettings,
    migrateSettings,
    rebuildSettings,
    rotateSettings,
    verifySettings,
    inspectSettings,
    exportSettings,
    importSettings,
    ...adminCommands.map((command) => command.settings),
  ]
  const ofLibraries: ReadonlySet<unknown> = new Set(Object.values(librarySettings)) // libraries.md names them
  const settings = all
    .flatMap(Object.values<Settings[string]>)
    .filter((setting) => !ofLibraries.has(setting))
    .flatMap((setting) => [flagName(setting), setting.env])
  const known = new Set(['--help', ...settings.filter((name) => name !== undefined)])
  const written = new Set(text.match(/(?<=`)(--[a-z0-9-]+|(MYCELIUM|AWS|DATABASE)_[A-Z0-9_]+)/g))
  deepEqual([...written].sort(), [...known].sort())
})

test('cdn.md names every flag and variable of the registry, and no other', () => {
  const names = Object.values<Settings[string]>(registrySettings)
    .flatMap((setting) => [flagName(setting), setting.env])
    .filter((name) => name !== undefined)
  const written = page('cdn').match(/(?<=`)(--[a-z0-9-]+|(MYCELIUM|DATABASE|OTEL)_[A-Z0-9_]+)/g)
  deepEqual([...new Set(written)].sort(), [...new Set(names)].sort())
})

test('libraries.md names every flag and variable of the registry of libraries, and no other', () => {
  const settings = Object.values<Settings[string]>(librariesSettings)
  const names = settings
    .flatMap((setting) => [flagName(setting), setting.env])
    .filter((name) => name !== undefined)
  const own: ReadonlySet<unknown> = new Set(Object.values(librarySettings))
  const ofStore = new Set(
    Object.values<Settings[string]>(upSettings)
      .filter((setting) => !own.has(setting))
      .map(({ env }) => env),
  )
  const text = page('libraries')
  const written = new Set(text.match(/(?<=`)(--[a-z0-9-]+|[A-Z][A-Z0-9]*(_[A-Z0-9]+)+)(?=[` ])/g))
  const isTold = (name: string): boolean =>
    ofStore.has(name) || new RegExp(`\`${name}[\` ]`).test(text)
  deepEqual(
    names.filter((name) => !isTold(name)),
    [],
  )
  const known = new Set(names)
  deepEqual(
    [...written].filter((name) => !known.has(name)),
    [],
  )
})

test('libraries-api.md names every operation, and no other', () => {
  const text = readFileSync(new URL('../../docs/use/libraries-api.md', import.meta.url), 'utf8')
  const written = [...text.matchAll(/^\| `([A-Z]+ \/\S*)` \|/gm)].map(([, name]) => name)
  const routes = [...libraryRoutes, ...accountRoutes]
  deepEqual(written.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort())
})

test('exit-codes.md has a row for every code', () => {
  const rows = [...page('exit-codes').matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  deepEqual(rows, Object.values(exitCodes))
})

test('metrics.md names every metric of ours', async () => {
  const text = page('metrics')
  const exported = [
    ...(await openMetrics().text()).matchAll(/^# HELP ((?:mycelium|cyxcloud|mdlibs)_\w+)/gm),
  ]
  const names = exported.map(([, name = '']) => name)
  ok(names.length > 20)
  // the page shortens lists of names that differ in their ends: `…_free_bytes`
  const isNamed = (name: string): boolean =>
    text.includes(`\`${name}\``) ||
    [...text.matchAll(/`…(\w+)`/g)].some(([, end = '']) => name.endsWith(end))
  deepEqual(
    names.filter((name) => !isNamed(name)),
    [],
  )
})

test('policies.md names every action of IAM and STS', () => {
  const text = page('policies')
  // Those of users, groups and roles are written once, for `X`.
  const isNamed = (name: string): boolean =>
    text.includes(name) || text.includes(name.replace(/(User|Group|Role)(?=Polic)/, 'X'))
  const names = [...iamActions, ...openStsActions].map(({ name }) => name)
  ok(names.length > 60)
  deepEqual(
    names.filter((name) => !isNamed(name)),
    [],
  )
})
