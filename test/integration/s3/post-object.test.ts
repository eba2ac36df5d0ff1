/** Uploads from browsers' forms, over real sockets: written by hand, and by the platform's own `FormData`. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { fieldsBytesMax } from '#api/s3/form'
import { parseBucketName, parseObjectKey } from '#object/names'
import { type RawAnswer, RawConnection } from './raw-http.ts'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'
import { presign, sha256, sign } from './signer.ts'

const bucket = parseBucketName('posted')
const another = parseBucketName('another')
let server: S3Server

before(async () => {
  server = await startS3Server({ limits: { idleTimeoutMs: 500, lingerMs: 100 } })
  await server.objects.createBucket(bucket)
  await server.objects.createBucket(another)
})
after(() => server[Symbol.asyncDispose]())

type Fields = Readonly<Record<string, string>>
type Conditions = readonly unknown[]

function policyOf(conditions: Conditions, expiresInMs = 60_000): string {
  const expiration = new Date(Date.now() + expiresInMs).toISOString()
  return Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')
}

/** What a policy must say to allow just these fields. */
function exactly(fields: Fields, ...more: Conditions): Conditions {
  return [
    { bucket },
    ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
    ...more,
  ]
}

/** The old form. */
function signedV2(
  fields: Fields,
  conditions: Conditions = exactly(fields),
  expiresInMs?: number,
): Fields {
  return withSignature(fields, policyOf(conditions, expiresInMs))
}

function withSignature(fields: Fields, policy: string): Fields {
  const signature = createHmac('sha1', secret).update(policy).digest('base64')
  return { ...fields, AWSAccessKeyId: accessKeyId, policy, signature }
}

function signedV4(fields: Fields): Fields {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
  const words = [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request']
  const hmac = (key: string | Buffer, text: string) =>
    createHmac('sha256', key).update(text).digest()
  const all = {
    ...fields,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': [accessKeyId, ...words].join('/'),
    'x-amz-date': date,
  }
  const policy = policyOf(exactly(all))
  const signingKey = words.reduce<string | Buffer>(hmac, `AWS4${secret}`)
  return { ...all, policy, 'x-amz-signature': hmac(signingKey as Buffer, policy).toString('hex') }
}

interface Post {
  readonly file?: string | Uint8Array<ArrayBuffer>
  readonly filename?: string
  readonly path?: string
}

/** As a browser posts it. */
async function post(
  fields: Fields,
  { file = 'hello', filename = 'a.txt', path = `/${bucket}` }: Post = {},
): Promise<Response> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([file]), filename)
  const url = `${server.s3Url}${path}`
  return await fetch(url, { method: 'POST', body: form, redirect: 'manual' })
}

async function stored(key: string): Promise<{ readonly bytes: Buffer; readonly headers: Headers }> {
  const host = `127.0.0.1:${server.port}`
  const path = key.split('/').map(encodeURIComponent).join('/')
  const target = presign({
    method: 'GET',
    target: `/${bucket}/${path}`,
    headers: { host },
    expiresSeconds: 60,
  })
  const answer = await fetch(`http://${host}${target}`)
  equal(answer.status, 200, key)
  return { bytes: Buffer.from(await answer.arrayBuffer()), headers: answer.headers }
}

/** Of all buckets that forms are sent to. */
async function visibleKeys(): Promise<readonly string[]> {
  const pages = [bucket, another].map((name) =>
    server.objects.list(name, { prefix: '', limit: 1000 }),
  )
  return (await Promise.all(pages)).flatMap(({ objects }) => objects.map(({ key }) => key))
}

const codeOf = (xml: string): string | undefined => /<Code>([^<]*)<\/Code>/.exec(xml)?.[1]

async function expectRefusal(answer: Response, status: number, code: string): Promise<string> {
  const text = await answer.text()
  deepEqual([answer.status, codeOf(text)], [status, code], text)
  ok(!(await visibleKeys()).includes('refused'), 'nothing became visible')
  return text
}

const md5 = (bytes: string | Uint8Array): string => createHash('md5').update(bytes).digest('hex')

test('both ways to sign, and the answer of a browser that wishes nothing', async () => {
  for (const [key, fields] of [
    ['old', signedV2({ key: 'old' })],
    ['new', signedV4({ key: 'new' })],
  ] as const) {
    const answer = await post(fields, { file: key })
    deepEqual([answer.status, await answer.text()], [204, ''])
    equal(answer.headers.get('etag'), `"${md5(key)}"`)
    equal(answer.headers.get('location'), `${server.s3Url}/${bucket}/${key}`)
    equal((await stored(key)).bytes.toString(), key)
  }
  const ended = server.ended.findLast(({ operation }) => operation === 'PostObject')
  deepEqual([ended?.bucket, ended?.principal], [bucket, accessKeyId])
})

test('a virtual host, and names in any case', async () => {
  const fields = signedV2({ kEy: 'virtual', aCl: 'private' }, [
    { bUcKeT: bucket },
    ['StArTs-WiTh', '$KeY', 'virt'],
    ['eQ', '$AcL', 'private'],
  ])
  await using connection = await RawConnection.open(server.port)
  await connection.send(raw(formBytes(fields, 'v'), { target: '/', host: `${bucket}.localhost` }))
  const answer = await connection.answer()
  equal(answer?.status, 204, answer?.body ?? 'no answer')
  equal(answer.headers['location'], `http://${bucket}.localhost/virtual`)
  equal((await stored('virtual')).bytes.toString(), 'v')
})

test('a file of many pieces comes back byte for byte', async () => {
  const file = Buffer.concat([
    randomBytes(1_000_003),
    Buffer.from('\r\n--'.repeat(1000)),
    randomBytes(77),
  ])
  const checksum = createHash('sha256').update(file).digest('base64')
  const answer = await post(signedV2({ key: 'large', 'x-amz-checksum-sha256': checksum }), { file })
  equal(answer.status, 204, await answer.text())
  equal(answer.headers.get('x-amz-checksum-sha256'), checksum)
  ok((await stored('large')).bytes.equals(file))
})

test('an empty file', async () => {
  equal((await post(signedV2({ key: 'empty' }), { file: '' })).status, 204)
  equal((await stored('empty')).bytes.length, 0)
})

test('the name of the file in the key, without its path', async () => {
  const fields = { key: `up/\${filename}.\${filename}` }
  const conditions = [{ bucket }, ['starts-with', '$key', 'up/']]
  const answer = await post(signedV2(fields, conditions), { filename: 'C:\\dir\\größe "$&".txt' })
  equal(answer.status, 204, await answer.text())
  equal((await stored('up/größe "$&".txt.größe "$&".txt')).bytes.toString(), 'hello')
  const literal = signedV2(fields, [{ bucket }, { key: fields.key }])
  await expectRefusal(await post(literal), 403, 'AccessDenied') // the policy sees what will be the key
})

test('headers, metadata, tags and what need not be in a policy', async () => {
  const tagging = '<Tagging><TagSet><Tag><Key>a</Key><Value>ü</Value></Tag></TagSet></Tagging>'
  const fields = {
    key: 'dressed',
    'Content-Type': 'image/png',
    'Cache-Control': 'no-cache',
    'Content-Disposition': 'attachment; filename="ä.png"',
    'Content-Encoding': 'identity',
    Expires: 'Thu, 01 Jan 2032 00:00:00 GMT',
    'X-Amz-Meta-Foo': 'bär',
    'x-amz-storage-class': 'STANDARD',
    'x-amz-server-side-encryption': 'AES256',
    tagging,
  }
  const answer = await post({ ...signedV2(fields), 'x-ignore-me': 'ignored' })
  equal(answer.status, 204, await answer.text())
  equal(answer.headers.get('x-amz-server-side-encryption'), 'AES256')
  const { headers } = await stored('dressed')
  const utf8 = (name: string) => Buffer.from(headers.get(name) ?? '', 'latin1').toString()
  equal(utf8('content-type'), 'image/png')
  equal(utf8('cache-control'), 'no-cache')
  equal(utf8('content-disposition'), 'attachment; filename="ä.png"')
  equal(utf8('content-encoding'), 'identity')
  equal(utf8('expires'), fields.Expires)
  equal(utf8('x-amz-meta-foo'), 'bär')
  const { traits } = await server.objects.head(bucket, parseObjectKey('dressed'))
  deepEqual(traits.tags, [['a', 'ü']])
})

test('an ACL is kept, as a header would have it', async () => {
  const read = () => fetch(`${server.s3Url}/${bucket}/public`)
  equal((await post(signedV2({ key: 'public', acl: 'private' }))).status, 204)
  equal((await read()).status, 403)
  equal((await post(signedV2({ key: 'public', acl: 'public-read' }))).status, 204)
  equal(await (await read()).text(), 'hello')
})

test('the status that the form wishes', async () => {
  for (const [wished, status] of [
    ['200', 200],
    ['204', 204],
    ['404', 204],
    ['', 204],
  ] as const) {
    const answer = await post(signedV2({ key: 'status', success_action_status: wished }))
    deepEqual([answer.status, await answer.text()], [status, ''], wished)
  }
  const key = 'a/b c&<'
  const answer = await post(signedV2({ key, success_action_status: '201' }))
  equal(answer.status, 201)
  equal(answer.headers.get('content-type'), 'application/xml')
  const location = `${server.s3Url}/${bucket}/a/b%20c%26%3C`
  equal(answer.headers.get('location'), location)
  equal(
    await answer.text(),
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<PostResponse><Location>${location}</Location><Bucket>${bucket}</Bucket><Key>a/b c&amp;&lt;</Key>` +
      `<ETag>&quot;${md5('hello')}&quot;</ETag></PostResponse>`,
  )
})

test('the page that the form wishes to go on with', async () => {
  const added = `bucket=${bucket}&key=a%26b%20%C3%BC&etag=%22${md5('hello')}%22`
  const redirected = async (url: string, field = 'success_action_redirect') => {
    const answer = await post(
      signedV2({ key: 'a&b ü', [field]: url, success_action_status: '200' }),
    )
    return [answer.status, answer.headers.get('location')]
  }
  deepEqual(await redirected('http://a.test/done'), [303, `http://a.test/done?${added}`])
  deepEqual(await redirected('https://a.test/?x=1#y', 'redirect'), [
    303,
    `https://a.test/?x=1&${added}#y`,
  ])
  for (const url of ['no url', '/done', 'javascript:alert(1)', ''])
    equal((await redirected(url))[0], 200, url)
})

test('a bucket that keeps versions tells which one it is', async () => {
  const name = parseBucketName('versioned')
  await server.objects.createBucket(name)
  await server.objects.setVersioning(name, 'enabled')
  const fields = signedV2({ key: 'v' }, [{ bucket: name }, { key: 'v' }])
  const answer = await post(fields, { path: `/${name}` })
  const { versionId } = await server.objects.head(name, parseObjectKey('v'))
  equal(answer.headers.get('x-amz-version-id'), versionId)
})

const key = 'refused'
const range = (...bounds: unknown[]) => [{ bucket }, { key }, ['content-length-range', ...bounds]]
const document = (policy: unknown) =>
  withSignature({ key }, Buffer.from(JSON.stringify(policy)).toString('base64'))
const later = '2099-01-01T00:00:00Z'
const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([other]) => other !== name))

const refusals: Readonly<
  Record<string, readonly [fields: () => Fields, status: number, code: string, post?: Post]>
> = {
  'no proof': [() => ({ key }), 403, 'AccessDenied'],
  'an unknown key': [
    () => ({ ...signedV2({ key }), AWSAccessKeyId: 'AKIAOTHER' }),
    403,
    'InvalidAccessKeyId',
  ],
  'a wrong signature': [
    () => ({ ...signedV2({ key }), signature: 'AAAA' }),
    403,
    'SignatureDoesNotMatch',
  ],
  'a wrong signature, SigV4': [
    () => ({ ...signedV4({ key }), 'x-amz-signature': '0'.repeat(64) }),
    403,
    'SignatureDoesNotMatch',
  ],
  'another policy than was signed': [
    () => ({ ...signedV4({ key }), policy: policyOf([]) }),
    403,
    'SignatureDoesNotMatch',
  ],
  'a policy without signature': [
    () => without(signedV2({ key }), 'signature'),
    400,
    'InvalidArgument',
  ],
  'a policy without key': [
    () => without(signedV2({ key }), 'AWSAccessKeyId'),
    400,
    'InvalidArgument',
  ],
  'a signature without policy': [
    () => without(signedV2({ key }), 'policy'),
    400,
    'InvalidArgument',
  ],
  'a policy that has expired': [() => signedV2({ key }, exactly({ key }), -1), 403, 'AccessDenied'],
  'a field that the policy does not name': [
    () => ({ ...signedV2({ key }), acl: 'private' }),
    403,
    'AccessDenied',
  ],
  'a value that the policy does not allow': [
    () => signedV2({ key }, [{ bucket }, { key: 'b' }]),
    403,
    'AccessDenied',
  ],
  'a field that the policy demands': [
    () => signedV2({ key }, exactly({ key, acl: 'private' })),
    403,
    'AccessDenied',
  ],
  'a policy without bucket': [() => signedV2({ key }, [{ key }]), 403, 'AccessDenied'],
  'a policy for another bucket': [
    () => signedV2({ key }),
    403,
    'AccessDenied',
    { path: `/${another}` },
  ],
  'a policy without expiration': [
    () => document({ conditions: exactly({ key }) }),
    400,
    'InvalidPolicyDocument',
  ],
  'a policy without conditions': [
    () => document({ expiration: later }),
    400,
    'InvalidPolicyDocument',
  ],
  'a policy with an empty condition': [
    () => document({ expiration: later, conditions: [{}] }),
    400,
    'InvalidPolicyDocument',
  ],
  'expiration in another case': [
    () => document({ EXPIRATION: later, conditions: exactly({ key }) }),
    400,
    'InvalidPolicyDocument',
  ],
  'a date of another form': [
    () => document({ expiration: '2099-01-01 00:00:00', conditions: exactly({ key }) }),
    400,
    'InvalidPolicyDocument',
  ],
  'a policy that is no JSON': [() => withSignature({ key }, 'e30x'), 400, 'InvalidPolicyDocument'],
  'a range without end': [() => signedV2({ key }, range(0)), 400, 'InvalidPolicyDocument'],
  'a range of no numbers': [() => signedV2({ key }, range(-1, 'x')), 400, 'InvalidPolicyDocument'],
  'a file that is too large': [() => signedV2({ key }, range(0, 4)), 400, 'EntityTooLarge'],
  'a file that is much too large': [
    () => signedV2({ key }, range(0, 1024)),
    400,
    'EntityTooLarge',
    { file: new Uint8Array(200_000) },
  ],
  'a file that is too small': [() => signedV2({ key }, range(6, 10)), 400, 'EntityTooSmall'],
  'no key': [() => signedV2({ acl: 'private' }), 400, 'InvalidArgument'],
  'an empty key': [() => signedV2({ key: '' }), 400, 'InvalidArgument'],
  'a long key': [() => signedV2({ key: 'k'.repeat(1025) }), 400, 'KeyTooLongError'],
  'an ACL that there is not': [() => signedV2({ key, acl: 'mine' }), 400, 'InvalidArgument'],
  'the algorithm of a key that is not there': [
    () => signedV2({ key, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }),
    400,
    'InvalidArgument',
  ],
  'another storage class': [
    () => signedV2({ key, 'x-amz-storage-class': 'GLACIER' }),
    400,
    'InvalidStorageClass',
  ],
  'metadata that no header can hold': [
    () => signedV2({ key, 'x-amz-meta-a': 'a\u0001' }),
    400,
    'InvalidArgument',
  ],
  'too much metadata': [
    () => signedV2({ key, 'x-amz-meta-a': 'a'.repeat(2048) }),
    400,
    'MetadataTooLarge',
  ],
  'tags that are no document': [() => signedV2({ key, tagging: 'a=b' }), 400, 'MalformedXML'],
  'another document than tags': [() => signedV2({ key, tagging: '<Tags/>' }), 400, 'MalformedXML'],
  'a wrong checksum': [
    () => signedV2({ key, 'x-amz-checksum-crc32': 'AAAAAA==' }),
    400,
    'BadDigest',
  ],
  'a wrong MD5': [
    () => signedV2({ key, 'Content-MD5': Buffer.alloc(16).toString('base64') }),
    400,
    'BadDigest',
  ],
  'too many bytes of fields': [
    () => signedV2({ key, 'x-amz-meta-a': 'a'.repeat(fieldsBytesMax) }),
    400,
    'MaxPostPreDataLengthExceededError',
  ],
  'a bucket that is not there': [
    () => signedV2({ key }, [{ bucket: 'missing' }, { key }]),
    404,
    'NoSuchBucket',
    { path: '/missing' },
  ],
}
for (const [what, [fields, status, code, options]] of Object.entries(refusals))
  test(`${what}: ${status} ${code}`, async () => {
    await expectRefusal(await post(fields(), options), status, code)
  })

test('what somebody else owns is not theirs to write into', async () => {
  await server.accounts.createPrincipal({ handle: 'mallory' })
  const made = await server.accounts.createKey('mallory')
  const policy = policyOf(exactly({ key }))
  const signature = createHmac('sha1', made.secret).update(policy).digest('base64')
  const fields = { key, AWSAccessKeyId: made.accessKeyId, policy, signature }
  await expectRefusal(await post(fields), 403, 'AccessDenied')
})

test('where everybody may write, nobody needs to have signed anything', async () => {
  const open = parseBucketName('open-to-all')
  const grants = [{ to: { group: 'AllUsers' }, permission: 'WRITE' }]
  await server.objects.createBucket(open, { config: { grants } })
  const answer = await post({ key: 'a.txt', 'x-amz-meta-a': 'b' }, { path: `/${open}` })
  equal(answer.status, 204)
  const { metadata, bytes } = await server.objects.head(open, parseObjectKey('a.txt'))
  deepEqual([metadata.user, bytes], [{ a: 'b' }, 5])
  await expectRefusal(await post({ key: 'refused' }), 403, 'AccessDenied')
})

/** A form by hand. */
function formBytes(fields: Fields, file: string, { end = '\r\n--cut--\r\n' } = {}): string {
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--cut\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return `${parts.join('')}--cut\r\nContent-Disposition: form-data; name="file"\r\n\r\n${file}${end}`
}

function raw(
  body: string,
  {
    target = `/${bucket}`,
    host = 'localhost',
    headers = {},
  }: { readonly target?: string; readonly host?: string; readonly headers?: Fields } = {},
): string {
  return (
    head({ target, host, headers: { 'content-length': String(body.length), ...headers } }) + body
  )
}

function head({
  target = `/${bucket}`,
  host = 'localhost',
  headers = {},
}: {
  target?: string
  host?: string
  headers?: Fields
}): string {
  const all = { host, 'content-type': 'multipart/form-data; boundary=cut', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

async function ask(request: string): Promise<RawAnswer | undefined> {
  await using connection = await RawConnection.open(server.port)
  await connection.send(request)
  return await connection.answer()
}

test('the first pull is the consent: what the headers say is refused before it, and 100 comes first', async () => {
  await using connection = await RawConnection.open(server.port)
  const body = formBytes(signedV2({ key: 'expected' }), 'v')
  const headers = { 'content-length': String(body.length), expect: '100-continue' }
  await connection.send(head({ headers }))
  equal((await connection.answer())?.status, 100)
  await connection.send(body)
  equal((await connection.answer())?.status, 204)
  equal((await stored('expected')).bytes.toString(), 'v')
  const refused = await ask(head({ headers: { ...headers, 'content-type': 'text/plain' } }))
  equal(refused?.status, 412)
})

test('a body in chunks, whose length nobody states', async () => {
  const body = formBytes(signedV2({ key: 'chunked' }), 'in chunks')
  const chunks = body
    .match(/[\s\S]{1,7}/g)
    ?.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`)
  const answer = await ask(
    `${head({ headers: { 'transfer-encoding': 'chunked' } })}${chunks?.join('')}0\r\n\r\n`,
  )
  equal(answer?.status, 204, answer?.body ?? 'no answer')
  equal((await stored('chunked')).bytes.toString(), 'in chunks')
})

test('fields behind the file do not count, and the connection lives on', async () => {
  await using connection = await RawConnection.open(server.port)
  const end = `\r\n--cut\r\nContent-Disposition: form-data; name="key"\r\n\r\nelse\r\n--cut--\r\n`
  for (const key of ['first', 'second']) {
    await connection.send(raw(formBytes(signedV2({ key }), key, { end })))
    equal((await connection.answer())?.status, 204)
    equal((await stored(key)).bytes.toString(), key)
  }
})

const rawRefusals: Readonly<
  Record<string, readonly [request: () => string, status: number, code: string]>
> = {
  'another content type': [
    () => raw('key=a', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    412,
    'PreconditionFailed',
  ],
  'no boundary': [
    () => raw('', { headers: { 'content-type': 'multipart/form-data' } }),
    400,
    'MalformedPOSTRequest',
  ],
  'no form': [() => raw('hello'), 400, 'MalformedPOSTRequest'],
  'no file': [
    () =>
      raw(
        `${formBytes(signedV2({ key }), '').split('--cut\r\n').slice(0, -1).join('--cut\r\n')}--cut--`,
      ),
    400,
    'InvalidArgument',
  ],
  'a file without end': [
    () => raw(formBytes(signedV2({ key }), 'v', { end: '' })),
    400,
    'MalformedPOSTRequest',
  ],
  'a file that holds what its boundary begins with': [
    () => raw(formBytes(signedV2({ key }), 'v\r\n--cutter')),
    400,
    'MalformedPOSTRequest',
  ],
  'a field twice': [
    () => raw(formBytes({ ...signedV2({ key }), KEY: key }, 'v')),
    400,
    'InvalidArgument',
  ],
  'a signed request around a form': [
    () => {
      const body = formBytes(signedV2({ key }), 'v')
      const { headers } = sign({
        method: 'POST',
        target: `/${bucket}`,
        headers: { host: 'localhost' },
        contentHash: sha256(body),
      })
      return raw(body, { headers })
    },
    400,
    'InvalidArgument',
  ],
}
for (const [what, [request, status, code]] of Object.entries(rawRefusals))
  test(`${what}: ${status} ${code}`, async () => {
    const answer = await ask(request())
    deepEqual(
      [answer?.status, codeOf(answer?.body ?? '')],
      [status, code],
      answer?.body ?? 'no answer',
    )
    ok(!(await visibleKeys()).includes('refused'), 'nothing became visible')
  })

test('a form that stops in the middle of its file leaves nothing', async () => {
  const body = formBytes(signedV2({ key }), 'v'.repeat(1000))
  await using connection = await RawConnection.open(server.port)
  await connection.send(raw(body).slice(0, -500))
  connection.endSending()
  const answer = await connection.answer()
  ok(answer === undefined || answer.status === 400, answer?.body ?? 'no answer')
  await server.settled()
  ok(!(await visibleKeys()).includes('refused'))
})

test('the reason of a refusal is told', async () => {
  const text = await expectRefusal(
    await post({ ...signedV2({ key }), acl: 'private' }),
    403,
    'AccessDenied',
  )
  match(text, /<Message>Invalid according to Policy: Extra input fields: acl<\/Message>/)
})

test('nothing of it was unexpected', () => ok(!server.ended.some(({ status }) => status === 500)))
