/**
 * Every operation, asked for by root, by the bucket's owner, by another user and by somebody unknown under policies of the bucket, and by a member of the owner's
 * account and a session of its role under policies of theirs. Policies say nothing, allow just that, all but that, or deny just that. The verdict is that of the
 * rules below, and what was refused has changed nothing.
 */
import assert, { deepEqual, equal, ok } from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { firstValues } from '#api/s3/call'
import { bucketRoutes, findRoute, objectRoutes, serviceRoutes } from '#api/s3/routes'
import { parseTarget } from '#http/target'
import type { SqlRow } from '#sql/sql'
import {
  content,
  key,
  type Place,
  policyOf,
  type Row,
  rows,
  type Statement,
  source,
  statement,
} from './authorisation.table.ts'
import type { ClientKey } from './client-key.ts'
import { allowing, askIam, type IamAnswer, keyIn, type Parameters, trusting } from './iam-client.ts'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'
import { sha256, sign } from './signer.ts'

const principals = ['root', 'owner', 'other', 'nobody'] as const
/** Of the owner's account: one has its policies by a group, the other by its role. */
const members = ['member', 'session'] as const
type Asker = (typeof principals)[number] | (typeof members)[number]

let server: S3Server
const keys = new Map<Asker, ClientKey>()
let open = ''
let made = 0

before(async () => {
  server = await startS3Server()
  keys.set('root', { accessKeyId, secret })
  await server.accounts.createPrincipal({ handle: 'other' })
  keys.set('other', await server.accounts.createKey('other'))
})
/** A new owner for each row, with a bucket that is open to all: nobody may have as many buckets as all rows need. */
beforeEach(async () => {
  made += 1
  const handle = `owner-${made}`
  await server.accounts.createPrincipal({ handle, isAccount: true })
  keys.set('owner', await server.accounts.createKey(handle))
  await makeMembers()
  open = `open-${made}`
  await done('owner', 'PUT', `/${open}`)
  await done('owner', 'PUT', `/${open}/${source}`, { body: content })
  const body = policyOf([statement('Allow', ['s3:*'], open)])
  await done('owner', 'PUT', `/${open}?policy`, { body })
})
after(() => server[Symbol.asyncDispose]())

async function makeMembers(): Promise<void> {
  const user = await iam('CreateUser', { UserName: 'member' })
  const key = await iam('CreateAccessKey', { UserName: 'member' })
  keys.set('member', keyIn(key))
  await iam('CreateGroup', { GroupName: 'group' })
  await iam('AddUserToGroup', { GroupName: 'group', UserName: 'member' })
  const trust = trusting({ AWS: user.value('Arn') })
  const role = await iam('CreateRole', { RoleName: 'role', AssumeRolePolicyDocument: trust })
  const asked = { RoleArn: role.value('Arn') ?? '', RoleSessionName: 'matrix' }
  const member = keys.get('member') ?? assert.fail()
  const action = { action: 'AssumeRole', parameters: asked, service: 'sts' } as const
  const session = await askIam(server.port, member, action)
  keys.set('session', keyIn(session))
}

/** By the owner's account, about itself. */
async function iam(action: string, parameters: Parameters): Promise<IamAnswer> {
  const account = keys.get('owner') ?? assert.fail()
  const answer = await askIam(server.port, account, { action, parameters })
  equal(answer.status, 200, `${action}: ${answer.value('Message')}`)
  return answer
}

interface Message {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

async function ask(
  who: Asker,
  method: string,
  target: string,
  { headers = {}, body }: Message = {},
): Promise<Response> {
  const credentials = keys.get(who)
  const host = `127.0.0.1:${server.port}`
  const md5 = body === undefined ? {} : { 'content-md5': md5Of(body) }
  const token = credentials?.token
  const session = token === undefined ? {} : { 'x-amz-security-token': token }
  const all = { host, ...md5, ...session, ...headers }
  const contentHash = sha256(body ?? '')
  const { host: _, ...sent } =
    credentials === undefined
      ? all
      : sign({ method, target, headers: all, contentHash, ...credentials }).headers
  return await fetch(`http://${host}${target}`, { method, headers: sent, body: body ?? null })
}

function md5Of(text: string): string {
  return createHash('md5').update(text).digest('base64')
}

/** What must succeed. */
async function done(
  who: Asker,
  method: string,
  target: string,
  message: Message = {},
): Promise<Response> {
  const answer = await ask(who, method, target, message)
  ok(answer.ok, `${who}: ${method} ${target}: ${answer.status}`)
  return answer
}

/** A policy, and what it says of what the row needs. */
interface PolicyCase {
  readonly name: string
  readonly statements: (bucket: string) => readonly Statement[]
  readonly verdict: 'allows' | 'denies' | 'says nothing'
}

const silent: PolicyCase = {
  name: 'no policy',
  statements: () => [],
  verdict: 'says nothing',
}

function policiesFor({ needs, about }: Row): readonly PolicyCase[] {
  const everything = (bucket: string) => [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
  const [it, not] = about === 'bucket' ? ['', '/*'] : [`/${key}`, '']
  return [
    silent,
    {
      name: 'a policy that allows just this',
      statements: (bucket) => [
        {
          Effect: 'Allow',
          Principal: '*',
          Action: needs,
          Resource: `arn:aws:s3:::${bucket}${it}`,
        },
      ],
      verdict: 'allows',
    },
    ...needs.flatMap((action): readonly PolicyCase[] => [
      {
        name: `a policy that allows all but ${action}, and that elsewhere`,
        statements: (bucket) => [
          {
            Effect: 'Allow',
            Principal: '*',
            NotAction: [action],
            Resource: everything(bucket),
          },
          {
            Effect: 'Allow',
            Principal: '*',
            Action: [action],
            Resource: [`arn:aws:s3:::${bucket}${not}`, `arn:aws:s3:::${bucket}/another`],
          },
        ],
        verdict: 'says nothing',
      },
      {
        name: `a policy that allows everything and denies ${action}`,
        statements: (bucket) => [
          statement('Allow', ['s3:*'], bucket),
          statement('Deny', [action], bucket),
        ],
        verdict: 'denies',
      },
    ]),
  ]
}

/** Root may everything; a Deny binds all others; where nothing is said, what is the owner's is the owner's alone, and not its members'. */
function mayDo(who: Asker, { verdict }: PolicyCase): boolean {
  if (who === 'root') return true
  return verdict === 'allows' || (verdict === 'says nothing' && who === 'owner')
}

type Bearer = 'bucket' | 'members'

async function put(policy: PolicyCase, bearer: Bearer, bucket: string): Promise<void> {
  const statements = policy.statements(bucket)
  if (bearer === 'bucket') {
    const body = policyOf(statements)
    if (statements.length > 0) await done('owner', 'PUT', `/${bucket}?policy`, { body })
    return
  }
  const own = statements.map(({ Principal: _, ...own }) => own)
  const PolicyDocument = own.length === 0 ? allowing('iam:GetUser') : policyOf(own)
  const named = { PolicyName: 'only', PolicyDocument }
  await iam('PutGroupPolicy', { GroupName: 'group', ...named })
  await iam('PutRolePolicy', { RoleName: 'role', ...named })
}

/** A bucket for one request. */
async function prepare(row: Row, policy: PolicyCase, bearer: Bearer): Promise<Place> {
  made += 1
  const bucket = `matrix-${made}`
  const elsewhere = `key-${made}`
  const lockable = { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } }
  const isVersioned = row.bucket === 'versioned'
  await done('owner', 'PUT', `/${bucket}`, isVersioned ? lockable : {})
  let version = ''
  if (row.bucket !== 'empty') {
    const put = await done('owner', 'PUT', `/${bucket}/${key}`, { body: content })
    version = put.headers.get('x-amz-version-id') ?? ''
  }
  let uploadId = ''
  if (row.upload !== undefined) {
    const target = row.upload === 'here' ? `/${bucket}/${key}` : `/${open}/${elsewhere}`
    const begun = await (await done('owner', 'POST', `${target}?uploads`)).text()
    uploadId = /<UploadId>([^<]+)</.exec(begun)?.[1] ?? ''
    await done('owner', 'PUT', `${target}?uploadId=${uploadId}&partNumber=1`, { body: 'part' })
  }
  if (row.retained === true) {
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const body = `<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`
    await done('owner', 'PUT', `/${bucket}/${key}?retention`, { body })
  }
  await put(policy, bearer, bucket)
  return { bucket, version, uploadId, open, elsewhere }
}

/** Status, and the code if there is one. */
async function wordOf(answer: Response): Promise<string> {
  const code = /<Code>(\w+)<\/Code>/.exec(await answer.text())?.[1]
  return code === undefined ? String(answer.status) : `${answer.status} ${code}`
}

/** What anybody could have changed: all that the store has of both buckets. By the door it would be twenty requests. */
async function stateOf({ bucket, open }: Place): Promise<readonly (readonly SqlRow[])[]> {
  const { sql } = server.store
  const found = await sql.query<{
    id: number
  }>`select * from bucket where name in (${bucket}, ${open})`
  const tables = found.flatMap(({ id }) => [
    sql.query`select * from bucket_config where bucket = ${id}`,
    sql.query`select * from version where bucket = ${id}`,
    sql.query`select * from former where bucket = ${id}`,
    sql.query`select * from upload where bucket = ${id}`,
    sql.query`select part.* from part join upload on upload.id = part.upload where bucket = ${id}`,
  ])
  return [found, ...(await Promise.all(tables))]
}

for (const row of rows)
  test(`${row.name} needs ${row.needs.join(' and ')}`, async () => {
    for (const policy of policiesFor(row)) {
      await judge(row, policy, { bearer: 'bucket', askers: principals })
      await judge(row, policy, { bearer: 'members', askers: members })
    }
  })

async function judge(
  row: Row,
  policy: PolicyCase,
  { bearer, askers }: { readonly bearer: Bearer; readonly askers: readonly Asker[] },
): Promise<void> {
  const under = `under ${policy.name}, of the ${bearer}`
  const refused = askers.filter((who) => !mayDo(who, policy))
  const place = await prepare(row, policy, bearer)
  const before = await stateOf(place)
  for (const who of refused) {
    const refusal = row.method === 'HEAD' ? '403' : (row.refusal ?? '403 AccessDenied')
    equal(await askFor(row, who, place), refusal, `${who}, ${under}`)
  }
  deepEqual(await stateOf(place), before, under)
  for (const who of askers.filter((who) => mayDo(who, policy))) {
    const answer = await askFor(row, who, await prepare(row, policy, bearer))
    ok(row.answers.includes(answer), `${who}, ${under}: ${answer}`)
  }
}

async function askFor(row: Row, who: Asker, place: Place): Promise<string> {
  const body = row.body?.(place)
  const message = { headers: row.headers?.(place) ?? {}, ...(body === undefined ? {} : { body }) }
  return await wordOf(await ask(who, row.method, row.target(place), message))
}

test('every operation with a bucket has a row', () => {
  const place = { bucket: 'b', version: 'v', uploadId: 'u', open: 'o', elsewhere: 'e' }
  const covered = rows.map((row) => {
    const { rawPath, query } = parseTarget(row.target(place))
    const asked = {
      method: row.method,
      query: firstValues(query),
      headers: row.headers?.(place) ?? {},
    }
    const isOfBucket = rawPath.split('/').length === 2
    const route = isOfBucket ? findRoute(bucketRoutes, asked) : findRoute(objectRoutes, asked)
    ok(row.name.startsWith(route.name), `${row.name} asks for ${route.name}`)
    return route
  })
  const missing = [...bucketRoutes, ...objectRoutes].filter((route) => !covered.includes(route))
  deepEqual(
    missing.map(({ name, subresources = [] }) => [name, ...subresources].join(' ')),
    [],
    'write down in authorisation.table.ts what these need',
  )
  deepEqual(
    serviceRoutes.map(({ name }) => name),
    ['ListBuckets', 'GetUsage'], // a test of their own below: they need nothing, and tell each of their own
  )
})

test('whoever lists buckets, or asks for their usage, is told of their own', async () => {
  const { bucket } = await prepare(formRow, silent, 'bucket')
  for (const who of principals) {
    const text = await (await done(who, 'GET', '/')).text()
    equal(text.includes(`<Name>${bucket}</Name>`), who === 'owner', who)
  }
  for (const who of ['owner', 'other'] as const) {
    const text = await (await done(who, 'GET', '/?usage')).text()
    equal(/<TotalEntries>(\d+)</.exec(text)?.[1], who === 'owner' ? '2' : '0', who)
  }
  equal(await wordOf(await ask('nobody', 'GET', '/?usage')), '403 AccessDenied')
})

test('buckets are made by those who are known', async () => {
  for (const who of principals) {
    made += 1
    const answer = await wordOf(await ask(who, 'PUT', `/matrix-${made}`))
    equal(answer, who === 'nobody' ? '403 AccessDenied' : '200', who)
  }
})

const formRow: Row = {
  name: 'PostObject',
  method: 'POST',
  target: ({ bucket }) => `/${bucket}`,
  needs: ['s3:PutObject'],
  about: 'object',
  answers: ['204'],
}

test('a form needs s3:PutObject', async () => {
  for (const policy of policiesFor(formRow)) {
    for (const who of principals) {
      const place = await prepare(formRow, policy, 'bucket')
      const answer = await wordOf(await post(who, place))
      equal(answer, mayDo(who, policy) ? '204' : '403 AccessDenied', `${who}, ${policy.name}`)
      const now = await (await ask('root', 'GET', `/${place.bucket}/${key}`)).text()
      equal(now, mayDo(who, policy) ? 'posted' : content)
    }
  }
})

async function post(who: Asker, { bucket }: Place): Promise<Response> {
  const form = new FormData()
  const credentials = keys.get(who)
  const fields = { key, ...(credentials === undefined ? {} : signedFields(bucket, credentials)) }
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob(['posted']), 'file')
  const url = `${server.s3Url}/${bucket}`
  return await fetch(url, { method: 'POST', body: form })
}

/** A policy for any key of the bucket. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html */
function signedFields(
  bucket: string,
  { accessKeyId, secret }: { readonly accessKeyId: string; readonly secret: string },
): Readonly<Record<string, string>> {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
  const words = [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request']
  const stated = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': [accessKeyId, ...words].join('/'),
    'x-amz-date': date,
  }
  const expiration = new Date(Date.now() + 60_000).toISOString()
  const exactly = Object.entries(stated).map(([name, value]) => ({ [name]: value }))
  const conditions = [{ bucket }, ['starts-with', '$key', ''], ...exactly]
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')
  const signingKey = words.reduce(hmac, Buffer.from(`AWS4${secret}`))
  return { ...stated, policy, 'x-amz-signature': hmac(signingKey, policy).toString('hex') }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
