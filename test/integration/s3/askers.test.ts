/**
 * Who may do what by policies of their own: users of the store, by themselves and by a group, sessions of its roles, and users of another account, each without
 * a policy, with one that allows and with one that denies; under a bucket's policy that says nothing, allows and denies. What each operation needs is the matter
 * of `authorisation.test.ts`; here are a few of each kind.
 */
import { deepEqual, equal } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { HolderRef } from '#identity/administration'
import { parseBucketName } from '#object/names'
import type { ClientKey } from './client-key.ts'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'
import { sha256, sign } from './signer.ts'

interface Operation {
  readonly name: string
  readonly action: string
  readonly method: string
  /** Behind the bucket's name. `{new}` is a key that nobody has had. */
  readonly path: string
}

const operations: readonly Operation[] = [
  { name: 'read', action: 's3:GetObject', method: 'GET', path: '/key' },
  { name: 'write', action: 's3:PutObject', method: 'PUT', path: '/{new}' },
  { name: 'delete', action: 's3:DeleteObject', method: 'DELETE', path: '/{new}' },
  { name: 'grants', action: 's3:GetObjectAcl', method: 'GET', path: '/key?acl' },
  { name: 'tags', action: 's3:GetObjectTagging', method: 'GET', path: '/key?tagging' },
  { name: 'list', action: 's3:ListBucket', method: 'GET', path: '?list-type=2' },
  { name: 'policy', action: 's3:GetBucketPolicy', method: 'GET', path: '?policy' },
  { name: 'remove', action: 's3:DeleteBucket', method: 'DELETE', path: '' }, // it has an object
]

/** What policies say of one operation: nothing; they allow it; they allow everything, and deny it. */
type Said = 'nothing' | 'allow' | 'deny'

/** Who asks, by what the policies of their own say (a group's, for who is in one; the role's, for a session). */
type Asker =
  | 'root'
  | 'owner'
  | 'owner, denied'
  | 'user'
  | 'user, allowed'
  | 'user, denied'
  | 'in a group, allowed'
  | 'in a group, denied'
  | 'session'
  | 'session, allowed'
  | 'session, denied'
  | 'of another account'
  | 'of another account, allowed'
  | 'of another account, denied'
  | 'nobody'

/** Whether it is permitted, by what the bucket's policy says to everybody. */
const permitted: Readonly<Record<Asker, Readonly<Record<Said, boolean>>>> = {
  root: { nothing: true, allow: true, deny: true },
  owner: { nothing: true, allow: true, deny: false },
  'owner, denied': { nothing: false, allow: false, deny: false },
  user: { nothing: false, allow: true, deny: false },
  'user, allowed': { nothing: true, allow: true, deny: false },
  'user, denied': { nothing: false, allow: false, deny: false },
  'in a group, allowed': { nothing: true, allow: true, deny: false },
  'in a group, denied': { nothing: false, allow: false, deny: false },
  session: { nothing: false, allow: true, deny: false },
  'session, allowed': { nothing: true, allow: true, deny: false },
  'session, denied': { nothing: false, allow: false, deny: false },
  'of another account': { nothing: false, allow: false, deny: false },
  'of another account, allowed': { nothing: false, allow: true, deny: false },
  'of another account, denied': { nothing: false, allow: false, deny: false },
  nobody: { nothing: false, allow: true, deny: false },
}

const saids: readonly Said[] = ['nothing', 'allow', 'deny']

let server: S3Server
const keys = new Map<Asker, ClientKey>()

/** Each operation has buckets of its own, one for each thing that the policy may say, and all their names fit one pattern. */
function bucketsOf({ name }: Operation): string {
  return `to-${name}-`
}

const arn = (bucket: string): string => `arn:aws:s3:::${bucket}*`

const documentOf = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

const ofEverything = { Effect: 'Allow', Action: 's3:*', Resource: '*' }

function ofEach(Effect: 'Allow' | 'Deny'): readonly object[] {
  return operations.map((operation) => ({
    Effect,
    Action: operation.action,
    Resource: arn(bucketsOf(operation)),
  }))
}

/** What hangs on somebody of whom the table says it. */
const documents: Readonly<Record<Said, string>> = {
  nothing: documentOf({ ...ofEverything, Resource: arn('elsewhere') }),
  allow: documentOf(...ofEach('Allow')),
  deny: documentOf(ofEverything, ...ofEach('Deny')),
}

async function hang(holder: HolderRef, said: Said): Promise<void> {
  await server.accounts.administration.putInline(holder, 'matrix', documents[said])
}

async function newUser(handle: string, isAccount = false): Promise<ClientKey & { id: string }> {
  const { id } = await server.accounts.createPrincipal({ handle, isAccount })
  return { id, ...(await server.accounts.createKey(id)) }
}

/** All askers, and the ids of the two owners. */
async function makeAskers(): Promise<{ readonly owner: string; readonly denied: string }> {
  const { administration } = server.accounts
  const owner = await newUser('owner')
  const denied = await newUser('owner-denied')
  await hang({ account: '', kind: 'user', name: 'owner-denied' }, 'deny')
  keys.set('root', { accessKeyId, secret }).set('owner', owner).set('owner, denied', denied)
  keys.set('user', await newUser('user'))
  const other = await newUser('other', true)
  const root = (await server.accounts.findKey(accessKeyId))?.principal
  const trust = documentOf({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '*' } })
  for (const [said, word] of [
    ['nothing', ''],
    ['allow', ', allowed'],
    ['deny', ', denied'],
  ] as const) {
    const role = { account: '', kind: 'role', name: `role-${said}` } as const
    const { arn: roleArn } = await administration.create(role, { facts: { trust } })
    await hang(role, said)
    if (root === undefined) throw new TypeError('root has a key')
    const asked = { roleArn, session: 'matrix', context: {} }
    keys.set(`session${word}`, await administration.assumeRole(root, asked))
    const name = `member-${said}`
    const { id } = await administration.createUser(other.id, { name })
    await hang({ account: other.id, kind: 'user', name }, said)
    keys.set(`of another account${word}`, await server.accounts.createKey(id))
    if (word === '') continue
    keys.set(`user${word}`, await newUser(`user-${said}`))
    await hang({ account: '', kind: 'user', name: `user-${said}` }, said)
    keys.set(`in a group${word}`, await newUser(`grouped-${said}`))
    const team = { account: '', kind: 'team', name: `group-${said}` } as const
    await administration.create(team, { facts: {} })
    await hang(team, said)
    await administration.addMember('', team.name, `grouped-${said}`)
  }
  return { owner: owner.id, denied: denied.id }
}

function policyOfBucket(operation: Operation, said: Said): string | undefined {
  const Resource = arn(bucketsOf(operation))
  const ofOperation = { Action: operation.action, Principal: '*', Resource }
  if (said === 'nothing') return undefined
  if (said === 'allow') return documentOf({ Effect: 'Allow', ...ofOperation })
  const everything = { Effect: 'Allow', Action: 's3:*', Principal: '*', Resource }
  return documentOf(everything, { Effect: 'Deny', ...ofOperation })
}

async function makeBucket(
  name: string,
  { owner, policy, by }: { owner: string; policy?: string | undefined; by: Asker },
): Promise<void> {
  const bucket = parseBucketName(name)
  await server.objects.createBucket(bucket, { owner })
  equal((await ask(by, { method: 'PUT', target: `/${name}/key`, body: 'a,b\n' })).status, 200)
  if (policy !== undefined) await server.objects.configure(bucket, 'policy', policy)
}

interface Request {
  readonly method: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

async function ask(
  asker: Asker,
  { method, target, headers = {}, body = '' }: Request,
): Promise<{ readonly status: number; readonly text: string }> {
  const key = keys.get(asker)
  const { token } = key ?? {}
  const signed =
    key === undefined
      ? { headers }
      : sign({
          ...key,
          method,
          target,
          headers: {
            ...headers,
            host: `127.0.0.1:${server.port}`,
            ...(token === undefined ? {} : { 'x-amz-security-token': token }),
          },
          contentHash: sha256(body),
        })
  const { host, ...sent } = signed.headers as Readonly<Record<string, string>>
  const response = await fetch(`${server.s3Url}${target}`, {
    method,
    headers: sent,
    ...(body === '' ? {} : { body }),
  })
  return { status: response.status, text: await response.text() }
}

let asked = 0

/** `denied` is S3's AccessDenied and nothing else; whatever an operation says afterwards, it has been permitted. */
function verdictOf({ status, text }: { readonly status: number; readonly text: string }): string {
  if (text.includes('<Code>AccessDenied</Code>')) return 'denied'
  if (status === 403) return text === '' ? 'denied' : text
  return status >= 500 ? text : 'permitted'
}

before(async () => {
  server = await startS3Server()
  const { owner, denied } = await makeAskers()
  for (const operation of operations) {
    for (const said of saids) {
      const policy = policyOfBucket(operation, said)
      await makeBucket(`${bucketsOf(operation)}${said}`, { owner, policy, by: 'owner' })
    }
    await makeBucket(`${bucketsOf(operation)}denied`, { owner: denied, by: 'root' })
  }
})
after(() => server[Symbol.asyncDispose]())

for (const operation of operations)
  test(`who may ${operation.action} is as written`, async () => {
    const found: Record<string, string> = {}
    const wanted: Record<string, string> = {}
    for (const [asker, row] of Object.entries(permitted) as [Asker, (typeof permitted)[Asker]][])
      for (const said of saids) {
        if (asker === 'owner, denied' && said !== 'nothing') continue // its own buckets have no policy
        const bucket = bucketsOf(operation) + (asker === 'owner, denied' ? 'denied' : said)
        asked += 1
        const path = operation.path.replace('{new}', `new-${asked}`)
        const request = { method: operation.method, target: `/${bucket}${path}` }
        const cell = `${asker} / ${said}`
        found[cell] = verdictOf(await ask(asker, request))
        wanted[cell] = row[said] ? 'permitted' : 'denied'
      }
    deepEqual(found, wanted)
  })

/** What concerns no bucket that is there needs no policy of who owns things, and an Allow of who does not. */
test('whose buckets are listed, and who makes some', async () => {
  const { administration } = server.accounts
  const Action = ['s3:ListAllMyBuckets', 's3:CreateBucket']
  const none = documentOf({ Effect: 'Deny', Action, Resource: '*' })
  await administration.putInline({ account: '', kind: 'user', name: 'user-deny' }, 'none', none)
  const some = documentOf({ Effect: 'Allow', Action, Resource: '*' })
  await administration.putInline({ account: '', kind: 'role', name: 'role-allow' }, 'some', some)
  const wanted = {
    root: 'permitted',
    user: 'permitted',
    'user, denied': 'denied',
    session: 'denied',
    'session, allowed': 'permitted',
    'of another account': 'denied',
  } as const
  for (const [index, [asker, verdict]] of Object.entries(wanted).entries()) {
    const of = asker as keyof typeof wanted
    equal(verdictOf(await ask(of, { method: 'GET', target: '/' })), verdict, asker)
    equal(
      verdictOf(await ask(of, { method: 'PUT', target: `/new-bucket-${index}` })),
      verdict,
      asker,
    )
  }
  equal((await ask('nobody', { method: 'GET', target: '/' })).text.includes('<Bucket>'), false)
  equal(verdictOf(await ask('nobody', { method: 'PUT', target: '/new-bucket' })), 'denied')
})
