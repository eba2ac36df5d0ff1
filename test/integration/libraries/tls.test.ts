/** TLS before libraries, by the registry itself and by a proxy as the page for operators has it. */
import { doesNotMatch, equal, match, ok, rejects } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { makeAuthority } from '../../certificate.ts'
import { whyWithout } from '../../debian-packages.ts'
import { checkout, startProgram } from '../../harness.ts'
import { archiveOf } from '../../library/registry.ts'
import { spawnMdlibs } from '../../mdlibs/workplace.ts'
import { blockOf } from '../../operate-page.ts'
import { freePort } from '../../postgres/server.ts'
import { until } from '../../until.ts'
import { startNginxWith } from '../registry/balancers.ts'

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'
const password = 'four words nobody says'

test('REQ-SEC-002 a registry with a certificate of one’s own, from mdlibs to a renewal', {
  skip,
}, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-registry-tls-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const at = (...names: readonly string[]): string => join(folder, ...names)
  const authority = makeAuthority(folder)
  const ca = await readFile(authority.file, 'utf8')
  const show = async (name: string): Promise<void> => {
    const { certificate, privateKey } = authority.issue(name)
    await copyFile(certificate, at('shown.crt'))
    await copyFile(privateKey, at('shown.key'))
  }
  await show('first')
  const server = await startProgram([...checkout, 'libraries', '--data', at('data')], {
    ...{ DATABASE_URL: `sqlite://${at('registry.sqlite')}`, REGISTRY_PORT: '0' },
    ...{ MYCELIUM_TLS_CERT: at('shown.crt'), MYCELIUM_TLS_KEY: at('shown.key') },
    ...{ ADMIN_USERNAME: 'ada', ADMIN_EMAIL: 'ada@example.org', ADMIN_PASSWORD: password },
  })
  context.after(() => server.stop())
  const [, url = ''] = /Address +(\S+)/.exec(server.output()) ?? []
  match(url, /^https:\/\/127\.0\.0\.1:\d+$/)
  const port = Number(new URL(url).port)

  const login = request(`${url}/api/v1/auth/login`, {
    ...{ ca, method: 'POST', headers: { 'content-type': 'application/json' } },
  })
  login.end(JSON.stringify({ username: 'ada', password }))
  const [answer] = await once(login, 'response')
  equal(answer.statusCode, 200)
  match(String(answer.headers['strict-transport-security']), /max-age=\d+/)
  const { token } = JSON.parse(await text(answer))

  await mkdir(at('book'))
  await writeFile(at('book', 'README.md'), '# A gnome\n')
  await writeFile(at('book', '.mdlibs.toml'), '[library]\nname = "@ada/book"\nversion = "1.0.0"\n')
  const home = at('home')
  const env = { MDLIBS_REGISTRY_URL: url, MDLIBS_TOKEN: token }
  const stranger = await spawnMdlibs(['publish'], { directory: at('book'), home, env })
  equal(stranger.code, 4, stranger.stderr)
  match(stranger.stderr, /not proven to be itself.*--cafile/)
  const known = { ...env, MDLIBS_CAFILE: authority.file }
  const publish = ['publish', '--visibility', 'public', '--confirm-public']
  const published = await spawnMdlibs(publish, { directory: at('book'), home, env: known })
  equal(published.code, 0, published.stderr)
  await mkdir(at('project'))
  const install = { directory: at('project'), home, env: { ...known, MDLIBS_TOKEN: '' } }
  const installed = await spawnMdlibs(['install', '@ada/book'], install)
  equal(installed.code, 0, installed.stderr)
  equal(await readFile(at('project/libraries/@ada/book/README.md'), 'utf8'), '# A gnome\n')

  await rejects(fetch(url.replace('https:', 'http:')), 'in clear text nothing is answered')
  const older = connect({ host: '127.0.0.1', port, ca, maxVersion: 'TLSv1.2' })
  ok((await once(older, 'error'))[0] instanceof Error)

  const shown = async (): Promise<unknown> => {
    const socket = connect({ host: '127.0.0.1', port, ca })
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return CN
  }
  equal(await shown(), 'first')
  await show('second')
  await until(shown, (name) => name === 'second')
  equal(await server.stop(), 0)
})

test('behind nginx as the page has it, people sign in, large archives pass, and the audit log knows who came', {
  skip: skip || whyWithout('nginx'),
}, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-registry-nginx-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const [port, tlsPort] = [await freePort(), await freePort()]
  const host = `libraries.links.test:${tlsPort}`
  const url = `https://${host}`
  const server = await startProgram([...checkout, 'libraries', '--data', join(folder, 'data')], {
    ...{ DATABASE_URL: `sqlite://${join(folder, 'registry.sqlite')}`, REGISTRY_PORT: '0' },
    ...{ REGISTRY_URL: url, MYCELIUM_PROXIES: '127.0.0.1/32', MYCELIUM_AUDIT_TO: 'stdout' },
    ...{ ADMIN_USERNAME: 'ada', ADMIN_EMAIL: 'ada@example.org', ADMIN_PASSWORD: password },
  })
  context.after(() => server.stop())
  const [, upstream = ''] = /Status +(\S+)\/health/.exec(server.output()) ?? []
  const authority = makeAuthority(folder)
  const ca = await readFile(authority.file, 'utf8')
  const { certificate, privateKey } = authority.issue('proxy')
  const root = join(folder, 'nginx')
  await mkdir(root)
  const site = `server {
    listen 127.0.0.1:${port}; listen 127.0.0.1:${tlsPort} ssl;
    ssl_certificate ${certificate}; ssl_certificate_key ${privateKey};
    ${blockOf('libraries', 'nginx')}
    location / { proxy_pass ${upstream}; }
  }`
  await using _ = await startNginxWith(site, { root, port })

  /** From another address of this machine than the proxy's. */
  const ask = async (
    what: string,
    headers: OutgoingHttpHeaders = {},
    body: string | Uint8Array = '',
  ) => {
    const [method = '', path = ''] = what.split(' ')
    const place = { host: '127.0.0.1', port: tlsPort, servername: 'libraries.links.test' }
    const sent = request({
      ...{ ...place, ca, method, path, localAddress: '127.0.0.2' },
      headers: { host, ...headers },
    })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    return { status: answer.statusCode, headers: answer.headers, text: await text(answer) }
  }

  const page = await ask('GET /login')
  equal(page.status, 200)
  doesNotMatch(page.text, /This connection is not encrypted/)
  const form = new URLSearchParams({ username: 'ada', password, next: '/account' }).toString()
  const asForm = { 'content-type': 'application/x-www-form-urlencoded' }
  const foreign = await ask('POST /login', { ...asForm, origin: 'https://evil.example' }, form)
  equal(foreign.status, 403)
  const signedIn = await ask('POST /login', { ...asForm, origin: url }, form)
  equal(signedIn.status, 303, signedIn.text)
  const [cookie = ''] = String(signedIn.headers['set-cookie']).split(';')
  match((await ask('GET /account', { cookie })).text, /ada@example\.org/)

  const json = { 'content-type': 'application/json' }
  const login = await ask(
    'POST /api/v1/auth/login',
    json,
    JSON.stringify({ username: 'ada', password }),
  )
  const headers = {
    authorization: `Bearer ${JSON.parse(login.text).token}`,
    'content-type': 'application/gzip',
  }
  const noise = randomBytes(2_000_000).toString('hex').replaceAll(/.{60}/g, '$&\n')
  const body = await archiveOf('@ada/large', '1.0.0', { files: { 'noise.md': noise } })
  ok(body.length > 2 ** 20, 'more than nginx takes by itself')
  const published = await ask('PUT /api/v1/libraries/ada/large/1.0.0', headers, body)
  equal(published.status, 201, published.text)
  equal((await ask('GET /metrics')).status, 404)
  const lines = async () =>
    server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{"sequence"') && line.includes('"operation":"Login"'))
  const [told = ''] = await until(lines, ({ length }) => length > 0)
  equal(JSON.parse(told).peer, '127.0.0.2')
})
