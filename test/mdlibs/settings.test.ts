/** Registries and settings: who says what, and whose word counts. */
import { deepEqual, equal, match, rejects, throws } from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { describe, test } from 'node:test'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { forgetCredential, keepCredential, readCredential } from '#cli/mdlibs/credentials'
import { isLoopback, parseOrigin } from '#cli/mdlibs/origin'
import { placesOf } from '#cli/mdlibs/places'
import { accessRegistry, type RegistryAccess } from '#cli/mdlibs/registry-access'
import { chooseRegistry } from '#cli/mdlibs/registry-choice'
import { readSettings, type Settings, type SettingsFlags } from '#cli/mdlibs/settings'
import { systemWorld } from '#world/system'
import { openWorkplace, trustNobodyElse, type Workplace } from './workplace.ts'

function settingsOf(work: Workplace, flags: SettingsFlags = {}): Promise<Settings> {
  const { env, path } = work
  return readSettings({ directory: path(), home: path('home'), env, platform: 'linux', flags })
}

/** Of the registry that a command about this scope speaks to. */
function access(
  work: Workplace,
  { named, scope, yes = false }: { named?: string; scope?: string; yes?: boolean } = {},
): Promise<RegistryAccess> {
  const terminal = {
    ...{ isInteractive: yes, print: () => {}, warn: () => {}, draw: () => {} },
    columns: () => 80,
  }
  const context: MdlibsContext = {
    ...{ terminal, world: systemWorld(), signal: new AbortController().signal },
    ...{ isJson: false, isQuiet: false, directory: work.path() },
    settings: () => settingsOf(work),
    registryFlag: () => named,
    holdProject: async () => ({ [Symbol.dispose]: () => {} }),
    ...{ stdin: async function* () {}, trust: trustNobodyElse, userAgent: 'test' },
    ask: yes ? { line: async () => 'y', hidden: async () => '' } : undefined,
  }
  return accessRegistry(context, { scope })
}

describe('the registries of a user', () => {
  test('are added, listed, chosen and removed', async () => {
    await using work = await openWorkplace()
    match(
      (await work.run('registry', 'list')).stdout,
      /^No registries are configured: http:\/\/127\.0\.0\.1:8080/,
    )
    equal((await work.run('registry', 'add', 'work', 'https://Work.example/')).code, 0)
    equal((await work.run('registry', 'add', 'home', 'https://home.example/api/v1')).code, 0)
    equal(
      (await work.run('registry', 'list')).stdout,
      'Configured registries:\n* work: https://work.example (default)\n  home: https://home.example\n',
    )
    equal((await work.run('registry', 'set-default', 'home')).code, 0)
    equal(
      await work.read('home/.config/mdlibs/config.toml'),
      '[[registry]]\nname = "work"\nurl = "https://work.example"\n\n[[registry]]\nname = "home"\nurl = "https://home.example"\ndefault = true\n',
    )
    equal((await work.run('config', 'set', 'scopes.@acme', 'home')).code, 0)
    equal((await work.run('registry', 'remove', 'home')).code, 0)
    const { stdout } = await work.run('registry', 'list', '--json')
    deepEqual(JSON.parse(stdout), {
      registries: [{ name: 'work', url: 'https://work.example', default: true, from: 'user' }],
      default: 'https://work.example',
    })
    equal((await settingsOf(work)).scopes.user.size, 0)
  })

  test('have names and addresses that can be meant', async () => {
    await using work = await openWorkplace()
    await work.run('registry', 'add', 'one', 'https://one.example')
    const refused = async (...args: string[]): Promise<number> =>
      (await work.run('registry', ...args)).code
    equal(await refused('add', 'one', 'https://two.example'), 11)
    equal(await refused('add', 'a b', 'https://two.example'), 2)
    equal(await refused('add', 'two', 'two.example'), 2)
    equal(await refused('add', 'two', 'https://two.example/path'), 2)
    equal(await refused('add', 'two', 'https://me:secret@two.example'), 2)
    equal(await refused('remove', 'two'), 3)
    equal(await refused('set-default', 'two'), 3)
    match((await work.run('registry', 'add', 'two', 'http://two.example')).stderr, /not encrypted/)
  })

  test('comments of the file stay', async () => {
    await using work = await openWorkplace()
    const text = '# mine\ntimeout = 5 # short\n'
    await work.write('home/.config/mdlibs/config.toml', text)
    await work.run('registry', 'add', 'one', 'https://one.example')
    match(
      await work.read('home/.config/mdlibs/config.toml'),
      /^# mine\ntimeout = 5 # short\n\n\[\[/,
    )
  })
})

describe('settings', () => {
  test('of flags come before the environment, the user, and the default', async () => {
    await using work = await openWorkplace()
    const timeout = async (flags: SettingsFlags = {}): Promise<readonly [number, string]> => {
      const { value, from } = (await settingsOf(work, flags)).timeoutMs
      return [value, from]
    }
    deepEqual(await timeout(), [30_000, 'default'])
    equal((await work.run('config', 'set', 'timeout', '7.5')).code, 0)
    deepEqual(await timeout(), [7500, 'user'])
    work.env['MDLIBS_TIMEOUT'] = '8'
    deepEqual(await timeout(), [8000, 'environment'])
    deepEqual(await timeout({ timeout: '9' }), [9000, 'flag'])
    match((await work.run('config', 'list')).stdout, /^timeout = 8 {2}\(environment\)\n/)
    equal((await work.run('config', 'get', 'timeout')).stdout, '8\n')
    delete work.env['MDLIBS_TIMEOUT']
    equal((await work.run('config', 'unset', 'timeout')).code, 0)
    deepEqual(await timeout(), [30_000, 'default'])
  })

  test('where libraries go: the project says so, or the user', async () => {
    await using work = await openWorkplace()
    const place = async (): Promise<string> => (await settingsOf(work)).libraries.value
    equal(await place(), work.path('libraries'))
    await work.run('config', 'set', 'libraries', 'mine')
    equal(await place(), work.path('mine'))
    await work.write('.mdlibs.toml', '[install]\npath = "vendor/md"\n')
    equal(await place(), work.path('vendor/md'))
  })

  test('that make no sense are told all at once, with the file', async () => {
    await using work = await openWorkplace()
    const { places } = await settingsOf(work)
    await work.write(
      'home/.config/mdlibs/config.toml',
      'timeout = 0\n[scopes]\n"No" = "x"\n[[registry]]\nname = "a"\nurl = "ftp://x"\n[[registry]]\nname = "a"\n',
    )
    const { code, stderr } = await work.run('config', 'list')
    equal(code, 2)
    for (const told of [
      places.config,
      /timeout: expected more than 0/,
      /"No" is no scope/,
      /registry 1\.url: it begins neither/,
    ]) {
      match(stderr, typeof told === 'string' ? new RegExp(RegExp.escape(told)) : told)
    }
    await work.write('home/.config/mdlibs/config.toml', 'token = "secret"\n= broken')
    const broken = await work.run('config', 'list')
    match(broken.stderr, /line 2, column \d+: it is no TOML/)
    equal(broken.stderr.includes('secret'), false)
    equal((await work.run('list')).code, 0, 'documents are listed all the same')
  })

  test('that do not exist cannot be set', async () => {
    await using work = await openWorkplace()
    equal((await work.run('config', 'set', 'colour', 'red')).code, 2)
    equal((await work.run('config', 'set', 'timeout', 'long')).code, 2)
    equal((await work.run('config', 'set', 'scopes.@Not', 'x')).code, 2)
    equal((await work.run('config', 'list', '--timeout', 'x')).code, 2)
  })

  test('lie where the system has them', () => {
    const home = '/u'
    equal(placesOf({ home, env: {}, platform: 'linux' }).config, '/u/.config/mdlibs/config.toml')
    const env = { XDG_CONFIG_HOME: '/c', XDG_CACHE_HOME: '/k' }
    const places = placesOf({ home, env, platform: 'darwin' })
    deepEqual([places.config, places.cache], ['/c/mdlibs/config.toml', '/k/mdlibs'])
    match(
      placesOf({ home, env: {}, platform: 'darwin' }).config,
      /^\/u\/Library\/Application Support\//,
    )
  })
})

describe('which registry is spoken to', () => {
  const project = `[[registry]]
name = "theirs"
url = "https://theirs.example"
default = true

[[registry]]
name = "mine"
url = "https://evil.example"

[scopes]
"@acme" = "other"
`
  const user = `[[registry]]
name = "mine"
url = "https://mine.example"

[[registry]]
name = "other"
url = "https://other.example"

[scopes]
beta = "mine"
`
  async function openBoth(): Promise<Workplace> {
    const work = await openWorkplace()
    await work.write('.mdlibs.toml', project)
    await work.write('home/.config/mdlibs/config.toml', user)
    return work
  }

  test('flag, environment, scope, project, user, in this order', async () => {
    await using work = await openBoth()
    const chosen = async (wish: { named?: string; scope?: string }): Promise<string> => {
      const { origin, from } = chooseRegistry(await settingsOf(work), wish)
      return `${from} ${origin}`
    }
    equal(await chosen({}), 'project https://theirs.example')
    equal(await chosen({ scope: 'acme' }), 'user https://other.example')
    equal(await chosen({ scope: 'beta' }), 'user https://mine.example')
    equal(await chosen({ scope: 'gamma' }), 'project https://theirs.example')
    equal(await chosen({ named: 'mine' }), 'project https://evil.example')
    equal(await chosen({ named: 'other' }), 'flag https://other.example')
    equal(await chosen({ named: 'https://x.example/' }), 'flag https://x.example')
    work.env['MDLIBS_REGISTRY_URL'] = 'https://env.example'
    equal(await chosen({ scope: 'acme' }), 'environment https://env.example')
    equal(await chosen({ named: 'other' }), 'flag https://other.example')
    const settings = await settingsOf(work)
    throws(() => chooseRegistry(settings, { named: 'none' }), { code: 'mdlibs/unknown-registry' })
  })

  test("a project's registry is only used when its user agrees, once", async () => {
    await using work = await openBoth()
    await rejects(access(work), { code: 'mdlibs/registry-not-agreed' })
    await rejects(access(work, { named: 'mine' }), { code: 'mdlibs/registry-not-agreed' })
    equal((await access(work, { scope: 'acme' })).origin, 'https://other.example')
    equal((await access(work, { yes: true })).origin, 'https://theirs.example')
    equal((await access(work)).origin, 'https://theirs.example')
    await rejects(access(work, { named: 'mine' }), { code: 'mdlibs/registry-not-agreed' })
  })

  test('a token is for the registry that gave it, and for no other', async () => {
    await using work = await openBoth()
    const { places } = await settingsOf(work)
    const kept = { token: 'mdl_mine', username: 'ann', expiresAt: undefined, isGiven: false }
    await keepCredential(places, 'https://mine.example', kept)
    equal((await stat(places.credentials)).mode & 0o777, 0o600)
    deepEqual(await readCredential(places, 'https://mine.example'), kept)
    equal((await access(work, { scope: 'beta' })).token, 'mdl_mine')
    equal((await access(work, { yes: true, named: 'mine' })).token, undefined)
    equal((await access(work, { yes: true })).token, undefined)
    equal(await forgetCredential(places, 'https://mine.example'), true)
    equal(await forgetCredential(places, 'https://mine.example'), false)
  })

  test('a token of the environment goes to no registry of a project', async () => {
    await using work = await openBoth()
    work.env['MDLIBS_TOKEN'] = 'mdl_env'
    deepEqual(await access(work, { yes: true }), {
      origin: 'https://theirs.example',
      token: undefined,
      tokenIsFor: 'https://mine.example',
    })
    equal((await access(work, { yes: true, named: 'mine' })).token, undefined)
    equal((await access(work, { scope: 'beta' })).token, 'mdl_env', 'the default of the user')
    equal((await access(work, { named: 'other' })).token, 'mdl_env', 'named by its user')
    equal((await access(work, { scope: 'acme' })).token, undefined)
    work.env['MDLIBS_REGISTRY_URL'] = 'https://theirs.example'
    equal((await access(work)).token, 'mdl_env', 'agreed to, and meant, by the environment')
    equal((await access(work, { named: 'other' })).token, undefined)
  })
})

test('an address of a registry is its origin', () => {
  equal(parseOrigin('HTTPS://Libraries.Example:443/'), 'https://libraries.example')
  equal(parseOrigin('http://[::1]:8080/api/v1/'), 'http://[::1]:8080')
  for (const text of [
    '',
    'x',
    'file:///x',
    'https://x/y',
    'https://x/?a',
    'https://x/#a',
    'https://a@x',
  ]) {
    throws(() => parseOrigin(text), { code: 'mdlibs/malformed-registry' }, text)
  }
  for (const host of ['localhost', 'a.localhost', '127.1.2.3', '[::1]']) {
    equal(isLoopback(`http://${host}:1`), true, host)
  }
  for (const host of ['10.0.0.1', 'localhost.example', '127.example', '[::2]']) {
    equal(isLoopback(`http://${host}`), false, host)
  }
})
