/** What S3's documentation says in a subordinate clause, and clients rely on all the same. With the AWS SDK, as they would see it. */
import { deepEqual, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CreateBucketCommand, DeleteObjectsCommand, S3Client } from '@aws-sdk/client-s3'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'

const Bucket = 'fine-print'
let server: S3Server
let client: S3Client

before(async () => {
  server = await startS3Server()
  client = new S3Client({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey: secret },
  })
  await client.send(new CreateBucketCommand({ Bucket }))
})
after(async () => {
  client.destroy()
  await server[Symbol.asyncDispose]()
})

function refused(status: number, name: string) {
  return (error: {
    readonly name: string
    readonly $metadata: { readonly httpStatusCode?: number }
  }) => {
    deepEqual([error.$metadata.httpStatusCode, error.name], [status, name])
    return true
  }
}

test('deleting many keys of a bucket that is not there fails as a whole', async () => {
  const Objects = [{ Key: 'a' }, { Key: 'b' }]
  const remove = () =>
    client.send(new DeleteObjectsCommand({ Bucket: 'nowhere', Delete: { Objects } }))
  await rejects(remove, refused(404, 'NoSuchBucket'))
})
