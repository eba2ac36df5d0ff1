/** Forms to IAM and STS, signed by an account with users, groups and roles of its own: each is done, or refused in IAM's words. */
import { ok } from 'node:assert/strict'
import { answerIam } from '#api/iam/door'
import { RateLimits } from '#api/rate-limits'
import { Lookups } from '#gateway/lookups'
import { SigningKeys } from '#identity/signing-keys'
import { allowing, trusting } from '../integration/s3/iam-client.ts'
import { sha256, sign } from '../integration/s3/signer.ts'
import { openMemoryStore } from '../memory-store.ts'
import { bareRequest, type OpenTarget } from './targets.ts'

type Fields = Readonly<Record<string, string>>

const iam = (Action: string, fields: Fields = {}): string =>
  new URLSearchParams({ Version: '2010-05-08', Action, ...fields }).toString()
const sts = (Action: string, fields: Fields = {}): string =>
  new URLSearchParams({ Version: '2011-06-15', Action, ...fields }).toString()

const named = { UserName: 'ann', GroupName: 'readers', RoleName: 'guest', PolicyName: 'own' }
const { UserName, GroupName, RoleName, PolicyName } = named
const PolicyDocument = allowing(['s3:Get*', 's3:List*'], 'arn:aws:s3:::bucket/*')
const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
const provider = 'https://people.example.org/realm'
const OpenIDConnectProviderArn = `arn:aws:iam:::oidc-provider/${provider.slice('https://'.length)}`
const token = ['{"alg":"RS256","kid":"a"}', `{"iss":"${provider}","aud":"app","sub":"ann"}`, 'a']
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
  iam('UpdateUser', { UserName, NewUserName: 'ann.b', NewPath: '/other/' }),
  iam('UpdateAssumeRolePolicy', { RoleName, PolicyDocument: trusting({ AWS: '*' }) }),
  iam('GetUserPolicy', { UserName, PolicyName }),
  iam('GetUser'),
  iam('ListUsers', { PathPrefix: '/team/', MaxItems: '2', Marker: 'Mg' }),
  iam('GetOpenIDConnectProvider', { OpenIDConnectProviderArn }),
  iam('GetPolicyVersion', { PolicyArn, VersionId: 'v1' }),
  iam('CreateAccessKey', { UserName }),
  iam('UpdateAccessKey', { UserName, AccessKeyId: 'AKIAEXAMPLE', Status: 'Inactive' }),
  sts('AssumeRole', {
    ...{ RoleArn: `arn:aws:iam:::role/${RoleName}`, RoleSessionName: 'ann', ExternalId: 'e' },
    ...{ DurationSeconds: '900', Policy: PolicyDocument },
  }),
  sts('AssumeRoleWithWebIdentity', {
    ...{ RoleArn: `arn:aws:iam:::role/${RoleName}`, RoleSessionName: 'ann' },
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
  const { id } = await accounts.createPrincipal({ handle: 'account', isAccount: true })
  const { accessKeyId, secret } = await accounts.createKey(id)
  const lookups = new Lookups({ identities: accounts, objects })
  const rates = new RateLimits({}, { world })
  const door = { lookups, rates, regions: ['us-east-1'] as const, world }
  const parts = { door, signingKeys: new SigningKeys(), onKnown: () => {} }

  const requestOf = (form: Buffer) => {
    const service = form.includes('Version=2011-06-15') ? 'sts' : 'iam'
    const signing = { method: 'POST', target: '/', headers: { host: 'localhost' } }
    const { headers } = sign({
      ...{ ...signing, contentHash: sha256(form), accessKeyId, secret, service },
    })
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
      ...['&Action=', '&Version=2011-06-15', '&UserName=', '.member.', '.member.1=', '&Marker='],
      ...[
        '&MaxItems=',
        '&Path=',
        '/',
        'arn:aws:iam::',
        ':root',
        ':role/',
        '%22',
        '"Effect":"Deny"',
      ],
      ...[
        '&Tags.member.1.Key=a',
        '&PermissionsBoundary=a',
        'DeleteUser',
        'DeleteRole',
        'DetachRolePolicy',
      ],
    ],
    rooms: ['iam', 'identity', 'http'],
    async read(input) {
      const failures: unknown[] = []
      const onFailure = (error: unknown) => failures.push(error)
      const { status } = await answerIam(requestOf(input), { ...parts, onFailure })
      ok(status < 500 || status === notOffered, `answered with ${status}: ${failures}`)
      if (failures.length > 0) throw failures[0]
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}
