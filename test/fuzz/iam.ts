/** Forms to IAM and STS, signed by an account with users, groups and roles of its own: each is done, or refused in IAM's words. */
import { ok } from 'node:assert/strict'
import { answerIam } from '#api/iam/door'
import { RateLimits } from '#api/rate-limits'
import { Lookups } from '#gateway/lookups'
import { SigningKeys } from '#identity/signing-keys'
import { bareRequest } from '../bare-request.ts'
import { allowing, trusting } from '../integration/s3/iam-client.ts'
import { sha256, sign } from '../integration/s3/signer.ts'
import { openMemoryStore } from '../memory-store.ts'
import type { OpenTarget } from './targets.ts'

type Fields = Readonly<Record<string, string>>

/** A parameter a line, so that what is changed is a value, and not only how it is encoded. */
const linesOf = (fields: Fields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')
const iam = (Action: string, fields: Fields = {}): string =>
  linesOf({ Version: '2010-05-08', Action, ...fields })
const sts = (Action: string, fields: Fields = {}): string =>
  linesOf({ Version: '2011-06-15', Action, ...fields })

/** The id of the account. */
const id = 'b'.repeat(64)

const named = { UserName: 'ann', GroupName: 'readers', RoleName: 'guest', PolicyName: 'own' }
const { UserName, GroupName, RoleName, PolicyName } = named
const PolicyDocument = allowing(['s3:Get*', 's3:List*'], 'arn:aws:s3:::bucket/*')
const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
const provider = 'https://people.example.org/realm'
const OpenIDConnectProviderArn = `arn:aws:iam::${id}:oidc-provider/${provider.slice('https://'.length)}`
/** Of a provider that nobody has named: nobody is asked for its keys. */
const token = [
  '{"alg":"RS256","kid":"a"}',
  '{"iss":"https://elsewhere.example.org","aud":"app","sub":"ann"}',
  'a',
]
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.')

/** What makes something comes before what needs it: they are read in their order, to begin with. */
const seeds: OpenTarget['seeds'] = [
  iam('CreateUser', { UserName, Path: '/team/' }),
  iam('CreateGroup', { GroupName }),
  iam('CreateRole', { RoleName, AssumeRolePolicyDocument: trusting({ AWS: '*' }) }),
  iam('CreatePolicy', { PolicyName, PolicyDocument, Path: '/', Description: 'a b' }),
  iam('CreateOpenIDConnectProvider', {
    ...{ Url: provider, 'ClientIDList.member.1': 'app', 'ClientIDList.member.2': 'b' },
    'ThumbprintList.member.1': 'ab'.repeat(20),
  }),
  iam('AddUserToGroup', { UserName, GroupName }),
  iam('PutUserPolicy', { UserName, PolicyName, PolicyDocument }),
  iam('PutGroupPolicy', { GroupName, PolicyName, PolicyDocument }),
  iam('AttachRolePolicy', { RoleName, PolicyArn }),
  iam('UpdateUser', { UserName, NewPath: '/other/' }),
  iam('UpdateAssumeRolePolicy', { RoleName, PolicyDocument: trusting({ AWS: '*' }) }),
  iam('GetUserPolicy', { UserName, PolicyName }),
  iam('GetUser'),
  iam('ListUsers', { PathPrefix: '/team/', MaxItems: '2', Marker: 'Mg' }),
  iam('GetOpenIDConnectProvider', { OpenIDConnectProviderArn }),
  iam('GetPolicyVersion', { PolicyArn, VersionId: 'v1' }),
  iam('CreateAccessKey', { UserName }),
  iam('UpdateAccessKey', { UserName, AccessKeyId: 'AKIAEXAMPLE', Status: 'Inactive' }),
  sts('AssumeRole', {
    ...{ RoleArn: `arn:aws:iam::${id}:role/${RoleName}`, RoleSessionName: 'ann', ExternalId: 'e' },
    ...{ DurationSeconds: '900', Policy: PolicyDocument },
  }),
  sts('AssumeRoleWithWebIdentity', {
    ...{ RoleArn: `arn:aws:iam::${id}:role/${RoleName}`, RoleSessionName: 'ann' },
    WebIdentityToken: token,
  }),
  sts('GetSessionToken', { DurationSeconds: '900' }),
  sts('GetCallerIdentity'),
]

/** The one status above 499 with which IAM says what it does not offer. */
const notOffered = 501

export async function openIamTarget(): Promise<OpenTarget> {
  const store = await openMemoryStore({ profile: { data: 2, parity: 1 }, nodes: 3 })
  const { accounts, objects, world } = store
  await accounts.createPrincipal({ id, handle: 'account', isAccount: true })
  const { accessKeyId, secret } = await accounts.createKey(id)
  const lookups = new Lookups({ identities: accounts, objects })
  const rates = new RateLimits({}, { world })
  const door = { lookups, rates, regions: ['us-east-1'] as const, world }
  const parts = { door, signingKeys: new SigningKeys(), onKnown: () => {} }

  const requestOf = (form: Buffer) => {
    const service = form.includes('Version=2011-06-15') ? 'sts' : 'iam'
    const signing = { method: 'POST', target: '/', headers: { host: 'localhost' } }
    const contentHash = sha256(form)
    const { headers } = sign({ ...signing, contentHash, accessKeyId, secret, service })
    const body = {
      ...{ bytes: form.length, received: form.length },
      async *[Symbol.asyncIterator]() {
        yield form
      },
    }
    return { ...bareRequest, method: 'POST', target: '/', headers, body }
  }
  return {
    seeds,
    words: [
      ...[
        '\nAction=',
        '\nVersion=2011-06-15',
        '\nUserName=',
        '.member.',
        '\nMarker=',
        '\nMaxItems=',
      ],
      ...['\nPath=/', '\nNewUserName=b', 'arn:aws:iam::', ':root', ':role/', '"Effect":"Deny"'],
      ...['\nTags.member.1.Key=a', '\nPermissionsBoundary=a', 'DeleteUser', 'DetachRolePolicy'],
    ],
    rooms: [],
    async read(input) {
      const lines = input.toString('utf8').split('\n')
      for (const form of [lines.map(encoded).join('&'), lines.join('&')]) {
        let failure: unknown
        const onFailure = (error: unknown) => {
          failure = error
        }
        const { status } = await answerIam(requestOf(Buffer.from(form)), { ...parts, onFailure })
        ok(status < 500 || status === notOffered, `answered with ${status}: ${failure}`)
      }
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

function encoded(line: string): string {
  const [name = '', ...value] = line.split('=')
  return `${encodeURIComponent(name)}=${encodeURIComponent(value.join('='))}`
}
