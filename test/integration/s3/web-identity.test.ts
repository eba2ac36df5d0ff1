/** Sessions for people who sign in elsewhere: tokens of a provider that the store trusts, over real sockets. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ListBucketsCommand } from '@aws-sdk/client-s3'
import { isFault } from '#fault/fault'
import { Accounts } from '#identity/accounts'
import { type Issuer, startIssuer } from '../../issuer.ts'
import { type ClientKey, clientWith } from './client-key.ts'
import {
  allowing,
  askIam,
  done,
  fails,
  type IamAnswer,
  keyIn,
  type Parameters,
} from './iam-client.ts'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'

let server: S3Server
let issuer: Issuer
const root: ClientKey = { accessKeyId, secret }
const audience = 'the-app'
const subject = 'user-248289761001'

const iam = (action: string, parameters: Parameters = {}, key = root): Promise<IamAnswer> =>
  askIam(server.port, key, { action, parameters })

/** Nobody signs it. */
const assume = (WebIdentityToken: string, more: Parameters = {}): Promise<IamAnswer> =>
  askIam(server.port, undefined, {
    action: 'AssumeRoleWithWebIdentity',
    service: 'sts',
    parameters: {
      RoleArn: 'arn:aws:iam:::role/people',
      RoleSessionName: 'browser',
      WebIdentityToken,
      ...more,
    },
  })

function trusting(provider: string, condition?: object): string {
  const statement = {
    Effect: 'Allow',
    Principal: { Federated: provider },
    Action: 'sts:AssumeRoleWithWebIdentity',
    ...(condition === undefined ? {} : { Condition: condition }),
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}

before(async () => {
  server = await startS3Server()
  issuer = await startIssuer()
  const provider = { Url: issuer.url, 'ClientIDList.member.1': audience }
  const made = await done(iam('CreateOpenIDConnectProvider', provider))
  const name = issuer.url.replace('http://', '')
  const arn = made.value('OpenIDConnectProviderArn') ?? ''
  equal(arn, `arn:aws:iam:::oidc-provider/${name}`)
  const condition = { StringLike: { [`${name}:sub`]: 'user-*' } }
  const AssumeRolePolicyDocument = trusting(arn, condition)
  await done(iam('CreateRole', { RoleName: 'people', AssumeRolePolicyDocument }))
  const policy = { RoleName: 'people', PolicyName: 'all', PolicyDocument: allowing('s3:*') }
  await done(iam('PutRolePolicy', policy))
})
after(async () => {
  await issuer[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

test('whoever the provider vouches for becomes the role, and uses it', async () => {
  const token = await issuer.token({ sub: subject, aud: audience })
  const answer = await done(assume(token))
  deepEqual(
    ['SubjectFromWebIdentityToken', 'Audience', 'Arn'].map((name) => answer.value(name)),
    [subject, audience, 'arn:aws:sts:::assumed-role/people/browser'],
  )
  const client = clientWith(server, keyIn(answer))
  await client.send(new ListBucketsCommand({}))
  await done(iam('DeleteRolePolicy', { RoleName: 'people', PolicyName: 'all' }))
  await rejects(client.send(new ListBucketsCommand({})), { name: 'AccessDenied' })
  const policy = { RoleName: 'people', PolicyName: 'all', PolicyDocument: allowing('s3:*') }
  await done(iam('PutRolePolicy', policy))
  client.destroy()
})

test('a token that is forged, old, or meant for somebody else opens nothing', async () => {
  const good = { sub: subject, aud: audience }
  const now = Math.floor(Date.now() / 1000)
  const invalid = async (token: Promise<string>) =>
    await fails(assume(await token), 400, 'InvalidIdentityToken')
  await fails(assume('no.token.atall'), 400, 'InvalidIdentityToken')
  await invalid(issuer.token({ ...good, aud: 'another-app' }))
  await invalid(issuer.token({ aud: audience }))
  await invalid(issuer.token({ ...good, nbf: now + 1_000 }))
  await invalid(issuer.token(good, { alg: 'HS256' }))
  const [header, , signature] = (await issuer.token(good)).split('.')
  const claims = { iss: issuer.url, iat: now, exp: now + 300, sub: 'user-0', aud: audience }
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
  await invalid(Promise.resolve([header, payload, signature].join('.')))
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  await invalid(Promise.resolve(`${none}.${payload}.`))
  await fails(assume(await issuer.token({ ...good, exp: now - 120 })), 400, 'ExpiredTokenException')
})

test('the role decides whom it trusts, and a provider of another account vouches for nobody', async () => {
  const stranger = await issuer.token({ sub: 'robot-1', aud: audience })
  await fails(assume(stranger), 403, 'AccessDenied')
  const token = await issuer.token({ sub: subject, aud: audience })
  await fails(assume(token, { RoleArn: 'arn:aws:iam:::role/none' }), 403, 'AccessDenied')
  const account = await server.accounts.createPrincipal({ handle: 'acme', isAccount: true })
  const key = await server.accounts.createKey('acme')
  const provider = `arn:aws:iam:::oidc-provider/${issuer.url.replace('http://', '')}`
  const role = { RoleName: 'theirs', AssumeRolePolicyDocument: trusting(provider) }
  await done(iam('CreateRole', role, key))
  const RoleArn = `arn:aws:iam::${account.id}:role/theirs`
  await fails(assume(token, { RoleArn }), 403, 'AccessDenied')
})

test('an account’s provider is not asked in a private network', async () => {
  const { id } = await server.accounts.createPrincipal({ handle: 'umbrella', isAccount: true })
  const key = await server.accounts.createKey(id)
  const provider = { Url: issuer.url, 'ClientIDList.member.1': audience }
  const made = await done(iam('CreateOpenIDConnectProvider', provider, key))
  const AssumeRolePolicyDocument = trusting(made.value('OpenIDConnectProviderArn') ?? '')
  await done(iam('CreateRole', { RoleName: 'theirs', AssumeRolePolicyDocument }, key))
  const before = issuer.asked()
  const token = await issuer.token({ sub: subject, aud: audience })
  const RoleArn = `arn:aws:iam::${id}:role/theirs`
  await fails(assume(token, { RoleArn }), 400, 'IDPCommunicationError')
  equal(issuer.asked(), before)
})

test('keys are kept; a token with one that is unknown has them asked for again, but not at once', async () => {
  const { sql, changelog, keyring, world } = server.store
  let aheadMs = 0
  const late = { ...world, monotonic: () => world.monotonic() + aheadMs }
  const { administration } = new Accounts({ sql, changelog, keyring, world: late })
  const open = async () =>
    await administration.assumeRoleWithWebIdentity({
      roleArn: 'arn:aws:iam:::role/people',
      session: 'browser',
      token: await issuer.token({ sub: subject, aud: audience }),
      context: {},
    })
  await open()
  const before = issuer.asked()
  await open()
  await issuer.rotate()
  await rejects(open(), (error) => isFault(error, 'identity/invalid-web-identity'))
  equal(issuer.asked(), before)
  aheadMs = 31_000
  await open()
  equal(issuer.asked(), before + 1)
})

test('a role without a client of its provider lets nobody in', async () => {
  const OpenIDConnectProviderArn = `arn:aws:iam:::oidc-provider/${issuer.url.replace('http://', '')}`
  const client = { OpenIDConnectProviderArn, ClientID: audience }
  await done(iam('RemoveClientIDFromOpenIDConnectProvider', client))
  const token = await issuer.token({ sub: subject, aud: audience })
  await fails(assume(token), 400, 'InvalidIdentityToken')
})
