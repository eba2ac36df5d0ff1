/** Every operation that the AWS SDK knows, as the SDK sends it: taken for itself where it is offered; elsewhere refused in so many words, and without effect. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as sdk from '@aws-sdk/client-s3'
import { bucketRoutes, objectRoutes, serviceRoutes } from '#api/s3/routes'
import { clientOf, unsigned } from '../../sdk.ts'
import { until } from '../../until.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

type Command = Parameters<sdk.S3Client['send']>[0]

const offered: ReadonlySet<string> = new Set([
  'CreateBucket', // has no route, for it needs no bucket that is there
  ...[...serviceRoutes, ...bucketRoutes, ...objectRoutes].map(({ name }) => name),
])
const commands = Object.entries(sdk).flatMap(([name, Made]) =>
  /^[A-Z]\w+Command$/.test(name)
    ? [[name.slice(0, -'Command'.length), Made as new (input: object) => Command] as const]
    : [],
)

const [Bucket, Key] = ['only-bucket', 'only-key']
/** Whatever any operation must be told. */
const input = {
  Bucket,
  Key,
  Id: 'one',
  UploadId: 'upload',
  PartNumber: 1,
  CopySource: 'from/there',
  RenameSource: '/only-bucket/other',
  AnnotationName: 'note',
  RequestRoute: 'route',
  RequestToken: 'token',
  Body: 'a body',
  Delete: { Objects: [{ Key }] },
  VersioningConfiguration: { Status: 'Enabled' },
} as const

let server: S3Server
let root: sdk.S3Client
let nobody: sdk.S3Client

before(async () => {
  server = await startS3Server()
  const common = { disableHostPrefix: true }
  root = clientOf(server, common)
  nobody = clientOf(server, { ...common, ...unsigned })
  await root.send(new sdk.CreateBucketCommand({ Bucket }))
  await root.send(new sdk.PutObjectCommand({ Bucket, Key, Body: 'untouched' }))
})
after(async () => {
  root.destroy()
  nobody.destroy()
  await server[Symbol.asyncDispose]()
})

async function refusalOf(sent: Promise<unknown>): Promise<sdk.S3ServiceException> {
  const error = await sent.then(
    () => undefined,
    (error: unknown) => error,
  )
  ok(error instanceof sdk.S3ServiceException, 'it was refused')
  return error
}

for (const [name, Made] of commands.filter(([name]) => offered.has(name)))
  test(`${name} is known as itself`, async () => {
    const before = server.ended.length
    await nobody.send(new Made(input)).catch(() => {}) // most are refused to somebody unknown
    const ended = await until(
      async () => server.ended.slice(before),
      ({ length }) => length > 0,
    )
    deepEqual(
      ended.map(({ operation }) => operation),
      [name],
    )
  })

for (const [name, Made] of commands.filter(([name]) => !offered.has(name)))
  test(`${name} is not offered, says the answer`, async () => {
    // With a bucket, the SDK would ask for a session of it first.
    const asked = name === 'ListDirectoryBuckets' ? {} : input
    const { $metadata, name: code } = await refusalOf(root.send(new Made(asked)))
    deepEqual([$metadata.httpStatusCode, code], [501, 'NotImplemented'])
  })

test('a method that a sub-resource does not have is no matter of offering', async () => {
  for (const [method, target] of [
    ['DELETE', `/${Bucket}?acl`],
    ['PUT', `/${Bucket}?location`],
    ['POST', `/${Bucket}/${Key}?tagging`],
    ['DELETE', `/${Bucket}?list-type=2`],
  ] as const) {
    const answer = await fetch(`${server.s3Url}${target}`, { method })
    equal(answer.status, 405, `${method} ${target}`)
    ok((await answer.text()).includes('<Code>MethodNotAllowed</Code>'))
  }
})

test('after all of it everything is as it was', async () => {
  const { Buckets } = await root.send(new sdk.ListBucketsCommand({}))
  deepEqual(
    Buckets?.map(({ Name }) => Name),
    [Bucket],
  )
  const { Body } = await root.send(new sdk.GetObjectCommand({ Bucket, Key }))
  equal(await Body?.transformToString(), 'untouched')
})
