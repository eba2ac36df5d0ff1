import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fault } from '#fault/fault'
import type { HttpHeaders } from '#http/message'
import { parseTarget } from '#http/target'
import { authenticate } from '#identity/authenticate'
import type { SignedProof } from '#identity/proof'
import type { AuthenticationRules } from '#identity/rules'
import { SigningKeys } from '#identity/signing-keys'
import { accessKeyId, knowing, principal, secret } from '../../test/example-key.ts'
import { presign, sign } from '../../test/integration/s3/signer.ts'

/** The time and the bucket of the examples in AWS's documentation of SigV4 for S3; so is the key. */
const exampleTime = Date.UTC(2013, 4, 24)
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const host = 'examplebucket.s3.amazonaws.com'

const rules: AuthenticationRules = {
  accessKeys: knowing(secret),
  regions: ['us-east-1'],
  signingKeys: new SigningKeys(),
  now: exampleTime,
  resources: [],
}

interface Example {
  readonly method?: string
  readonly target: string
  readonly headers?: HttpHeaders
}

function prove(
  { method = 'GET', target, headers = {} }: Example,
  changed: Partial<AuthenticationRules> = {},
) {
  return authenticate(
    { method, target: parseTarget(target), headers: { host, ...headers } },
    { ...rules, ...changed },
  )
}

async function codeOf(
  example: Example,
  changed: Partial<AuthenticationRules> = {},
): Promise<string> {
  try {
    return (await prove(example, changed)).kind
  } catch (error) {
    return (error as Fault).code
  }
}

function authorization(signedHeaders: string, signature: string, scope = '20130524/us-east-1/s3') {
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`
}

const hashed = { 'x-amz-content-sha256': emptyHash, 'x-amz-date': '20130524T000000Z' }
const plainHeaders = 'host;x-amz-content-sha256;x-amz-date'

const getObject: Example = {
  target: '/test.txt',
  headers: {
    ...hashed,
    range: 'bytes=0-9',
    authorization: authorization(
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ),
  },
}
const presigned =
  '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'

const documented: Readonly<Record<string, Example>> = {
  'GET object': getObject,
  'PUT object': {
    method: 'PUT',
    target: '/test$file.text',
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      authorization: authorization(
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      ),
    },
  },
  'GET bucket lifecycle': {
    target: '/?lifecycle',
    headers: {
      ...hashed,
      authorization: authorization(
        plainHeaders,
        'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
      ),
    },
  },
  'list objects': {
    target: '/?max-keys=2&prefix=J',
    headers: {
      ...hashed,
      authorization: authorization(
        plainHeaders,
        '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
      ),
    },
  },
  'presigned GET': { target: presigned },
  'chunked PUT': {
    method: 'PUT',
    target: '/examplebucket/chunkObject.txt',
    headers: {
      host: 's3.amazonaws.com',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '66560',
      'content-length': '66824',
      authorization: authorization(
        'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
        '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      ),
    },
  },
}

for (const [name, example] of Object.entries(documented)) {
  test(`the documented example is believed: ${name}`, async () => {
    const proof = await prove(example)
    equal(proof.kind, 'signed')
    equal((proof as SignedProof).principal, principal)
  })
  test(`the documented example with another method is not: ${name}`, async () => {
    equal(await codeOf({ ...example, method: 'DELETE' }), 'identity/wrong-signature')
  })
}

test('what the signature says of the body is told', async () => {
  const kindOf = async (name: string) => {
    const example = documented[name]
    ok(example)
    return (await prove(example)).payload.kind
  }
  equal(await kindOf('GET object'), 'hashed')
  equal(await kindOf('presigned GET'), 'unsigned')
  equal(await kindOf('chunked PUT'), 'chunked')
})

test('no claim is anonymous, and so is an empty one', async () => {
  equal(await codeOf({ target: '/' }), 'anonymous')
  equal(await codeOf({ target: '/', headers: { authorization: '' } }), 'anonymous')
})

/** Of `GET /a~b%20c`, made by another implementation. */
const tildeSignature = 'ee90a8111ae6a5216f346a3fc1b0413de83dd72ebb1f90d8ff230111816e4d87'

test('the path may be spelled in any legal way, as long as it was signed so', async () => {
  // Both spellings name the object `a~b c`; the client signed one of them.
  const spelled = { ...hashed, authorization: authorization(plainHeaders, tildeSignature) }
  equal(await codeOf({ target: '/a~b%20c', headers: spelled }), 'signed')
  equal(await codeOf({ target: '/a%7Eb%20c', headers: spelled }), 'signed')
  equal(await codeOf({ target: '/a%7eb%20c?', headers: spelled }), 'signed')
  equal(await codeOf({ target: '/a%7eb%20d', headers: spelled }), 'identity/wrong-signature')
})

test('a signer who asks again is believed again, and whoever repeats what stands before the signature is not', async () => {
  const spaced = claim.replaceAll(',', ',  ')
  for (const text of [claim, spaced, claim, spaced]) {
    equal(await codeOf(changedHeaders({ authorization: text })), 'signed')
    const other = text.replace(/[0-9a-f]{64}$/, 'f'.repeat(64))
    equal(await codeOf(changedHeaders({ authorization: other })), 'identity/wrong-signature')
  }
})

const changedHeaders = (headers: HttpHeaders): Example => ({
  ...getObject,
  headers: { ...getObject.headers, ...headers },
})
const claim = getObject.headers?.['authorization'] ?? ''

const refused: Readonly<Record<string, readonly [Example, string]>> = {
  'another key': [
    changedHeaders({ authorization: claim.replace('AKIAIOS', 'AKIBIOS') }),
    'identity/unknown-key',
  ],
  'another signature': [
    changedHeaders({ authorization: claim.replace('f0e8', 'f0e9') }),
    'identity/wrong-signature',
  ],
  'a shorter signature': [
    changedHeaders({ authorization: claim.slice(0, -1) }),
    'identity/wrong-signature',
  ],
  'another path': [{ ...getObject, target: '/test.txT' }, 'identity/wrong-signature'],
  'another query': [{ ...getObject, target: '/test.txt?acl' }, 'identity/wrong-signature'],
  'another signed header': [changedHeaders({ range: 'bytes=0-8' }), 'identity/wrong-signature'],
  'another region': [
    changedHeaders({ authorization: claim.replace('us-east-1', 'eu-west-1') }),
    'identity/wrong-region',
  ],
  'another service': [
    changedHeaders({ authorization: claim.replace('/s3/', '/iam/') }),
    'identity/malformed-authorization',
  ],
  'another day': [
    changedHeaders({ authorization: claim.replace('20130524', '20130525') }),
    'identity/malformed-authorization',
  ],
  'no date': [changedHeaders({ 'x-amz-date': undefined }), 'identity/missing-date'],
  'a date that is none': [
    changedHeaders({ 'x-amz-date': '20131324T000000Z' }),
    'identity/missing-date',
  ],
  'a steering header that is not signed': [
    changedHeaders({ 'x-amz-copy-source': '/other/secret' }),
    'identity/unsigned-header',
  ],
  'a session token': [changedHeaders({ 'x-amz-security-token': 'x' }), 'identity/unknown-token'],
  'a host that is not signed': [
    changedHeaders({ authorization: claim.replace('SignedHeaders=host;', 'SignedHeaders=') }),
    'identity/unsigned-header',
  ],
  'a claim without signature': [
    changedHeaders({ authorization: claim.replace(/,Signature.*/, '') }),
    'identity/malformed-authorization',
  ],
  'a signature that is no field of its own': [
    changedHeaders({ authorization: claim.replace(',Signature=', ';Signature=') }),
    'identity/malformed-authorization',
  ],
  'other signed headers before the same signature': [
    changedHeaders({ authorization: claim.replace('host;range;', 'range;host;') }),
    'identity/wrong-signature',
  ],
  'a claim that is noise': [
    changedHeaders({ authorization: 'AWS4-HMAC-SHA256 HAHAHA' }),
    'identity/malformed-authorization',
  ],
  'an old claim': [
    changedHeaders({ authorization: `AWS ${accessKeyId}:abc=` }),
    'identity/unsupported-scheme',
  ],
  'two claims': [{ ...getObject, target: presigned }, 'identity/two-authorizations'],
  'a body without its hash': [
    changedHeaders({ 'x-amz-content-sha256': undefined, 'content-length': '3' }),
    'identity/missing-content-hash',
  ],
  'a presigned URL without a date': [
    { target: presigned.replace('X-Amz-Date=20130524T000000Z&', '') },
    'identity/malformed-query-authorization',
  ],
  'a presigned URL with more query': [
    { target: `${presigned}&versionId=1` },
    'identity/wrong-signature',
  ],
  'a presigned URL that lives 0 s': [
    { target: presigned.replace('Expires=86400', 'Expires=0') },
    'identity/expiry-out-of-range',
  ],
  'a presigned URL that lives 609,901 s': [
    { target: presigned.replace('Expires=86400', 'Expires=609901') },
    'identity/expiry-out-of-range',
  ],
  'a presigned URL with a steering header': [
    { target: presigned, headers: { 'x-amz-copy-source': '/other/secret' } },
    'identity/unsigned-header',
  ],
}
for (const [what, [example, code]] of Object.entries(refused)) {
  test(`refused: ${what}`, async () => equal(await codeOf(example), code))
}

const minute = 60_000
test('a clock may be 15 minutes off, not more', async () => {
  for (const sign of [-1, 1]) {
    equal(await codeOf(getObject, { now: exampleTime + sign * 15 * minute }), 'signed')
    equal(
      await codeOf(getObject, { now: exampleTime + sign * 16 * minute }),
      'identity/time-skewed',
    )
  }
})

test('a presigned URL lives as long as it says', async () => {
  const target = { target: presigned }
  const end = exampleTime + 86_400_000
  equal(await codeOf(target, { now: end }), 'signed')
  equal(await codeOf(target, { now: end + 1 }), 'identity/expired')
  equal(await codeOf(target, { now: exampleTime - 16 * minute }), 'identity/not-yet-valid')
})

test('any region is accepted when the store says so', async () => {
  const elsewhere = changedHeaders({ authorization: claim.replace('us-east-1', 'eu-west-1') })
  equal(await codeOf(elsewhere, { regions: 'any' }), 'identity/wrong-signature')
})

test('a changed secret counts at once', async () => {
  const other = { accessKeys: () => ({ secret: 'other', principal }) }
  equal(await codeOf(getObject), 'signed')
  equal(await codeOf(getObject, other), 'identity/wrong-signature')
  equal(await codeOf(getObject), 'signed')
})

test('the documented old presigned URL is believed, until it expires', async () => {
  const old: Example = {
    target: `/photos/puppy.jpg?AWSAccessKeyId=${accessKeyId}&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620`,
  }
  const resources = ['/johnsmith/photos/puppy.jpg']
  equal(await codeOf(old, { resources, now: 1175139620_000 }), 'signed')
  equal(await codeOf(old, { resources, now: 1175139621_000 }), 'identity/expired')
  equal(await codeOf({ ...old, method: 'PUT' }, { resources, now: 0 }), 'identity/wrong-signature')
  const other = { resources: ['/johnsmith/photos/kitten.jpg'], now: 0 }
  equal(await codeOf(old, other), 'identity/wrong-signature')
})

const word = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text.isWellFormed())
const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

test('what a client signs is believed, whatever the key, the query and the metadata', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(word, { maxLength: 4 }),
      fc.array(fc.tuple(word, word), { maxLength: 5 }),
      fc.stringMatching(/^[!-~\xa1-\xff]{0,20}$/),
      async (path, query, metadata) => {
        const pairs = query
          .filter(([name]) => name !== '')
          .map(([name, value]) => `${encode(name)}=${encode(value)}`)
        const target = `/${path.map(encode).join('/')}${pairs.length > 0 ? '?' : ''}${pairs.join('&')}`
        const what = { method: 'PUT', target, timeMs: exampleTime, accessKeyId, secret }
        const headers = { host, 'x-amz-meta-a': metadata }
        const signed = sign({ ...what, headers, contentHash: emptyHash })
        equal(await codeOf({ method: 'PUT', target, headers: signed.headers }), 'signed')
        const url = presign({ ...what, headers: { host }, expiresSeconds: 60 })
        equal(await codeOf({ method: 'PUT', target: url }), 'signed')
      },
    ),
    { numRuns: 300 },
  ))
