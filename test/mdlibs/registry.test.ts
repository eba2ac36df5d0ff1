/** `mdlibs` and a registry: a real one, with people who publish and others who install. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { totpCode, totpStep } from '#identity/totp'
import { readTree } from '../file-tree.ts'
import { type Issuer, startIssuer } from '../issuer.ts'
import { type LibraryServer, openLibraryServer } from '../library/server.ts'
import { callMdlibs, type Outcome, openWorkplace, type Workplace } from './workplace.ts'

let server: LibraryServer
let issuer: Issuer
before(async () => {
  issuer = await startIssuer()
  const issuers = [{ url: issuer.url, audiences: ['this registry'] }]
  server = await openLibraryServer({ accounts: { issuers } })
})
after(async () => {
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

/** A directory of somebody who is signed in; of nobody otherwise. */
async function openPlace(token?: string): Promise<Workplace> {
  const work = await openWorkplace()
  work.env['MDLIBS_REGISTRY_URL'] = server.url
  if (token !== undefined) work.env['MDLIBS_TOKEN'] = token
  return work
}

let people = 0
async function newPerson(): Promise<{ handle: string; token: string }> {
  people += 1
  const handle = `person-${people}-x`
  return { handle, token: (await server.person(handle)).token }
}

interface Written {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

/** Writes `NAME/` and publishes it, for everybody. */
async function publish(
  work: Workplace,
  name: string,
  { version = '1.0.0', dependencies = {}, files = {} }: Written = {},
  ...flags: readonly string[]
): Promise<Outcome> {
  const ranges = Object.entries(dependencies).map(([library, range]) => `"${library}" = "${range}"`)
  await rm(work.path(name), { recursive: true, force: true })
  await work.write(
    `${name}/.mdlibs.toml`,
    `[library]\nname = "${name}"\nversion = "${version}"\ndescription = "About ${name}"\nlicense = "MIT"\ntags = ["tests"]\n\n[dependencies]\n${ranges.join('\n')}\n`,
  )
  await work.write(`${name}/docs/README.md`, `# ${name} ${version}\n`)
  for (const [path, text] of Object.entries(files)) await work.write(`${name}/${path}`, text)
  const everybody = ['--visibility', 'public', '--confirm-public']
  return await work.runIn(name, 'publish', ...everybody, ...flags)
}

function good({ code, stdout, stderr }: Outcome): string {
  equal(code, 0, stderr)
  return stdout
}

async function loginOf(username: string, password: string): Promise<{ token: string }> {
  const answer = await server.ask('POST /auth/login', { json: { username, password } })
  return (await answer.json()) as { token: string } // as the API has it
}

function fromBase32(text: string): Uint8Array {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...text].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0'))
  const octets = bits.join('').match(/.{8}/g) ?? []
  return Uint8Array.from(octets, (octet) => Number.parseInt(octet, 2))
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('who one is', () => {
  const password = 'four words nobody says'

  test('a password is asked for, and a token is kept for this registry', async () => {
    await using work = await openWorkplace()
    const json = { username: 'login-ann', email: 'ann@example.org', password }
    equal((await server.ask('POST /auth/register', { json })).status, 201)
    equal((await work.run('whoami')).code, 4)
    work.answers = ['login-ann', 'wrong']
    const wrong = await work.run('login', server.url)
    equal(wrong.code, 4)
    match(wrong.stderr, /Error: http:.* /)
    work.answers = ['login-ann', password]
    match(good(await work.run('login', server.url)), /✓ Logged in to http:\S+ as login-ann\n/)
    deepEqual(work.questions.slice(-2), ['Username: ', 'Password: '])
    equal((await stat(work.path('home/.config/mdlibs/credentials.toml'))).mode & 0o777, 0o600)
    const who = good(await work.run('whoami'))
    match(who, /Username: login-ann\nScope: @login-ann\nToken may: read.*\nToken expires: \d{4}-/)
    match(good(await work.run('registry', 'list')), /\* 127\.0\.0\.1-\d+: http:\S+ \(default\)/)

    const { token: current } = await loginOf('login-ann', password)
    const begun = await server.ask('POST /auth/totp', { token: current, json: { password } })
    const totp = (await begun.json()) as { secret: string; recovery_codes: string[] } // as the API has it
    const code = totpCode(fromBase32(totp.secret), totpStep(Date.now()))
    const confirmed = await server.ask('POST /auth/totp/confirm', {
      token: current,
      json: { code },
    })
    equal(confirmed.status, 204)
    work.answers = ['login-ann', password, '000000']
    equal((await work.run('login')).code, 4)
    work.answers = ['login-ann', password, totp.recovery_codes[0] ?? '']
    good(await work.run('login'))
    equal(work.questions.at(-1), 'Code of your authenticator: ')

    const kept = await work.read('home/.config/mdlibs/credentials.toml')
    good(await work.run('logout'))
    equal((await work.run('whoami')).code, 4)
    const token = /token = "(mdl_[^"]+)"/.exec(kept)?.[1]
    equal((await server.ask('GET /users/me', { token })).status, 401, 'it is revoked, too')
    match(good(await work.run('logout')), /^You were not logged in/)
  })

  test('without somebody to ask, a token is needed', async () => {
    const { handle, token } = await newPerson()
    await using work = await openWorkplace()
    work.env['MDLIBS_REGISTRY_URL'] = server.url
    const alone = await work.run('login')
    equal(alone.code, 4)
    match(alone.stderr, /there is no terminal to ask.*--token -/)
    work.input = `${token}\n`
    match(good(await work.run('login', '--token', '-')), new RegExp(`as ${handle}`))
    match(good(await work.run('whoami')), new RegExp(`Username: ${handle}`))
    match(good(await work.run('logout')), /The token itself is still good/)
    equal((await server.ask('GET /users/me', { token })).status, 200)
    work.input = 'mdl_wrong'
    equal((await work.run('login', '--token', '-')).code, 4)
  })

  test('tokens for programs are made, shown once, and end', async () => {
    const { token } = await newPerson()
    await using work = await openPlace(token)
    const flags = ['--expires', '30', '--scopes', 'read,publish', '--libraries', '@acme/*']
    const made = good(await work.run('token', 'create', 'CI token', ...flags))
    match(made, /Token: mdl_\S{43}\nName: CI token\nMay: read, publish\nExpires: \d{4}/)
    const quiet = good(await work.run('token', 'create', 'second', '--expires', '1', '-q')).trim()
    match(quiet, /^mdl_/)
    const listed = good(await work.run('token', 'list'))
    match(listed, /CI token \(id: \S+, api\)/)
    equal(listed.includes(quiet), false)
    good(await work.run('token', 'revoke', 'second'))
    equal((await server.ask('GET /users/me', { token: quiet })).status, 401)
    equal((await work.run('token', 'revoke', 'second')).code, 3)
    equal((await work.run('token', 'create', 'x', '--expires', 'soon')).code, 2)
  })

  test('teams are made, joined by who is asked, and publish', async () => {
    const [ann, bob] = [await newPerson(), await newPerson()]
    await using work = await openPlace(ann.token)
    await using other = await openPlace(bob.token)
    good(await work.run('team', 'create', 'acme-docs', '--display-name', 'Acme'))
    good(await work.run('team', 'invite', 'acme-docs', bob.handle))
    match(good(await other.run('team', 'invitations')), /@acme-docs {2}as member/)
    good(await other.run('team', 'accept', 'acme-docs'))
    match(good(await work.run('team', 'info', 'acme-docs')), new RegExp(`${bob.handle} {2}member`))
    good(await publish(other, 'handbook', {}, '--scope', 'acme-docs'))
    match(good(await other.run('info', '@acme-docs/handbook')), /^@acme-docs\/handbook 1\.0\.0\n/)
    good(await work.run('team', 'role', 'acme-docs', bob.handle, 'admin'))
    good(await work.run('team', 'remove', '@acme-docs', bob.handle))
    match(good(await other.run('team', 'list')), /^You are in no team/)
  })
})

describe('publishing', () => {
  test('what everybody could read is confirmed first', async () => {
    const { handle, token } = await newPerson()
    await using work = await openPlace(token)
    await work.write('a/.mdlibs.toml', '[library]\nname = "open-guide"\nversion = "1.0.0"\n')
    await work.write('a/README.md', '# Open\n')
    const flags = ['publish', '--visibility', 'public']
    const alone = await work.runIn('a', ...flags)
    equal(alone.code, 2, alone.stderr)
    match(alone.stderr, /Everybody could read @\S+\/open-guide\. .*--confirm-public/)
    work.answers = ['n']
    equal((await work.runIn('a', ...flags)).code, 2)
    work.answers = ['yes']
    const done = good(await work.runIn('a', ...flags))
    match(done, new RegExp(`✓ Published @${handle}/open-guide@1\\.0\\.0 `))
    match(work.questions.at(-1) ?? '', /Everybody could read .* Publish it\? \[y\/N\]/)
  })

  test('a version never changes, and the same again does nothing', async () => {
    const { token } = await newPerson()
    await using work = await openPlace(token)
    const dry = JSON.parse(good(await publish(work, 'steady', {}, '--dry-run', '--json')))
    const done = JSON.parse(good(await publish(work, 'steady', {}, '--json')))
    equal(done.checksum, dry.digest)
    equal(done.tree_checksum, dry.tree)
    match(good(await publish(work, 'steady')), /was there already, with the same bytes/)
    const other = await publish(work, 'steady', { files: { 'docs/more.md': '# More\n' } })
    equal(other.code, 11)
    match(other.stderr, /Versions never change: publish the next one/)
    good(
      await publish(
        work,
        'steady',
        { files: { 'docs/more.md': '# More\n' } },
        '--version',
        '1.0.1',
      ),
    )
    match(good(await work.run('versions', `@person-${people}-x/steady`)), /^1\.0\.1 .*\n1\.0\.0 /)
  })

  test('needs a token, and one that may', async () => {
    const { token } = await newPerson()
    await using work = await openPlace(token)
    const readOnly = good(await work.run('token', 'create', 'r', '--scopes', 'read', '-q')).trim()
    await using reader = await openPlace(readOnly)
    equal((await publish(reader, 'denied')).code, 4)
    await using nobody = await openPlace()
    const refused = await publish(nobody, 'denied')
    equal(refused.code, 4)
    match(refused.stderr, /You are not logged in .* mdlibs login/)
    equal((await publish(work, 'denied', {}, '--scope', 'somebody-else')).code !== 0, true)
  })

  test('a bundle says how the archive came to be, and is kept with it', async () => {
    const { handle, token } = await newPerson()
    await using work = await openPlace(token)
    const { digest } = JSON.parse(good(await publish(work, 'proven', {}, '--dry-run', '--json')))
    const bundleOf = (hex: string): string => {
      const statement = {
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: 'proven', digest: { sha256: hex } }],
        predicateType: 'https://slsa.dev/provenance/v1',
        predicate: {},
      }
      const payload = Buffer.from(JSON.stringify(statement)).toString('base64')
      const payloadType = 'application/vnd.in-toto+json'
      return JSON.stringify({ payloadType, payload, signatures: [{ keyid: '', sig: 'AAAA' }] })
    }
    await work.write('wrong.json', bundleOf('0'.repeat(64)))
    await work.write('right.json', bundleOf(digest.slice('sha256:'.length)))
    const wrong = await work.runIn('proven', 'publish', '--provenance', '../wrong.json')
    equal(wrong.code, 2)
    match(wrong.stderr, /about another archive/)
    good(await work.runIn('proven', 'publish', '--provenance', '../right.json'))
    match(good(await work.run('info', `@${handle}/proven@1.0.0`)), /Provenance: {2}yes/)
    good(await work.run('install', `@${handle}/proven`))
    match(
      good(await work.run('verify')),
      /its provenance is signed by somebody you named no key of/,
    )
  })

  test('a build that a library trusts needs no token of its own', async () => {
    const { handle, token } = await newPerson()
    await using work = await openPlace(token)
    good(await publish(work, 'built'))
    const claims = { repository: 'acme/docs' }
    const path = `/libraries/${handle}/built/trusted-publishers`
    const json = { issuer: issuer.url, claims }
    equal((await server.ask(`POST ${path}`, { token, json })).status, 201)

    await using build = await openPlace()
    const flags = ['--scope', handle]
    equal((await publish(build, 'built', { version: '1.1.0' }, ...flags)).code, 4)
    const idToken = (aud: string, more: object = {}): Promise<string> =>
      issuer.token({ sub: 'repo:acme/docs', aud, ...claims, ...more })
    build.env['MDLIBS_ID_TOKEN'] = await idToken('https://elsewhere.example')
    const elsewhere = await publish(build, 'built', { version: '1.1.0' }, ...flags)
    equal(elsewhere.code, 4)
    match(elsewhere.stderr, /it is for https:\/\/elsewhere\.example/)
    build.env['MDLIBS_ID_TOKEN'] = await idToken('this registry', { repository: 'eve/docs' })
    equal((await publish(build, 'built', { version: '1.1.0' }, ...flags)).code, 4)
    build.env['MDLIBS_ID_TOKEN'] = await idToken('this registry')
    equal((await publish(build, 'built', { version: '1.1.0' })).code, 2, 'whose library?')
    good(await publish(build, 'built', { version: '1.1.0' }, ...flags))
    match(good(await build.run('info', `@${handle}/built`)), /^\S+ 1\.1\.0\n/)
    build.env['MDLIBS_ID_TOKEN'] = await idToken('this registry')
    await publish(work, 'unbuilt')
    equal((await publish(build, 'unbuilt', { version: '1.1.0' }, ...flags)).code, 4)
  })

  test('is looked after: tags, yanking, deprecation, visibility, owners', async () => {
    const [ann, bob] = [await newPerson(), await newPerson()]
    await using work = await openPlace(ann.token)
    await using other = await openPlace(bob.token)
    const library = `@${ann.handle}/tended`
    good(await publish(work, 'tended'))
    good(await publish(work, 'tended', { version: '2.0.0-beta.1' }, '--tag', 'beta'))
    equal(good(await work.run('dist-tag', 'list', library)).includes('beta: 2.0.0-beta.1'), true)
    good(await work.run('dist-tag', 'add', `${library}@1.0.0`, 'stable'))
    good(await work.run('dist-tag', 'remove', library, 'beta'))
    deepEqual(JSON.parse(good(await work.run('dist-tag', 'list', library, '--json'))).dist_tags, {
      latest: '1.0.0',
      stable: '1.0.0',
    })
    good(await work.run('yank', `${library}@1.0.0`, '--reason', 'a wrong number'))
    match(good(await work.run('versions', library)), /1\.0\.0 .*yanked: a wrong number/)
    good(await work.run('unyank', `${library}@1.0.0`))
    good(await work.run('deprecate', library, 'Use the other one'))
    match(good(await other.run('info', library)), /DEPRECATED: Use the other one/)
    const installed = await other.run('install', library)
    equal(installed.code, 0, installed.stderr)
    match(installed.stderr, new RegExp(`^Note: ${library} is deprecated: Use the other one$`, 'm'))
    good(await work.run('deprecate', library, '--undo'))
    equal((await work.run('deprecate', library)).code, 2)
    good(await work.run('set', library, '--visibility', 'private'))
    equal((await other.run('info', library)).code, 3)
    good(await work.run('grant', 'add', library, bob.handle))
    good(await other.run('info', library))
    good(await work.run('grant', 'remove', library, bob.handle))
    good(await work.run('owner', 'add', library, bob.handle))
    match(good(await other.run('owner', 'invitations')), /\/tended: /)
    good(await other.run('owner', 'accept', library))
    match(
      good(await work.run('owner', 'list', library)),
      new RegExp(`${bob.handle} \\(co-owner\\)`),
    )
    equal((await work.run('unpublish', `${library}@1.0.0`)).code, 2, 'not without --force')
    good(await work.run('unpublish', `${library}@1.0.0`, '--force'))
    equal((await work.run('info', `${library}@1.0.0`)).code, 3)
  })

  test('in a library that is staged waits for an approval', async () => {
    const { handle, token } = await newPerson()
    await using work = await openPlace(token)
    const library = `@${handle}/staged-one`
    good(await publish(work, 'staged-one'))
    good(await work.run('set', library, '--staged', 'yes'))
    const second = good(await publish(work, 'staged-one', { version: '1.1.0' }))
    match(second, /It is staged: .* mdlibs approve @\S+@1\.1\.0/)
    good(await work.run('approve', `${library}@1.1.0`))
    match(good(await work.run('info', library)), /^\S+ 1\.1\.0\n/)
  })
})

describe('finding', () => {
  test('libraries by words, tag and scope; which was searched is told', async () => {
    const { handle, token } = await newPerson()
    await using work = await openPlace(token)
    good(
      await publish(work, 'zanzibar-notes', { files: { 'docs/a.md': '# Aardvark husbandry\n' } }),
    )
    const found = await work.run('find', 'aardvark')
    match(
      good(found),
      new RegExp(`^Found 1 library:\n\n@${handle}/zanzibar-notes \\(1\\.0\\.0\\)\n`),
    )
    match(found.stderr, /^Searching libraries at http:/)
    match(good(await work.run('search', 'aardvark', '--remote')), /zanzibar-notes/)
    match(good(await work.run('search', '--scope', `@${handle}`)), /zanzibar-notes/)
    match(good(await work.run('find', '--tag', 'tests', '--limit', '1')), /… and \d+ more/)
    match(good(await work.run('find', 'nothing-of-that-name-anywhere')), /^No libraries found/)
    const local = await work.runIn('zanzibar-notes', 'search', 'aardvark')
    match(good(local), /docs\/a\.md/)
    match(local.stderr, /^Searching the documents of /)
    equal((await work.run('find', '--limit', '1000')).code, 2)
    equal((await work.run('search', '--remote', '-t', 'x')).code, 2)
    const several = await work.run('find', 'aardvark', '-r', server.url, '-r', server.url, '--json')
    equal(JSON.parse(good(several)).registries.length, 2)
    equal((await work.run('info', '@nobody-here/nothing')).code, 3)
  })
})

describe('installing', () => {
  test('takes what a library needs along, and locks all of it', async () => {
    const { handle, token } = await newPerson()
    await using author = await openPlace(token)
    const name = (one: string): string => `@${handle}/${one}`
    good(await publish(author, 'base'))
    good(await publish(author, 'base', { version: '1.2.0' }))
    good(await publish(author, 'base', { version: '2.0.0' }))
    good(await publish(author, 'middle', { dependencies: { [name('base')]: '^1.0.0' } }))
    good(await publish(author, 'top', { dependencies: { [name('middle')]: '1.x' } }))

    await using work = await openPlace()
    await work.write('.mdlibs.toml', '# mine\n[library]\nname = "site"\nversion = "0.1.0"\n')
    const first = await work.run('install', name('top'))
    match(
      good(first),
      new RegExp(`✓ Installed ${name('base')}@1\\.2\\.0 in libraries/@${handle}/base\n`),
    )
    match(first.stderr, /is known by its key [0-9a-f]{16}\./)
    equal(await work.read(`libraries/@${handle}/base/docs/README.md`), '# base 1.2.0\n')
    match(
      await work.read('.mdlibs.toml'),
      new RegExp(`^# mine\n(?:.*\n)*"${name('top')}" = "\\^1\\.0\\.0"\n$`),
    )
    const lock = JSON.parse(await work.read('mdlibs.lock'))
    deepEqual(Object.keys(lock.libraries), [name('base'), name('middle'), name('top')])
    equal(lock.libraries[name('base')].registry, server.url)
    match(lock.libraries[name('base')].digest, /^sha256:[0-9a-f]{64}$/)

    const again = await work.run('install')
    equal(good(again), '0 changes, 3 as they were.\n')
    equal(good(await work.run('list', '--installed')).match(/Location: /g)?.length, 3)

    good(await work.run('uninstall', name('top')))
    deepEqual(await readdir(work.path('libraries')), [], 'with what nothing else needs')
    equal(JSON.stringify(JSON.parse(await work.read('mdlibs.lock')).libraries), '{}')
    match(await work.read('.mdlibs.toml'), /^# mine\n(?:.*\n)*\[dependencies\]\n$/)
    equal((await work.run('uninstall', name('top'))).code, 3)
  })

  test('versions, ranges and tags; newer ones only when that is asked for', async () => {
    const { handle, token } = await newPerson()
    await using author = await openPlace(token)
    const library = `@${handle}/moving`
    good(await publish(author, 'moving'))
    good(await publish(author, 'moving', { version: '1.1.0' }))
    await using work = await openPlace()
    const version = async (): Promise<string> => {
      const { libraries } = JSON.parse(good(await work.run('list', '--installed', '--json')))
      return libraries[0].version
    }
    good(await work.run('install', `${library}@1.0.0`))
    equal(await version(), '1.0.0')
    good(await work.run('install', `${library}@^1.0.0`))
    equal(await version(), '1.1.0')
    good(await publish(author, 'moving', { version: '1.2.0' }))
    good(await publish(author, 'moving', { version: '2.0.0' }))
    good(await publish(author, 'moving', { version: '3.0.0-rc.1' }, '--tag', 'next'))
    good(await work.run('install'))
    equal(await version(), '1.1.0', 'it is locked')
    const old = good(await work.run('outdated'))
    match(old, new RegExp(`${library} +1\\.1\\.0 +1\\.2\\.0 +2\\.0\\.0\n`))
    good(await work.run('update', library))
    equal(await version(), '1.2.0')
    good(await work.run('install', `${library}@next`))
    equal(await version(), '3.0.0-rc.1')
    good(await work.run('install', `${library}@latest`))
    equal(await version(), '2.0.0')
    equal((await work.run('install', `${library}@^9`)).code, 11)
    equal((await work.run('install', `${library}@not a range`)).code, 2)
    equal((await work.run('update', '@x-nobody/x-nothing')).code, 3)
    equal((await work.run('update', library, 'document')).code, 2)
    equal(await version(), '2.0.0', 'what failed changed nothing')
  })

  test('what does not fit together is explained', async () => {
    const { handle, token } = await newPerson()
    await using author = await openPlace(token)
    const base = `@${handle}/shared-base`
    good(await publish(author, 'shared-base'))
    good(await publish(author, 'shared-base', { version: '2.0.0' }))
    good(await publish(author, 'wants-one', { dependencies: { [base]: '^1' } }))
    good(await publish(author, 'wants-two', { dependencies: { [base]: '^2' } }))
    await using work = await openPlace()
    good(await work.run('install', `@${handle}/wants-one`))
    const refused = await work.run('install', `@${handle}/wants-two`)
    equal(refused.code, 11)
    match(refused.stderr, /No versions fit together:\n/)
    for (const who of ['wants-one', 'wants-two'])
      match(refused.stderr, new RegExp(`@${handle}/${who}`))
    deepEqual(await readdir(work.path(`libraries/@${handle}`)), ['shared-base', 'wants-one'])
  })

  test('what was changed here is not thrown away unasked', async () => {
    const { handle, token } = await newPerson()
    await using author = await openPlace(token)
    const library = `@${handle}/kept`
    good(await publish(author, 'kept'))
    good(await publish(author, 'kept', { version: '1.1.0' }))
    await using work = await openPlace()
    good(await work.run('install', `${library}@~1.0.0`))
    await work.write(`libraries/${library}/docs/README.md`, 'mine')
    const refused = await work.run('install', `${library}@1.1.0`)
    equal(refused.code, 11)
    match(refused.stderr, /docs\/README\.md in it was changed\. Move it away, or say --force/)
    equal((await work.run('uninstall', library)).code, 11)
    equal(await work.read(`libraries/${library}/docs/README.md`), 'mine')
    good(await work.run('install', `${library}@1.1.0`, '--force'))
    equal(await work.read(`libraries/${library}/docs/README.md`), '# kept 1.1.0\n')

    await work.write('other/@x/mine/file.md', 'mine')
    await using second = await openPlace()
    await second.write(`libraries/${library}/file.md`, 'not of mdlibs')
    equal((await second.run('install', library)).code, 11)
    equal(await second.read(`libraries/${library}/file.md`), 'not of mdlibs')
    good(await second.run('install', library, '--path', 'elsewhere'))
    ok((await stat(second.path(`elsewhere/${library}/docs/README.md`))).isFile())
  })

  test('ci installs what is locked, yanked or not, and nothing else', async () => {
    const { handle, token } = await newPerson()
    await using author = await openPlace(token)
    const library = `@${handle}/frozen`
    good(await publish(author, 'frozen'))
    await using work = await openPlace()
    await work.write('.mdlibs.toml', '[dependencies]\n')
    equal((await work.run('ci')).code, 3)
    good(await work.run('install', library))
    const lock = await work.read('mdlibs.lock')
    good(await publish(author, 'frozen', { version: '1.1.0' }))
    good(await author.run('yank', `${library}@1.0.0`, '--reason', 'old'))

    await using other = await openPlace()
    await other.write('.mdlibs.toml', await work.read('.mdlibs.toml'))
    await other.write('mdlibs.lock', lock)
    good(await other.run('ci'))
    equal(await other.read(`libraries/${library}/docs/README.md`), '# frozen 1.0.0\n')
    equal(await other.read('mdlibs.lock'), lock)
    await other.write('.mdlibs.toml', `[dependencies]\n"${library}" = "^2"\n`)
    const outdated = await other.run('ci')
    equal(outdated.code, 11)
    match(outdated.stderr, /mdlibs\.lock is not what \.mdlibs\.toml asks for/)

    await using fresh = await openPlace()
    good(await fresh.run('install', library))
    equal(await fresh.read(`libraries/${library}/docs/README.md`), '# frozen 1.1.0\n')
  })

  test('what is known against an installed version is told', async () => {
    const { handle, token } = await newPerson()
    await using author = await openPlace(token)
    const library = `@${handle}/flawed`
    good(await publish(author, 'flawed'))
    await using work = await openPlace()
    good(await work.run('install', library))
    match(good(await work.run('audit')), /^Nothing is known against 1 installed version\.\n/)
    const admin = await server.administrator('chief-of-audit')
    const advisory = { scope: handle, name: 'flawed', range: '<1.1.0', patched: '1.1.0' }
    const json = { ...advisory, severity: 'high', title: 'It lies', details: 'Much.' }
    equal((await server.ask('POST /advisories', { token: admin, json })).status, 201)
    const told = await work.run('audit')
    equal(told.code, 12)
    match(
      told.stdout,
      /^high {2}@\S+\/flawed@1\.0\.0: It lies\n {2}Concerns <1\.1\.0; mended in 1\.1\.0\n/,
    )
  })
})

describe('what is not what it was is told, and not installed', () => {
  test('files, lock file and keys', async () => {
    const { handle, token } = await newPerson()
    await using author = await openPlace(token)
    const library = `@${handle}/checked`
    good(await publish(author, 'checked', { files: { 'docs/a.md': 'a' } }))
    await using work = await openPlace()
    good(await work.run('install', library))
    match(good(await work.run('verify')), /^✓ @\S+@1\.0\.0 \(signed by its registry\)\n/)

    await work.write(`libraries/${library}/docs/a.md`, 'b')
    await work.write(`libraries/${library}/docs/new.md`, 'new')
    await rm(work.path(`libraries/${library}/docs/README.md`))
    const changed = await work.run('verify', '--offline')
    equal(changed.code, 8)
    for (const told of ['docs/README.md: missing', 'docs/a.md: changed', 'docs/new.md: added']) {
      ok(changed.stdout.includes(told), told)
    }
    good(await work.run('ci'))
    good(await work.run('verify'))

    const lock = await work.read('mdlibs.lock')
    const swap = (field: string): string =>
      lock.replace(new RegExp(`("${field}": "sha256:)[0-9a-f]{4}`), '$10000')
    await work.write('mdlibs.lock', swap('tree'))
    equal((await work.run('verify', '--offline')).code, 8)
    const wrongTree = await work.run('ci')
    equal(wrongTree.code, 8, wrongTree.stderr)
    match(wrongTree.stderr, /its files are not those that were promised/)
    await work.write('mdlibs.lock', swap('digest'))
    const wrongDigest = await work.run('ci')
    equal(wrongDigest.code, 8)
    match(wrongDigest.stderr, /has the digest sha256:.*, and should have sha256:0000/)
    await work.write('mdlibs.lock', lock.replace('"1.0.0"', '"1.0.0", "extra": 1'))
    equal((await work.run('ci')).code, 8)
    await work.write('mdlibs.lock', lock)
    equal(await work.read(`libraries/${library}/docs/a.md`), 'a', 'what was right is still there')

    const known = await work.read('home/.config/mdlibs/known-registries.toml')
    await work.write(
      'home/.config/mdlibs/known-registries.toml',
      known.replace(/[\w-]{43}/, 'A'.repeat(43)),
    )
    const unknown = await work.run('verify')
    equal(unknown.code, 8)
    match(unknown.stdout, /signs with the key [0-9a-f]{16}, which you do not know yet/)
    await using fresh = await openPlace()
    await fresh.write(
      'home/.config/mdlibs/config.toml',
      `[[registry]]\nname = "here"\nurl = "${server.url}"\nkeys = ["${'A'.repeat(43)}"]\n`,
    )
    const pinned = await fresh.run('install', library)
    equal(pinned.code, 8)
    match(pinned.stderr, /none of those in your settings/)
    good(await work.run('registry', 'trust'))
    good(await work.run('verify'))
  })

  test('what is interrupted leaves nothing behind, and the next run goes through', async () => {
    const { handle, token } = await newPerson()
    await using author = await openPlace(token)
    good(await publish(author, 'whole', { files: { 'docs/a.md': 'a'.repeat(100_000) } }))
    await using work = await openPlace()
    const stop = new AbortController()
    const { origin } = new URL(server.url)
    const proxy = createServer((request, response) => {
      if (request.url?.endsWith('/download')) return stop.abort()
      response.writeHead(307, { location: `${origin}${request.url}` }).end()
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    good(await work.run('install', `@${handle}/whole`))
    await rm(work.path('libraries'), { recursive: true })
    good(await work.run('cache', 'clean'))
    const { port } = proxy.address() as AddressInfo // it listens on a port
    const flags = ['--registry', `http://127.0.0.1:${port}`]
    const ended = await callMdlibs(['ci', ...flags], {
      ...{ directory: work.root, home: work.path('home'), env: {}, signal: stop.signal },
    })
    proxy.closeAllConnections()
    proxy.close()
    equal(ended.code, 130)
    match(ended.stderr, /^Error: Interrupted\. /)
    equal(await stat(work.path('libraries')).catch(() => undefined), undefined)
    good(await work.run('ci'))
    good(await work.run('verify'))
  })

  test('what is carried without a network, too', async () => {
    const { handle, token } = await newPerson()
    await using author = await openPlace(token)
    good(await publish(author, 'carried'))
    good(await publish(author, 'carrier', { dependencies: { [`@${handle}/carried`]: '*' } }))
    await using work = await openPlace()
    good(await work.run('install', `@${handle}/carrier`))
    good(await work.run('export', 'all.bundle'))
    const bundle = await readFile(work.path('all.bundle'))

    await using far = await openWorkplace()
    await far.write('all.bundle', bundle)
    match(
      good(await far.run('import', 'all.bundle')),
      /✓ Took in 2 libraries, and wrote mdlibs\.lock/,
    )
    const ci = await far.run('ci')
    equal(ci.code, 0, ci.stderr)
    const trees = [await readTree(work.path('libraries')), await readTree(far.path('libraries'))]
    const [here = {}, there = {}] = trees.map((tree) =>
      Object.fromEntries(Object.entries(tree).filter(([path]) => !path.endsWith('installed.json'))),
    )
    deepEqual(there, here)
    match(good(await far.run('cache', 'list')), /2 archives/)
    good(await far.run('cache', 'clean'))
    match(good(await far.run('cache', 'list')), /0 archives/)

    const damaged = Buffer.from(bundle)
    const at = damaged.length - 1500
    damaged[at] = (damaged[at] ?? 0) ^ 1
    notEqual(hashOf(damaged), hashOf(bundle))
    await far.write('damaged.bundle', damaged)
    equal((await far.run('import', 'damaged.bundle')).code, 8)
    await far.write('cut.bundle', bundle.subarray(0, 700))
    equal((await far.run('import', 'cut.bundle')).code, 8)
    await far.write('no.bundle', 'text')
    equal((await far.run('import', 'no.bundle')).code, 8)
  })
})
