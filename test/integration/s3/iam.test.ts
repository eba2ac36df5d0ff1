/** Accounts, users, groups, roles and sessions over real sockets: what IAM and STS say, and what S3 then lets them do. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { refused } from '../../sdk.ts'
import { until } from '../../until.ts'
import { type ClientKey, clientWith } from './client-key.ts'
import {
  allowing,
  askIam,
  denying,
  done,
  fails,
  type IamAnswer,
  keyIn,
  type Parameters,
  trusting,
} from './iam-client.ts'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'
import { presign } from './signer.ts'

let server: S3Server
let made = 0
const clients: S3Client[] = []
const root: ClientKey = { accessKeyId, secret }

before(async () => {
  server = await startS3Server()
})
after(async () => {
  for (const client of clients) client.destroy()
  await server[Symbol.asyncDispose]()
})

const iam = (key: ClientKey, action: string, parameters: Parameters = {}): Promise<IamAnswer> =>
  askIam(server.port, key, { action, parameters })
const sts = (key: ClientKey, action: string, parameters: Parameters = {}): Promise<IamAnswer> =>
  askIam(server.port, key, { action, parameters, service: 'sts' })

function s3(key: ClientKey): S3Client {
  const client = clientWith(server, key)
  clients.push(client)
  return client
}

const denied = refused(403, 'AccessDenied')

/** A principal that is an account, or a plain one. */
async function principal(isAccount: boolean): Promise<ClientKey & { readonly id: string }> {
  made += 1
  const { id } = await server.accounts.createPrincipal({ handle: `somebody-${made}`, isAccount })
  return { id, ...(await server.accounts.createKey(id)) }
}

async function member(
  account: ClientKey,
  name: string,
): Promise<ClientKey & { readonly arn: string; readonly id: string }> {
  const user = await done(iam(account, 'CreateUser', { UserName: name, Path: '/team/' }))
  const key = await done(iam(account, 'CreateAccessKey', { UserName: name }))
  return {
    arn: user.value('Arn') ?? '',
    id: user.value('UserId') ?? '',
    ...keyIn(key),
  }
}

async function newBucket(owner: ClientKey): Promise<string> {
  made += 1
  const Bucket = `iam-${made}`
  await s3(owner).send(new CreateBucketCommand({ Bucket }))
  await s3(owner).send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'here' }))
  return Bucket
}

test('a member has nothing until a policy of its own, its group or its account gives it', async () => {
  const account = await principal(true)
  const alice = await member(account, 'alice')
  match(alice.arn, new RegExp(`^arn:aws:iam::${account.id}:user/team/alice$`))
  const Bucket = await newBucket(account)
  const list = () => s3(alice).send(new ListObjectsV2Command({ Bucket }))
  const get = () => s3(alice).send(new GetObjectCommand({ Bucket, Key: 'a' }))
  await rejects(list(), denied)
  await rejects(s3(alice).send(new ListBucketsCommand({})), denied)
  await rejects(s3(alice).send(new CreateBucketCommand({ Bucket: 'of-alice-not' })), denied)
  const own = { UserName: 'alice', PolicyName: 'list' }
  const listing = allowing('s3:ListBucket', `arn:aws:s3:::${Bucket}`)
  await done(iam(account, 'PutUserPolicy', { ...own, PolicyDocument: listing }))
  await list()
  await rejects(get(), denied)
  await done(iam(account, 'CreateGroup', { GroupName: 'readers' }))
  await done(iam(account, 'AddUserToGroup', { GroupName: 'readers', UserName: 'alice' }))
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  await done(iam(account, 'AttachGroupPolicy', { GroupName: 'readers', PolicyArn }))
  await get()
  await done(iam(account, 'PutUserPolicy', { ...own, PolicyDocument: denying('s3:Get*') }))
  await rejects(get(), denied)
  await done(iam(account, 'DeleteUserPolicy', own))
  await get()
  await done(iam(account, 'RemoveUserFromGroup', { GroupName: 'readers', UserName: 'alice' }))
  await rejects(get(), denied)
  const named = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: alice.arn },
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${Bucket}/*`,
      },
    ],
  }
  const Policy = JSON.stringify(named)
  await s3(account).send(new PutBucketPolicyCommand({ Bucket, Policy }))
  await get()
})

test('what a member makes is its account’s', async () => {
  const account = await principal(true)
  const alice = await member(account, 'alice')
  const everything = { UserName: 'alice', PolicyName: 'all', PolicyDocument: allowing('s3:*') }
  await done(iam(account, 'PutUserPolicy', everything))
  const Bucket = await newBucket(alice)
  const { Owner, Buckets } = await s3(account).send(new ListBucketsCommand({}))
  deepEqual([Owner?.ID, Buckets?.map(({ Name }) => Name)], [account.id, [Bucket]])
})

test('policies of one account give nothing in another, unless its buckets offer it', async () => {
  const [owner, other] = [await principal(true), await principal(true)]
  const alice = await member(other, 'alice')
  const all = { UserName: 'alice', PolicyName: 'all', PolicyDocument: allowing('s3:*') }
  await done(iam(other, 'PutUserPolicy', all))
  const Bucket = await newBucket(owner)
  const plain = await newBucket(await principal(false))
  const list = (bucket = Bucket) => s3(alice).send(new ListObjectsV2Command({ Bucket: bucket }))
  await rejects(list(), denied)
  await rejects(list(plain), denied)
  const statement = { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}` }
  const Principal = { AWS: `arn:aws:iam::${other.id}:root` }
  const Policy = JSON.stringify({ Statement: [{ ...statement, Principal }] })
  await s3(owner).send(new PutBucketPolicyCommand({ Bucket, Policy }))
  await list()
  await done(iam(other, 'DeleteUserPolicy', { UserName: 'alice', PolicyName: 'all' }))
  await rejects(list(), denied)
})

test('a plain user has what it owns; policies of the store give more, or take it', async () => {
  const [alice, bob] = [await principal(false), await principal(false)]
  const Bucket = await newBucket(alice)
  const of = (key: ClientKey) => s3(key).send(new ListObjectsV2Command({ Bucket }))
  await of(alice)
  await rejects(of(bob), denied)
  const resource = `arn:aws:s3:::${Bucket}`
  const put = (UserName: string, PolicyDocument: string) =>
    iam(root, 'PutUserPolicy', { UserName, PolicyName: 'one', PolicyDocument })
  await done(put(bob.id, allowing('s3:ListBucket', resource)))
  await of(bob)
  await done(put(alice.id, denying('s3:ListBucket', resource)))
  await rejects(of(alice), denied)
  await fails(put('nobody-at-all', allowing('*')), 404, 'NoSuchEntity')
  await fails(iam(alice, 'PutUserPolicy', { UserName: alice.id }), 403, 'AccessDenied')
})

test('variables in policies stand for who asks', async () => {
  const account = await principal(true)
  const [alice, bob] = [await member(account, 'alice'), await member(account, 'bob')]
  const Bucket = await newBucket(account)
  await done(iam(account, 'CreateGroup', { GroupName: 'homes' }))
  const PolicyDocument = allowing('s3:PutObject', `arn:aws:s3:::${Bucket}/home/\${aws:username}/*`)
  const policy = { GroupName: 'homes', PolicyName: 'home', PolicyDocument }
  await done(iam(account, 'PutGroupPolicy', policy))
  for (const UserName of ['alice', 'bob'])
    await done(iam(account, 'AddUserToGroup', { GroupName: 'homes', UserName }))
  const put = (key: ClientKey, name: string) =>
    s3(key).send(new PutObjectCommand({ Bucket, Key: `home/${name}/x`, Body: 'x' }))
  await put(alice, 'alice')
  await put(bob, 'bob')
  await rejects(put(alice, 'bob'), denied)
  await rejects(put(alice, '*'), denied)
})

test('a member of an account is a user to conditions, and not its account', async () => {
  const account = await principal(true)
  const alice = await member(account, 'alice')
  const Bucket = await newBucket(account)
  const Statement = {
    Effect: 'Allow',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${Bucket}/*`,
    Condition: { StringEquals: { 'aws:PrincipalType': 'User' } },
  }
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await done(
    iam(account, 'PutUserPolicy', { UserName: 'alice', PolicyName: 'own', PolicyDocument }),
  )
  await s3(alice).send(new GetObjectCommand({ Bucket, Key: 'a' }))
  Statement.Condition.StringEquals['aws:PrincipalType'] = 'Account'
  const narrowed = JSON.stringify({ Version: '2012-10-17', Statement })
  await done(
    iam(account, 'PutUserPolicy', {
      ...{ UserName: 'alice', PolicyName: 'own' },
      PolicyDocument: narrowed,
    }),
  )
  await rejects(s3(alice).send(new GetObjectCommand({ Bucket, Key: 'a' })), denied)
})

test('a role gives its sessions what it has, no more than they were narrowed to, and for as long as it is there', async () => {
  const account = await principal(true)
  const alice = await member(account, 'alice')
  const Bucket = await newBucket(account)
  const trust = { AssumeRolePolicyDocument: trusting({ AWS: alice.arn }) }
  const role = await done(iam(account, 'CreateRole', { RoleName: 'worker', ...trust }))
  const RoleArn = role.value('Arn') ?? ''
  const assume = (key: ClientKey, more: Parameters = {}) =>
    sts(key, 'AssumeRole', { RoleArn, RoleSessionName: 'night', ...more })
  const opened = await done(assume(alice))
  equal(opened.value('Arn'), `arn:aws:sts::${account.id}:assumed-role/worker/night`)
  const session = keyIn(opened)
  const get = (key = session) => s3(key).send(new GetObjectCommand({ Bucket, Key: 'a' }))
  await rejects(get(), denied)
  const policy = { RoleName: 'worker', PolicyName: 'all', PolicyDocument: allowing('s3:*') }
  await done(iam(account, 'PutRolePolicy', policy))
  await get()
  const narrowed = keyIn(await done(assume(alice, { Policy: allowing('s3:List*') })))
  await rejects(get(narrowed), denied)
  await s3(narrowed).send(new ListObjectsV2Command({ Bucket }))
  const who = await done(sts(session, 'GetCallerIdentity'))
  equal(who.value('UserId'), `${role.value('RoleId')}:night`)
  await done(iam(account, 'DeleteRolePolicy', { RoleName: 'worker', PolicyName: 'all' }))
  await rejects(get(), denied)
  await done(iam(account, 'DeleteRole', { RoleName: 'worker' }))
  const gone = (error: unknown) => (error as Error).name === 'InvalidToken'
  await rejects(get(), gone)
})

test('who a role does not trust, or whom its own policies forbid it, does not become it', async () => {
  const account = await principal(true)
  const [alice, bob] = [await member(account, 'alice'), await member(account, 'bob')]
  const create = (RoleName: string, AssumeRolePolicyDocument: string) =>
    iam(account, 'CreateRole', { RoleName, AssumeRolePolicyDocument })
  const assume = (key: ClientKey, name: string, more: Parameters = {}) =>
    sts(key, 'AssumeRole', {
      RoleArn: `arn:aws:iam::${account.id}:role/${name}`,
      RoleSessionName: 'one',
      ...more,
    })
  await done(create('of-alice', trusting({ AWS: alice.arn })))
  await fails(assume(bob, 'of-alice'), 403, 'AccessDenied')
  await fails(assume(await principal(true), 'of-alice'), 403, 'AccessDenied')
  await fails(assume(alice, 'no-role'), 403, 'AccessDenied')
  const forbidden = { UserName: 'alice', PolicyName: 'no', PolicyDocument: denying('sts:*') }
  await done(iam(account, 'PutUserPolicy', forbidden))
  await fails(assume(alice, 'of-alice'), 403, 'AccessDenied')
  await done(create('of-account', trusting({ AWS: account.id })))
  await fails(assume(bob, 'of-account'), 403, 'AccessDenied')
  const may = { UserName: 'bob', PolicyName: 'may', PolicyDocument: allowing('sts:AssumeRole') }
  await done(iam(account, 'PutUserPolicy', may))
  await done(assume(bob, 'of-account'))
  const condition = { StringEquals: { 'sts:ExternalId': 'open sesame' } }
  await done(create('with-word', trusting({ AWS: bob.arn }, condition)))
  await fails(assume(bob, 'with-word'), 403, 'AccessDenied')
  await done(assume(bob, 'with-word', { ExternalId: 'open sesame' }))
  await fails(assume(bob, 'of-account', { DurationSeconds: '60' }), 400, 'ValidationError')
  await fails(assume(bob, 'of-account', { DurationSeconds: '7200' }), 400, 'ValidationError')
  await fails(assume(bob, 'of-account', { Policy: '{}' }), 400, 'MalformedPolicyDocument')
})

test('a session of a user ends with its key and with the user', async () => {
  const account = await principal(true)
  const alice = await member(account, 'alice')
  const Bucket = await newBucket(account)
  const all = { UserName: 'alice', PolicyName: 'all', PolicyDocument: allowing('s3:*') }
  await done(iam(account, 'PutUserPolicy', all))
  const session = keyIn(await done(sts(alice, 'GetSessionToken')))
  const list = () => s3(session).send(new ListObjectsV2Command({ Bucket }))
  await list()
  await fails(sts(session, 'GetSessionToken'), 403, 'AccessDenied')
  const key = { UserName: 'alice', AccessKeyId: alice.accessKeyId }
  await done(iam(account, 'UpdateAccessKey', { ...key, Status: 'Inactive' }))
  const gone = (error: unknown) => (error as Error).name === 'InvalidToken'
  await rejects(list(), gone)
  await done(iam(account, 'UpdateAccessKey', { ...key, Status: 'Active' }))
  await list()
  await fails(iam(account, 'DeleteUser', { UserName: 'alice' }), 409, 'DeleteConflict')
  await done(iam(account, 'DeleteAccessKey', key))
  await done(iam(account, 'DeleteUserPolicy', { UserName: 'alice', PolicyName: 'all' }))
  await done(iam(account, 'DeleteUser', { UserName: 'alice' }))
  await rejects(list(), gone)
})

test('what a bucket offers to everybody is not for a session that was narrowed', async () => {
  const account = await principal(true)
  const alice = await member(account, 'alice')
  const Bucket = await newBucket(account)
  const trust = { AssumeRolePolicyDocument: trusting({ AWS: alice.arn }) }
  const role = await done(iam(account, 'CreateRole', { RoleName: 'worker', ...trust }))
  const asked = { RoleArn: role.value('Arn') ?? '', RoleSessionName: 'night' }
  const wide = keyIn(await done(sts(alice, 'AssumeRole', asked)))
  const Policy = allowing('s3:PutObject')
  const narrow = keyIn(await done(sts(alice, 'AssumeRole', { ...asked, Policy })))
  const list = (key: ClientKey) => s3(key).send(new ListObjectsV2Command({ Bucket }))
  const offer = async (Principal: unknown) => {
    const statement = { Effect: 'Allow', Action: 's3:ListBucket', Principal }
    const text = JSON.stringify({
      Statement: [{ ...statement, Resource: `arn:aws:s3:::${Bucket}` }],
    })
    await s3(account).send(new PutBucketPolicyCommand({ Bucket, Policy: text }))
  }
  for (const Principal of ['*', { AWS: asked.RoleArn }]) {
    await offer(Principal)
    await list(wide)
    await rejects(list(narrow), denied)
  }
  await offer({ AWS: `arn:aws:sts::${account.id}:assumed-role/worker/night` })
  await list(wide)
  await list(narrow)
})

test('a role of the store acts in root’s name, and cannot become root', async () => {
  const AssumeRolePolicyDocument = trusting({ AWS: '*' })
  await done(iam(root, 'CreateRole', { RoleName: 'manager', AssumeRolePolicyDocument }))
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await done(iam(root, 'AttachRolePolicy', { RoleName: 'manager', PolicyArn }))
  const asked = { RoleArn: 'arn:aws:iam:::role/manager', RoleSessionName: 'today' }
  const session = keyIn(await done(sts(await principal(false), 'AssumeRole', asked)))
  await done(iam(session, 'ListUsers'))
  for (const action of ['CreateAccessKey', 'ListAccessKeys', 'GetUser'])
    await fails(iam(session, action, { UserName: 'root' }), 403, 'AccessDenied')
  await fails(iam(session, 'CreateAccessKey'), 400, 'ValidationError')
  await fails(sts(session, 'GetSessionToken'), 403, 'AccessDenied')
})

/** A form as a browser posts it, signed with a session's key. */
async function postForm(
  { accessKeyId: id, secret: own }: ClientKey,
  Bucket: string,
  more: Parameters,
): Promise<number> {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
  const words = [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request']
  const fields = {
    key: 'posted',
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': [id, ...words].join('/'),
    'x-amz-date': date,
    ...more,
  }
  const conditions = Object.entries({ ...fields, bucket: Bucket }).map(([name, value]) => ({
    [name]: value,
  }))
  const expiration = new Date(Date.now() + 60_000).toISOString()
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest()
  const key = words.reduce<string | Buffer>(hmac, `AWS4${own}`)
  const form = new FormData()
  const signature = hmac(key, policy).toString('hex')
  for (const [name, value] of Object.entries({ ...fields, policy, 'x-amz-signature': signature }))
    form.append(name, value)
  form.append('file', new Blob(['hello']), 'a.txt')
  const url = `${server.s3Url}/${Bucket}`
  return (await fetch(url, { method: 'POST', body: form })).status
}

test('a session’s token goes with URLs and forms as well', async () => {
  const alice = await principal(false)
  const Bucket = await newBucket(alice)
  const session = keyIn(await done(sts(alice, 'GetSessionToken')))
  const { token = '' } = session
  const host = `127.0.0.1:${server.port}`
  const get = async (query: string, behind = '') => {
    const target = `/${Bucket}/a${query}`
    const signing = { ...session, method: 'GET', target, headers: { host }, expiresSeconds: 60 }
    return (await fetch(`http://${host}${presign(signing)}${behind}`)).status
  }
  const withToken = `X-Amz-Security-Token=${encodeURIComponent(token)}`
  equal(await get(`?${withToken}`), 200)
  equal(await get(''), 403)
  equal(await get('', `&${withToken}`), 403)
  equal(await postForm(session, Bucket, { 'x-amz-security-token': token }), 204)
  equal(await postForm(session, Bucket, {}), 403)
})

test('a key is known to have been used today', async () => {
  const account = await principal(true)
  const alice = await member(account, 'alice')
  const asked = { AccessKeyId: alice.accessKeyId }
  equal((await done(iam(account, 'GetAccessKeyLastUsed', asked))).value('LastUsedDate'), undefined)
  await rejects(s3(alice).send(new ListBucketsCommand({})), denied)
  const used = () => iam(account, 'GetAccessKeyLastUsed', asked)
  await until(used, (answer) => answer.value('LastUsedDate') !== undefined)
  equal((await done(used())).value('UserName'), 'alice')
  const other = await principal(true)
  await fails(iam(other, 'GetAccessKeyLastUsed', asked), 404, 'NoSuchEntity')
})

test('a token is good with its own key alone', async () => {
  const alice = await principal(false)
  const one = keyIn(await done(sts(alice, 'GetSessionToken')))
  const other = keyIn(await done(sts(alice, 'GetSessionToken')))
  const code = async (key: ClientKey): Promise<string> => {
    try {
      await s3(key).send(new ListBucketsCommand({}))
      return 'fine'
    } catch (error) {
      return (error as Error).name
    }
  }
  equal(await code(one), 'fine')
  const { token = '' } = one
  equal(await code({ ...other, token }), 'InvalidToken')
  equal(await code({ ...one, token: `${token.slice(0, -2)}xx` }), 'InvalidToken')
  equal(await code({ ...one, token: 'MYS1.1.x.y' }), 'InvalidToken')
  equal(await code({ accessKeyId: one.accessKeyId, secret: one.secret }), 'InvalidAccessKeyId')
  equal(await code({ ...alice, token }), 'InvalidToken')
  equal(await code({ ...one, secret: 'another-secret' }), 'SignatureDoesNotMatch')
})

test('nobody manages what is not theirs', async () => {
  const [account, other, plain] = [
    await principal(true),
    await principal(true),
    await principal(false),
  ]
  const alice = await member(account, 'alice')
  for (const key of [plain, alice]) {
    await fails(iam(key, 'ListUsers'), 403, 'AccessDenied')
    await fails(iam(key, 'CreateUser', { UserName: 'mallory' }), 403, 'AccessDenied')
    await fails(iam(key, 'CreateAccessKey'), 403, 'AccessDenied')
  }
  await fails(iam(other, 'GetUser', { UserName: 'alice' }), 404, 'NoSuchEntity')
  deepEqual((await done(iam(other, 'ListUsers'))).values('UserName'), [])
  const full = { PolicyArn: 'arn:aws:iam::aws:policy/IAMFullAccess' }
  await done(iam(root, 'AttachUserPolicy', { UserName: plain.id, ...full }))
  await done(iam(plain, 'ListUsers'))
  for (const UserName of ['root', account.id]) {
    await fails(iam(plain, 'CreateAccessKey', { UserName }), 403, 'AccessDenied')
    await fails(iam(plain, 'DeleteUser', { UserName }), 403, 'AccessDenied')
  }
  const key = { UserName: 'alice', AccessKeyId: account.accessKeyId }
  await fails(iam(account, 'DeleteAccessKey', key), 404, 'NoSuchEntity')
})

test('what is asked badly is told so', async () => {
  const account = await principal(true)
  const wrong: readonly (readonly [Promise<IamAnswer>, number, string])[] = [
    [iam(account, 'MakeCoffee'), 400, 'InvalidAction'],
    [iam(account, 'AssumeRole'), 400, 'InvalidAction'],
    [iam(account, 'CreateGroup'), 400, 'MissingParameter'],
    [iam(account, 'CreateUser', { UserName: 'a/b' }), 400, 'ValidationError'],
    [iam(account, 'CreateUser', { UserName: 'ab', Path: 'x' }), 400, 'ValidationError'],
    [iam(account, 'ListUsers', { MaxItems: '0' }), 400, 'ValidationError'],
    [iam(account, 'ListUsers', { Marker: '!' }), 400, 'ValidationError'],
    [iam({ ...account, secret: 'wrong-secret' }, 'ListUsers'), 403, 'SignatureDoesNotMatch'],
    [iam({ ...account, accessKeyId: 'AKIANOBODY' }, 'ListUsers'), 403, 'InvalidClientTokenId'],
    [
      askIam(server.port, account, { action: 'ListUsers', signedService: 's3' }),
      400,
      'AuthorizationHeaderMalformed',
    ],
  ]
  for (const [asked, status, code] of wrong) await fails(asked, status, code)
  const told = async (key: ClientKey, action: string, parameters: Parameters) =>
    (await iam(key, action, parameters)).value('Message') ?? ''
  match(await told(account, 'GetUser', { UserName: 'nobody' }), /user with name nobody cannot/)
  match(await told(account, 'GetGroup', { GroupName: 'none' }), /group with name none cannot/)
  const root = { accessKeyId: server.accessKeyId, secret: server.secretAccessKey }
  match(await told(root, 'CreateUser', { UserName: 'Bob' }), /3 to 32 lower-case letters/)
  match(await told(root, 'CreateUser', { UserName: 'bob', Path: '/team/' }), /no path but/)
  const unsigned = await fetch(`${server.s3Url}/`, {
    method: 'POST',
    body: new URLSearchParams({ Action: 'ListUsers', Version: '2010-05-08' }),
  })
  equal(unsigned.status, 403)
  ok((await unsigned.text()).includes('MissingAuthenticationToken'))
  const documents = {
    'no JSON': 'x',
    'another version': '{"Version":"2010-10-17","Statement":[]}',
    'no statement': '{"Version":"2012-10-17"}',
    'a principal': JSON.stringify({
      Statement: { Effect: 'Allow', Action: '*', Resource: '*', Principal: 'arn:aws:iam:::x' },
    }),
    'two of one name': JSON.stringify({
      Statement: [1, 2].map(() => ({ Sid: 'a', Effect: 'Allow', Action: '*', Resource: '*' })),
    }),
  }
  await member(account, 'alice')
  for (const PolicyDocument of Object.values(documents)) {
    const policy = { UserName: 'alice', PolicyName: 'p', PolicyDocument }
    await fails(iam(account, 'PutUserPolicy', policy), 400, 'MalformedPolicyDocument')
  }
})

test('a session ends when its time is over', async () => {
  const alice = await principal(false)
  const caller = (await server.accounts.findKey(alice.accessKeyId))?.principal
  ok(caller !== undefined)
  const { administration } = server.accounts
  const { accessKeyId: id, token } = await administration.openSession(
    caller,
    alice.accessKeyId,
    900,
  )
  const found = await server.accounts.findKey(id, token)
  const last = found?.expiresAt ?? 0
  ok(Math.abs(last - Date.now() - 900_000) < 60_000)
})
