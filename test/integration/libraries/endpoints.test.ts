/** Every operation on libraries over HTTP: what it answers, each way it refuses, and that both are described. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { describeLibraries } from '#api/library/openapi'
import { libraryRoutes } from '#api/library/routes'
import { bindRoutes } from '#api/rest-route'
import { isEd25519Signature } from '#crypto/ed25519'
import { archiveLimits } from '#library/archive-limits'
import { archiveOf, type Text } from '../../library/registry.ts'
import { type AskOptions, type LibraryServer, openLibraryServer } from '../../library/server.ts'

let server: LibraryServer
let ada = ''
let bob = ''
let root = ''
let archive: Buffer

/** Statuses by operation, as they were seen. */
const seen = new Map<string, Set<number>>()

async function ask(request: string, options: AskOptions = {}) {
  const response = await server.ask(request, options)
  const { operation = '' } = server.ended.at(-1) ?? {}
  seen.set(operation, (seen.get(operation) ?? new Set()).add(response.status))
  const type = response.headers.get('content-type') ?? ''
  const text = /json|text|svg/.test(type) ? await response.text() : ''
  const document = type.includes('json') && text !== '' ? JSON.parse(text) : undefined
  return { status: response.status, headers: response.headers, type, text, document, response }
}

/** The status, and the code of the problem where it is one. */
async function outcome(request: string, options: AskOptions = {}): Promise<string> {
  const { status, document } = await ask(request, options)
  return status < 400 ? String(status) : `${status} ${document?.error?.code}`
}

async function publish(
  spec: string,
  {
    token = ada,
    query = '?visibility=public&confirm_public=true',
    ...text
  }: Text & {
    readonly token?: string
    readonly query?: string
  } = {},
) {
  const [, library = '', version = ''] = /^(.+)@([^@]+)$/.exec(spec) ?? []
  const body = await archiveOf(library, version, text)
  return await ask(`PUT /libraries/${library}/${version}${query}`, { token, body })
}

/** An in-toto statement about an archive, in an envelope, as systems that build make them. */
function bundleOf(sha256: string): string {
  const statement = {
    ...{
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
    },
    subject: [{ name: 'formed.tar.gz', digest: { sha256 } }],
  }
  return JSON.stringify({
    payloadType: 'application/vnd.in-toto+json',
    payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
    signatures: [{ keyid: 'ci', sig: Buffer.alloc(64).toString('base64') }],
  })
}

before(async () => {
  server = await openLibraryServer()
  ada = (await server.person('ada')).token
  bob = (await server.person('bob')).token
  root = await server.administrator('chief')
  archive = await archiveOf('@ada/handbook', '1.0.0', {
    description: 'How we work',
    tags: ['docs'],
    license: 'MIT',
    files: { 'docs/deep.md': '# Deep\n\nThe garden gnome.\n', 'pixel.svg': '<svg/>' },
  })
})
after(() => server[Symbol.asyncDispose]())

const handbook = '/libraries/@ada/handbook'

test('REQ-PUB-001 PUT a version: created, the same again is no error, other bytes are a conflict', async () => {
  const query = '?visibility=public&confirm_public=true&tag=stable'
  const sha256 = createHash('sha256').update(archive)
  const headers = { 'repr-digest': `sha-256=:${sha256.digest('base64')}:` }
  const path = `${handbook}/1.0.0${query}`
  const {
    status,
    document,
    headers: answered,
  } = await ask(`PUT ${path}`, {
    ...{ token: ada, body: archive, headers },
  })
  equal(status, 201)
  equal(answered.get('location'), '/api/v1/libraries/ada/handbook/1.0.0')
  deepEqual(
    [document.scope, document.name, document.version, document.created, document.created_by],
    ['ada', 'handbook', '1.0.0', true, 'ada'],
  )
  deepEqual(
    [document.description, document.tags, document.license],
    ['How we work', ['docs'], 'MIT'],
  )
  equal(document.size, archive.length)
  match(document.checksum, /^sha256:[0-9a-f]{64}$/)
  equal((await ask(`PUT ${path}`, { token: ada, body: archive })).status, 200)
  const other = await archiveOf('@ada/handbook', '1.0.0', { description: 'Another' })
  equal(await outcome(`PUT ${path}`, { token: ada, body: other }), '409 VERSION_EXISTS')
})

test('REQ-PUB-004 PUT refuses who may not, what is no library, and what is not what it should be', async () => {
  const path = '/libraries/ada/other/1.0.0'
  const body = await archiveOf('@ada/other', '1.0.0')
  const wrong = { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }
  const put = (options: AskOptions, query = '') => outcome(`PUT ${path}${query}`, options)
  equal(await put({ body }), '401 UNAUTHORIZED')
  equal(await put({ body, token: bob }), '403 FORBIDDEN')
  equal(await put({ body, token: ada }, '?visibility=public'), '428 CONFIRMATION_REQUIRED')
  equal(await put({ body, token: ada }, '?visibility=secret'), '400 INVALID_REQUEST')
  equal(await put({ body, token: ada, headers: wrong }), '422 DIGEST_MISMATCH')
  equal(await put({ body, token: ada, headers: { digest: 'md5=x' } }), '400 INVALID_REQUEST')
  equal(await put({ body: Buffer.from('no archive'), token: ada }), '422 ARCHIVE_INVALID')
  equal(await put({ body: archive, token: ada }), '422 ARCHIVE_INVALID')
  equal(await put({ json: {}, token: ada }), '415 UNSUPPORTED_MEDIA_TYPE')
  equal(await outcome('PUT /libraries/ada/other/one', { body, token: ada }), '400 INVALID_REQUEST')
  equal(
    await outcome('PUT /libraries/nobody-here/other/1.0.0', { body, token: ada }),
    '403 FORBIDDEN',
  )
  equal(await outcome(`GET ${path}`, { token: ada }), '404 NOT_FOUND')
})

test('REQ-LIMIT-003 an archive that is too large is refused before it is read', async () => {
  const response = await server
    .ask('PUT /libraries/ada/huge/1.0.0', {
      token: ada,
      body: Buffer.alloc(8),
      headers: { 'content-length': String(archiveLimits.packedBytesMax + 1) },
    })
    .catch(() => undefined)
  ok(response === undefined || response.status === 413) // fetch keeps no promise about lengths that are not true
  equal(await outcome('GET /libraries/ada/huge', { token: ada }), '404 NOT_FOUND')
})

test('POST a form, as the first design has it: fields, then the file', async () => {
  const body = await archiveOf('@ada/formed', '2.0.0')
  const post = async (
    fields: Readonly<Record<string, string>>,
    { token = ada, isFileFirst = false } = {},
  ) => {
    const form = new FormData()
    const addFile = () => form.append('file', new Blob([Uint8Array.from(body)]), 'formed.tar.gz')
    if (isFileFirst) addFile()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    if (!isFileFirst) addFile()
    const response = await fetch(`${server.url}/api/v1/libraries`, {
      ...{ method: 'POST', body: form },
      headers: { authorization: `Bearer ${token}` },
    })
    const set = seen.get('PublishForm') ?? new Set()
    seen.set('PublishForm', set.add(response.status))
    const document: Readonly<Record<string, unknown>> = JSON.parse(await response.text())
    return { status: response.status, document }
  }
  const sha256 = createHash('sha256').update(body).digest('hex')
  const provenance = bundleOf(sha256)
  const given = { name: 'formed', version: '2.0.0', description: 'x', tags: 'a,b', provenance }
  const fields = { ...given, checksum: `sha256:${sha256}` }
  const first = await post(fields)
  equal(first.status, 201)
  deepEqual([first.document['scope'], first.document['version']], ['ada', '2.0.0'])
  equal((await post(fields)).status, 200)
  equal((await ask('GET /libraries/ada/formed/2.0.0/provenance', { token: ada })).text, provenance)
  equal(
    (await post({ ...fields, version: '2.0.1', provenance: bundleOf('0'.repeat(64)) })).status,
    422,
  )
  equal((await post({ ...fields, scope: 'bob' })).status, 403)
  equal((await post({ ...fields, checksum: 'x' })).status, 400)
  equal((await post({ name: 'formed' })).status, 400)
  const { status, document } = await post(fields, { isFileFirst: true })
  equal(status, 400)
  match(String(document['detail']), /fields stand before the file/)
  equal(await outcome('POST /libraries', { token: ada, json: {} }), '415 UNSUPPORTED_MEDIA_TYPE')
})

test('REQ-DISC-003 a library and its versions, by scope with or without @', async () => {
  await publish('@ada/handbook@1.1.0')
  await publish('@ada/handbook@2.0.0-rc.1')
  const { document } = await ask('GET /libraries/ada/handbook')
  deepEqual(document, (await ask('GET /libraries/@ada/handbook')).document)
  equal(document.latest_version, '1.1.0')
  equal(document.visibility, 'public')
  deepEqual(
    document.versions.map(({ version }: { version: string }) => version),
    ['2.0.0-rc.1', '1.1.0', '1.0.0'],
  )
  const [newest] = document.versions
  match(newest.download_url, /\/api\/v1\/libraries\/ada\/handbook\/2\.0\.0-rc\.1\/download$/)
  const listed = (await ask(`GET ${handbook}/versions`)).document
  deepEqual(listed.versions, document.versions)
  const one = (await ask(`GET ${handbook}/1.0.0`)).document
  deepEqual([one.version, one.state, one.file_count], ['1.0.0', 'live', 4])
  for (const path of ['', '/versions', '/1.0.0', '/1.0.0/files'])
    equal(await outcome(`GET /libraries/ada/nothing${path}`), '404 NOT_FOUND')
  equal(await outcome(`GET ${handbook}/9.9.9`), '404 NOT_FOUND')
  equal(await outcome('GET /libraries/Ada!/x'), '400 INVALID_REQUEST')
})

test('REQ-DISC-001 libraries are found by words, filtered, sorted and paged', async () => {
  await publish('@bob/garden-guide@1.0.0', {
    ...{ token: bob, description: 'Gnomes and hedges', tags: ['garden'], license: 'Apache-2.0' },
  })
  const found = (await ask('GET /libraries?q=gnome')).document
  deepEqual(found.libraries.map(({ name }: { name: string }) => name).sort(), ['garden-guide'])
  ok(found.libraries[0].why.words.length === 1)
  const names = async (query: string): Promise<readonly string[]> =>
    (await ask(`GET /libraries?${query}`)).document.libraries.map(
      ({ name }: { name: string }) => name,
    )
  deepEqual(await names('tag=garden'), ['garden-guide'])
  deepEqual(await names('scope=bob'), ['garden-guide'])
  deepEqual(await names('license=Apache-2.0'), ['garden-guide'])
  deepEqual(await names('sort=name&order=asc'), ['garden-guide', 'handbook'])
  deepEqual(await names('sort=updated&per_page=1'), ['garden-guide'])
  const { pagination } = (await ask('GET /libraries?per_page=1')).document
  deepEqual(
    [pagination.page, pagination.per_page, pagination.total, pagination.total_pages],
    [1, 1, 2, 2],
  )
  deepEqual(await names(`per_page=1&cursor=${encodeURIComponent(pagination.next)}`), ['handbook'])
  for (const query of ['page=0', 'per_page=101', 'sort=luck', 'cursor=x', 'updated_since=soon'])
    equal(await outcome(`GET /libraries?${query}`), '400 INVALID_REQUEST', query)
})

test('REQ-DOWN-001 the archive comes whole or in part, names its digest, and is kept for good', async () => {
  const path = `GET ${handbook}/1.0.0/download`
  const { response, headers, type } = await ask(path)
  equal(type, 'application/gzip')
  deepEqual(Buffer.from(await response.arrayBuffer()), archive)
  const hex = createHash('sha256').update(archive).digest('hex')
  equal(headers.get('etag'), `"sha256:${hex}"`)
  equal(headers.get('repr-digest'), `sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`)
  equal(headers.get('cache-control'), 'public, max-age=31536000, immutable')
  equal(headers.get('content-disposition'), 'attachment; filename="handbook-1.0.0.tar.gz"')
  const part = await ask(path, { headers: { range: 'bytes=5-9' } })
  equal(part.status, 206)
  deepEqual(Buffer.from(await part.response.arrayBuffer()), archive.subarray(5, 10))
  equal((await ask(path, { headers: { 'if-none-match': `"sha256:${hex}"` } })).status, 304)
  equal(await outcome(path, { headers: { 'if-match': '"x"' } }), '412 PRECONDITION_FAILED')
  equal(await outcome(path, { headers: { range: 'bytes=9999999-' } }), '416 RANGE_NOT_SATISFIABLE')
  const head = await server.ask(path.replace('GET', 'HEAD'))
  equal(head.headers.get('content-length'), String(archive.length))
  equal(await outcome(`GET ${handbook}/7.0.0/download`), '404 NOT_FOUND')
})

test('REQ-MON-001 downloads are counted, once each, and shown', async () => {
  const figure = async (): Promise<number> => {
    await server.libraries.flush()
    return (await ask('GET /libraries/ada/handbook')).document.downloads
  }
  const before = await figure()
  const path = `${handbook}/1.0.0/download`
  await (await server.ask(`GET ${path}`)).arrayBuffer()
  await server.ask(`HEAD ${path}`)
  await (await server.ask(`GET ${path}`, { headers: { range: 'bytes=5-' } })).arrayBuffer()
  equal(await figure(), before + 1)
  const { document } = await ask('GET /stats/downloads?scope=@ada&library=handbook&days=7', {
    token: ada,
  })
  equal(document.total_downloads, before + 1)
  equal(document.downloads_by_day.length, 7)
  deepEqual(document.top_libraries, [{ scope: 'ada', name: 'handbook', downloads: before + 1 }])
  equal(await outcome('GET /stats/downloads?days=0', { token: ada }), '400 INVALID_REQUEST')
  const sums = (await ask('GET /stats/libraries', { token: ada })).document
  ok(sums.total_libraries >= 2 && sums.total_versions >= 4 && sums.total_size_bytes > 0)
  ok(sums.libraries_by_tag.some(({ tag }: { tag: string }) => tag === 'garden'))
})

test('files, one file, and the readme of a version', async () => {
  const { files } = (await ask(`GET ${handbook}/1.0.0/files`)).document
  deepEqual(files.map(({ path }: { path: string }) => path).sort(), [
    '.mdlibs.toml',
    'README.md',
    'docs/deep.md',
    'pixel.svg',
  ])
  const deep = await ask(`GET ${handbook}/1.0.0/files/docs/deep.md`)
  equal(deep.text, '# Deep\n\nThe garden gnome.\n')
  equal(deep.type, 'text/plain; charset=utf-8')
  match(deep.headers.get('content-security-policy') ?? '', /sandbox/)
  const etag = deep.headers.get('etag') ?? ''
  const again = { headers: { 'if-none-match': etag } }
  equal((await ask(`GET ${handbook}/1.0.0/files/docs/deep.md`, again)).status, 304)
  equal((await ask(`GET ${handbook}/1.0.0/files/pixel.svg`)).type, 'image/svg+xml')
  const mismatch = { headers: { 'if-match': '"x"' } }
  equal(
    await outcome(`GET ${handbook}/1.0.0/files/docs/deep.md`, mismatch),
    '412 PRECONDITION_FAILED',
  )
  equal(await outcome(`GET ${handbook}/1.0.0/files/none.md`), '404 NOT_FOUND')
  equal((await ask(`GET ${handbook}/1.0.0/readme`)).text, '# handbook\n')
  equal(await outcome(`GET ${handbook}/8.0.0/readme`), '404 NOT_FOUND')
})

test('REQ-DOWN-002 a range, a version or a tag resolves to a version', async () => {
  const resolved = async (range: string): Promise<string> =>
    (await ask(`GET ${handbook}/resolve?range=${encodeURIComponent(range)}`)).document.version
  equal(await resolved('^1.0'), '1.1.0')
  equal(await resolved('1.0.0'), '1.0.0')
  equal(await resolved('stable'), '1.0.0')
  equal((await ask(`GET ${handbook}/resolve`)).document.version, '1.1.0')
  equal(await outcome(`GET ${handbook}/resolve?range=^9`), '404 NOT_FOUND')
})

test('words are found inside a library, and versions compared', async () => {
  const inside = (await ask(`GET ${handbook}/search?q=gnome&version=1.0.0`)).document
  deepEqual(
    inside.hits.map(({ path, line, heading }: Record<string, unknown>) => [path, line, heading]),
    [['docs/deep.md', 3, 'Deep']],
  )
  equal(await outcome(`GET ${handbook}/search`), '400 INVALID_REQUEST')
  equal(await outcome('GET /libraries/ada/nothing/search?q=x'), '404 NOT_FOUND')
  const diff = (await ask(`GET ${handbook}/diff?from=1.0.0&to=1.1.0`)).document
  deepEqual(diff.files.map(({ path, change }: Record<string, unknown>) => [path, change]).sort(), [
    ['.mdlibs.toml', 'changed'],
    ['docs/deep.md', 'removed'],
    ['pixel.svg', 'removed'],
  ])
  equal(diff.same, 1)
  equal(await outcome(`GET ${handbook}/diff?from=1.0.0`), '400 INVALID_REQUEST')
  equal(await outcome(`GET ${handbook}/diff?from=1.0.0&to=5.0.0`), '404 NOT_FOUND')
})

test('a version is yanked with a reason, and let be found again', async () => {
  const path = `${handbook}/1.1.0/yank`
  const json = { reason: 'wrong advice' }
  equal(await outcome(`PUT ${path}`, { json }), '401 UNAUTHORIZED')
  equal(await outcome(`PUT ${path}`, { json, token: bob }), '403 FORBIDDEN')
  equal(await outcome(`PUT ${path}`, { json: {}, token: ada }), '400 INVALID_REQUEST')
  equal((await ask(`PUT ${path}`, { json, token: ada })).document.yanked.reason, 'wrong advice')
  equal((await ask('GET /libraries/ada/handbook')).document.latest_version, '1.0.0')
  equal((await server.ask(`GET ${handbook}/1.1.0/download`)).status, 200)
  equal(await outcome(`PUT ${handbook}/6.0.0/yank`, { json, token: ada }), '404 NOT_FOUND')
  equal((await ask(`DELETE ${path}`, { token: ada })).document.yanked, undefined)
  equal((await ask('GET /libraries/ada/handbook')).document.latest_version, '1.1.0')
  equal(await outcome(`DELETE ${path}`, { token: bob }), '403 FORBIDDEN')
})

test('versions and libraries are deprecated with a message, and no longer', async () => {
  const json = { message: 'use garden-guide' }
  for (const path of [`${handbook}/1.0.0/deprecation`, `${handbook}/deprecation`]) {
    equal(await outcome(`PUT ${path}`, { json, token: bob }), '403 FORBIDDEN')
    equal(await outcome(`PUT ${path}`, { json: {}, token: ada }), '400 INVALID_REQUEST')
    equal(await outcome(`PUT ${path}`, { json, token: ada }), '204')
  }
  equal((await ask('GET /libraries/ada/handbook')).document.deprecated, 'use garden-guide')
  equal((await ask(`GET ${handbook}/1.0.0`)).document.deprecated, 'use garden-guide')
  for (const path of [`${handbook}/1.0.0/deprecation`, `${handbook}/deprecation`])
    equal(await outcome(`DELETE ${path}`, { token: ada }), '204')
  equal((await ask('GET /libraries/ada/handbook')).document.deprecated, undefined)
})

test('tags name versions', async () => {
  const path = `${handbook}/dist-tags`
  deepEqual((await ask(`GET ${path}`)).document, {
    dist_tags: { latest: '1.1.0', stable: '1.0.0' },
  })
  const json = { version: '2.0.0-rc.1' }
  equal(await outcome(`PUT ${path}/next`, { json, token: ada }), '204')
  equal((await ask(`GET ${handbook}/resolve?range=next`)).document.version, '2.0.0-rc.1')
  equal(await outcome(`PUT ${path}/next`, { json, token: bob }), '403 FORBIDDEN')
  equal(await outcome(`PUT ${path}/1.0.0`, { json, token: ada }), '400 INVALID_REQUEST')
  equal(
    await outcome(`PUT ${path}/next`, { json: { version: '3.3.3' }, token: ada }),
    '404 NOT_FOUND',
  )
  equal(await outcome(`DELETE ${path}/next`, { token: ada }), '204')
  equal(await outcome(`DELETE ${path}/next`, { token: ada }), '404 NOT_FOUND')
  equal(await outcome('GET /libraries/ada/nothing/dist-tags'), '404 NOT_FOUND')
})

test('a signature is by a key that is listed, over a text that is told', async () => {
  const { document } = await ask(`GET ${handbook}/1.0.0/signature`)
  const { keys } = (await ask('GET /keys')).document
  const key = keys.find(({ key_id: id }: { key_id: string }) => id === document.key_id)
  const bytes = (text: string) => Buffer.from(text, 'base64url')
  const signed = { message: Buffer.from(document.signed), signature: bytes(document.signature) }
  ok(isEd25519Signature(bytes(key.public_key), signed))
  equal(document.signed, `mdlibs-signature-v1\n@ada/handbook\n1.0.0\n${document.checksum}\n`)
  equal(await outcome('POST /keys', { token: ada }), '403 FORBIDDEN')
  const rotated = await ask('POST /keys', { token: root })
  equal(rotated.status, 201)
  equal((await ask('GET /keys')).document.keys[0].key_id, rotated.document.key_id)
  deepEqual((await ask(`GET ${handbook}/1.0.0/scan`)).document, { state: 'live', findings: [] })
  equal(await outcome(`GET ${handbook}/1.0.0/provenance`), '404 NOT_FOUND')
  for (const path of ['signature', 'scan'])
    equal(await outcome(`GET ${handbook}/4.0.0/${path}`), '404 NOT_FOUND')
})

test('REQ-TEAM-004 visibility, archiving and settings are changed by who manages it', async () => {
  const path = '/libraries/ada/formed'
  equal(await outcome(`PATCH ${path}`, { json: { archived: true }, token: bob }), '404 NOT_FOUND')
  const json = { visibility: 'public' }
  equal(await outcome(`PATCH ${path}`, { json, token: ada }), '428 CONFIRMATION_REQUIRED')
  const confirmed = { ...json, confirm_public: true, settings: { staged_publishing: true } }
  const { document } = await ask(`PATCH ${path}`, { json: confirmed, token: ada })
  deepEqual([document.visibility, document.settings.staged_publishing], ['public', true])
  equal(
    await outcome(`PATCH ${path}`, { json: { colour: 'red' }, token: ada }),
    '400 INVALID_REQUEST',
  )
  equal(await outcome(`PATCH ${path}`, { json: { archived: true }, token: bob }), '403 FORBIDDEN')
})

test('a staged version waits, is approved or rejected', async () => {
  for (const version of ['2.1.0', '2.2.0'])
    equal((await publish(`@ada/formed@${version}`, { query: '' })).document.state, 'staged')
  const path = '/libraries/ada/formed'
  equal((await ask(`GET ${path}`)).document.latest_version, '2.0.0')
  equal(await outcome(`GET ${path}/2.1.0/download`, { token: bob }), '404 NOT_FOUND')
  const waiting = (await ask('GET /moderation', { token: ada })).document.versions
  deepEqual(waiting.map(({ version }: { version: string }) => version).sort(), ['2.1.0', '2.2.0'])
  equal(await outcome('GET /moderation'), '401 UNAUTHORIZED')
  equal((await ask(`POST ${path}/2.1.0/approve`, { token: ada })).document.state, 'live')
  equal(await outcome(`POST ${path}/2.1.0/approve`, { token: ada }), '409 CONFLICT')
  const json = { reason: 'not yet' }
  equal((await ask(`POST ${path}/2.2.0/reject`, { token: ada, json })).document.state, 'blocked')
  equal(await outcome(`POST ${path}/2.2.0/reject`, { token: ada, json }), '409 CONFLICT')
  equal(await outcome(`GET ${path}/2.2.0/download`, { token: ada }), '409 CONFLICT')
  equal(await outcome(`POST ${path}/5.0.0/approve`, { token: ada }), '404 NOT_FOUND')
})

test('owners are asked, accept and decline; a library is transferred with consent', async () => {
  const path = '/libraries/ada/formed'
  equal(
    await outcome(`POST ${path}/owners`, { json: { handle: 'bob' }, token: bob }),
    '403 FORBIDDEN',
  )
  equal(
    await outcome(`POST ${path}/owners`, { json: { handle: 'nobody-here' }, token: ada }),
    '404 NOT_FOUND',
  )
  equal(await outcome(`POST ${path}/owners`, { json: { handle: 'bob' }, token: ada }), '202')
  const asked = (await ask('GET /libraries/invitations', { token: bob })).document.invitations
  deepEqual(
    asked.map(({ name, kind, to }: Record<string, unknown>) => [name, kind, to]),
    [['formed', 'co-owner', 'bob']],
  )
  equal(await outcome('GET /libraries/invitations'), '401 UNAUTHORIZED')
  equal(await outcome(`POST ${path}/owners/bob/accept`, { token: bob }), '204')
  deepEqual((await ask(`GET ${path}/owners`)).document.co_owners, ['bob'])
  equal(await outcome(`DELETE ${path}/owners/ada`, { token: ada }), '409 CONFLICT')
  equal(await outcome(`DELETE ${path}/owners/bob`, { token: ada }), '204')
  equal(await outcome(`DELETE ${path}/owners/bob`, { token: ada }), '404 NOT_FOUND')
  equal(await outcome(`POST ${path}/transfer`, { json: { handle: 'bob' }, token: ada }), '202')
  equal(await outcome(`POST ${path}/owners/bob/decline`, { token: bob }), '204')
  equal(await outcome(`POST ${path}/owners/bob/accept`, { token: bob }), '404 NOT_FOUND')
  equal(await outcome(`POST ${path}/transfer`, { json: { handle: 'bob' }, token: ada }), '202')
  equal(await outcome(`POST ${path}/owners/bob/accept`, { token: bob }), '204')
  equal((await ask(`GET ${path}`)).document.owner, 'bob')
  equal(
    await outcome(`POST ${path}/transfer`, { json: { handle: 'ada' }, token: ada }),
    '403 FORBIDDEN',
  )
  equal(await outcome('GET /libraries/ada/nothing/owners'), '404 NOT_FOUND')
})

test('REQ-SEC-005 a grant lets somebody in; nobody else learns that there is anything', async () => {
  await publish('@ada/secret-plan@1.0.0', { query: '?visibility=private' })
  const path = '/libraries/ada/secret-plan'
  equal(await outcome(`GET ${path}`, { token: bob }), '404 NOT_FOUND')
  equal(
    await outcome(`PUT ${path}/grants/bob`, { json: { role: 'read' }, token: bob }),
    '404 NOT_FOUND',
  )
  equal(await outcome(`PUT ${path}/grants/bob`, { json: { role: 'read' }, token: ada }), '204')
  equal(await outcome(`GET ${path}`, { token: bob }), '200')
  equal(await outcome(`GET ${path}/grants`, { token: bob }), '403 FORBIDDEN')
  deepEqual((await ask(`GET ${path}/grants`, { token: ada })).document, {
    grants: [{ to: 'bob', role: 'read' }],
  })
  equal(
    await outcome(`PUT ${path}/grants/bob`, { json: { role: 'own' }, token: ada }),
    '400 INVALID_REQUEST',
  )
  const download = await server.ask(`GET ${path}/1.0.0/download`, { token: bob })
  equal(download.headers.get('cache-control'), 'private, max-age=31536000, immutable')
  equal(await outcome(`DELETE ${path}/grants/bob`, { token: ada }), '204')
  equal(await outcome(`DELETE ${path}/grants/bob`, { token: ada }), '404 NOT_FOUND')
  equal(await outcome(`GET ${path}`, { token: bob }), '404 NOT_FOUND')
})

test('trusted publishers are added, listed and removed', async () => {
  const path = `${handbook}/trusted-publishers`
  const json = { issuer: 'https://ci.example.org', claims: { repository: 'ada/handbook' } }
  equal(await outcome(`POST ${path}`, { json, token: bob }), '403 FORBIDDEN')
  equal(
    await outcome(`POST ${path}`, { json: { ...json, claims: {} }, token: ada }),
    '400 INVALID_REQUEST',
  )
  const added = await ask(`POST ${path}`, { json, token: ada })
  equal(added.status, 201)
  const { document } = await ask(`GET ${path}`, { token: ada })
  deepEqual(document.trusted_publishers, [added.document])
  equal(await outcome(`GET ${path}`, { token: bob }), '403 FORBIDDEN')
  equal(await outcome(`DELETE ${path}/${added.document.id}`, { token: ada }), '204')
  equal(await outcome(`DELETE ${path}/${added.document.id}`, { token: ada }), '404 NOT_FOUND')
})

test('webhooks are added, listed and removed, and their secrets are told once', async () => {
  const path = `${handbook}/webhooks`
  const json = { url: 'https://hooks.example.org/libraries', events: ['published'] }
  equal(await outcome(`POST ${path}`, { json, token: bob }), '403 FORBIDDEN')
  const wrong = [{ url: 'https://127.0.0.1/' }, { url: 'http://hooks.example.org/' }]
  for (const one of wrong)
    equal(await outcome(`POST ${path}`, { json: one, token: ada }), '400 INVALID_REQUEST')
  const unknown = { ...json, events: ['exploded'] }
  equal(await outcome(`POST ${path}`, { json: unknown, token: ada }), '400 INVALID_REQUEST')
  const added = await ask(`POST ${path}`, { json, token: ada })
  equal(added.status, 201)
  const { secret, ...rest } = added.document
  match(secret, /^whsec_/)
  deepEqual((await ask(`GET ${path}`, { token: ada })).document.webhooks, [rest])
  equal(await outcome(`GET ${path}`, { token: bob }), '403 FORBIDDEN')
  equal(await outcome(`DELETE ${path}/${rest.id}`, { token: ada }), '204')
  equal(await outcome(`DELETE ${path}/${rest.id}`, { token: ada }), '404 NOT_FOUND')
})

test('a badge shows the latest version, and may be shown elsewhere', async () => {
  const { text, type, headers } = await ask(`GET ${handbook}/badge.svg`)
  equal(type, 'image/svg+xml')
  match(text, /@ada\/handbook: 1\.1\.0/)
  equal(headers.get('cross-origin-resource-policy'), 'cross-origin')
  equal(await outcome('GET /libraries/ada/nothing/badge.svg'), '404 NOT_FOUND')
})

test('the feed tells what happened, in order, from where somebody has read', async () => {
  const all = (await ask('GET /feed?limit=1000')).document
  const sequences = all.entries.map(({ sequence }: { sequence: number }) => sequence)
  deepEqual(
    sequences,
    [...sequences].sort((a, b) => a - b),
  )
  ok(
    all.entries.some(
      ({ event, name }: Record<string, unknown>) => event === 'published' && name === 'handbook',
    ),
  )
  ok(!all.entries.some(({ name }: { name: string }) => name === 'secret-plan'))
  const rest = (await ask(`GET /feed?after=${all.next}`)).document
  deepEqual(rest.entries, [])
  equal(await outcome('GET /feed?limit=0'), '400 INVALID_REQUEST')
})

test('advisories are published by administrators, and told of what somebody has installed', async () => {
  const json = {
    ...{ scope: '@ada', name: 'handbook', range: '<1.1.0', severity: 'high' },
    ...{ title: 'Bad advice', details: 'It says to run anything.', patched: '1.1.0' },
  }
  equal(await outcome('POST /advisories', { json, token: ada }), '403 FORBIDDEN')
  equal(
    await outcome('POST /advisories', { json: { ...json, severity: 'odd' }, token: root }),
    '400 INVALID_REQUEST',
  )
  const made = await ask('POST /advisories', { json, token: root })
  equal(made.status, 201)
  deepEqual((await ask('GET /advisories?scope=ada&name=handbook')).document.advisories, [
    made.document,
  ])
  const versions = ['1.0.0', '1.1.0'].map((version) => ({
    scope: 'ada',
    name: 'handbook',
    version,
  }))
  const checked = (await ask('POST /advisories/check', { json: { versions } })).document.versions
  deepEqual(
    checked.map(({ version, advisories }: { version: string; advisories: unknown[] }) => [
      version,
      advisories.length,
    ]),
    [
      ['1.0.0', 1],
      ['1.1.0', 0],
    ],
  )
  equal(
    await outcome('POST /advisories/check', { json: { versions: 'all' } }),
    '400 INVALID_REQUEST',
  )
  equal(await outcome(`DELETE /advisories/${made.document.id}`, { token: ada }), '403 FORBIDDEN')
  ok((await ask(`DELETE /advisories/${made.document.id}`, { token: root })).document.withdrawn_at)
  equal(await outcome('DELETE /advisories/none', { token: root }), '404 NOT_FOUND')
})

test('REQ-LIMIT-001 quotas are shown, set, and kept to, with the numbers', async () => {
  const own = (await ask('GET /quota', { token: bob })).document
  equal(own.owner, 'bob')
  ok(own.usage.bytes > 0 && own.usage.published_today > 0)
  equal(await outcome('GET /quota'), '401 UNAUTHORIZED')
  equal(await outcome('GET /quota?owner=ada', { token: bob }), '403 FORBIDDEN')
  equal(await outcome('PUT /quota/bob', { json: { bytes: 1 }, token: bob }), '403 FORBIDDEN')
  equal(
    await outcome('PUT /quota/bob', { json: { bytes: -1 }, token: root }),
    '400 INVALID_REQUEST',
  )
  equal((await ask('PUT /quota/bob', { json: { bytes: 1 }, token: root })).document.quota.bytes, 1)
  const { status, document } = await publish('@bob/garden-guide@1.0.1', { token: bob, query: '' })
  deepEqual([status, document.error.code], [413, 'QUOTA_EXCEEDED'])
  equal(document.error.details.quota, 1)
  await ask('PUT /quota/bob', { json: {}, token: root })
})

test('REQ-MON-002 use of the API is told to its user, and all of it to administrators', async () => {
  await server.libraries.flush()
  const own = (await ask('GET /stats/use?handle=bob&days=1', { token: bob })).document.use
  ok(own.length === 1 && own[0].handle === 'bob' && own[0].requests > 10)
  equal(await outcome('GET /stats/use?handle=ada', { token: bob }), '403 FORBIDDEN')
  const all = (await ask('GET /stats/use', { token: root })).document.use
  ok(all.length >= 2)
})

test('REQ-AUTHZ-004 a version is deleted within the window, for good; and all of a library', async () => {
  const path = '/libraries/ada/short-lived'
  await publish('@ada/short-lived@1.0.0')
  await publish('@ada/short-lived@1.1.0')
  equal(await outcome(`DELETE ${path}/1.0.0`), '401 UNAUTHORIZED')
  equal(await outcome(`DELETE ${path}/1.0.0`, { token: bob }), '403 FORBIDDEN')
  equal(await outcome(`DELETE ${path}/1.0.0`, { token: ada }), '204')
  for (const below of ['', '/download', '/files', '/readme', '/scan'])
    equal(await outcome(`GET ${path}/1.0.0${below}`), '410 VERSION_DELETED')
  equal(await outcome(`DELETE ${path}/1.0.0`, { token: ada }), '410 VERSION_DELETED')
  const again = await publish('@ada/short-lived@1.0.0', { description: 'again' })
  equal(again.document.error.code, 'VERSION_DELETED')
  equal((await ask(`GET ${path}/versions`)).document.versions[1].state, 'deleted')
  equal(await outcome(`DELETE ${path}`, { token: bob }), '403 FORBIDDEN')
  equal(await outcome(`DELETE ${path}`, { token: ada }), '204')
  equal(await outcome(`GET ${path}/1.1.0`, { token: ada }), '410 VERSION_DELETED')
})

test('REQ-USE-001 what is described is answered, and what is answered is described', () => {
  const routes = bindRoutes(libraryRoutes, undefined as never) // they are only described
  const { paths } = describeLibraries(routes, { version: '0' }) as {
    readonly paths: Record<string, Record<string, { operationId: string; responses: object }>>
  }
  const operations = Object.values(paths).flatMap((of) => Object.values(of))
  equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length)
  for (const { operationId, responses } of operations) {
    if (operationId.endsWith('Head')) continue
    const statuses = [...(seen.get(operationId) ?? [])]
    ok(
      statuses.some((status) => status < 400),
      `${operationId} was never answered well`,
    )
    for (const status of statuses)
      ok(String(status) in responses, `${operationId}: ${status} is not described`)
  }
})
