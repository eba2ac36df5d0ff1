import { deepEqual, equal } from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import type { Fault } from '#fault/fault'
import { authenticateForm, type FormRules } from '#identity/post-form'
import { SigningKeys } from '#identity/signing-keys'
import { accessKeyId, knowing, principal, secret } from '../../test/example-key.ts'

const rules: FormRules = {
  accessKeys: knowing(secret),
  regions: ['us-east-1'],
  signingKeys: new SigningKeys(),
  now: Date.UTC(2015, 11, 29),
}

/** As sent: neither white space nor what is no base64 may be lost before it is signed. */
const policy = ' eyJleHBpcmF0aW9uIjoi\r\nMjAx\u00e9 '

const hmac = (key: string | Uint8Array, text: string) =>
  createHmac('sha256', key).update(text).digest()

function sigV4({ day = '20151229', region = 'us-east-1', service = 's3', key = secret } = {}) {
  const signingKey = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${key}`,
  )
  return {
    policy,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKeyId}/${day}/${region}/${service}/aws4_request`,
    'x-amz-date': `${day}T000000Z`,
    'x-amz-signature': hmac(signingKey, policy).toString('hex'),
  }
}
const sigV2 = {
  policy,
  awsaccesskeyid: accessKeyId,
  signature: createHmac('sha1', secret).update(policy).digest('base64'),
}

type Fields = Readonly<Record<string, string | undefined>>
const prove = (fields: Fields) => authenticateForm((name) => fields[name], rules)

async function codeOf(fields: Fields): Promise<string> {
  try {
    return (await prove(fields)).kind
  } catch (error) {
    return (error as Fault).code
  }
}

test('both ways to sign a policy are believed', async () => {
  const proof = {
    kind: 'signed',
    via: 'form',
    accessKeyId,
    principal,
    payload: { kind: 'unsigned' },
  }
  deepEqual(await prove(sigV4()), proof)
  deepEqual(await prove(sigV2), proof)
})

test("AWS's own example of a signed policy", async () => {
  const credential = `${accessKeyId}/20151229/us-east-1/s3/aws4_request`
  const document = [
    '{ "expiration": "2015-12-30T12:00:00.000Z",',
    '  "conditions": [',
    '    {"bucket": "sigv4examplebucket"},',
    '    ["starts-with", "$key", "user/user1/"],',
    '    {"acl": "public-read"},',
    '    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},',
    '    ["starts-with", "$Content-Type", "image/"],',
    '    {"x-amz-meta-uuid": "14365123651274"},',
    '    {"x-amz-server-side-encryption": "AES256"},',
    '    ["starts-with", "$x-amz-meta-tag", ""],',
    '',
    `    {"x-amz-credential": "${credential}"},`,
    '    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},',
    '    {"x-amz-date": "20151229T000000Z" }',
    '  ]',
    '}',
  ].join('\r\n')
  const example = {
    ...sigV4(),
    policy: Buffer.from(document).toString('base64'),
    'x-amz-signature': '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e',
  }
  equal(await codeOf(example), 'signed')
})

test('a form that claims nothing is anonymous', async () => {
  equal(await codeOf({}), 'anonymous')
  equal(await codeOf({ key: 'a', 'x-amz-date': '20151229T000000Z' }), 'anonymous')
})

const malformed = 'identity/malformed-form-authorization'
const wrong: Readonly<Record<string, readonly [fields: Fields, code: string]>> = {
  'an unknown key': [{ ...sigV2, awsaccesskeyid: 'AKIAOTHER' }, 'identity/unknown-key'],
  'an unknown key, SigV4': [
    { ...sigV4(), 'x-amz-credential': 'AKIAOTHER/20151229/us-east-1/s3/aws4_request' },
    'identity/unknown-key',
  ],
  'another policy': [{ ...sigV2, policy: `${policy}x` }, 'identity/wrong-signature'],
  'another policy, SigV4': [{ ...sigV4(), policy: policy.trim() }, 'identity/wrong-signature'],
  'another secret': [sigV4({ key: 'another' }), 'identity/wrong-signature'],
  'a signature of another length': [{ ...sigV2, signature: 'a' }, 'identity/wrong-signature'],
  'another day': [{ ...sigV4(), 'x-amz-date': '20151230T000000Z' }, malformed],
  'another service': [sigV4({ service: 'ec2' }), malformed],
  'another region': [sigV4({ region: 'eu-west-1' }), 'identity/wrong-region'],
  'another algorithm': [{ ...sigV4(), 'x-amz-algorithm': 'AWS4-ECDSA-P256-SHA256' }, malformed],
  'a broken credential': [{ ...sigV4(), 'x-amz-credential': accessKeyId }, malformed],
  'a broken date': [{ ...sigV4(), 'x-amz-date': '20151229' }, malformed],
  'a policy that nobody signed': [{ policy }, malformed],
  'a signature without policy': [{ ...sigV2, policy: undefined }, malformed],
  'a signature without policy, SigV4': [{ ...sigV4(), policy: undefined }, malformed],
  'a signature without key': [{ ...sigV2, awsaccesskeyid: '' }, malformed],
  'a key without signature': [{ ...sigV2, signature: undefined }, malformed],
  'no signature, SigV4': [{ ...sigV4(), 'x-amz-signature': undefined }, malformed],
  'both ways at once': [{ ...sigV4(), ...sigV2 }, 'identity/two-authorizations'],
  'a token': [{ ...sigV4(), 'x-amz-security-token': 'x' }, 'identity/unknown-token'],
}
for (const [what, [fields, code]] of Object.entries(wrong))
  test(`${what}: ${code}`, async () => equal(await codeOf(fields), code))
