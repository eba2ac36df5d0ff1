/** Buckets as websites: what a browser gets over a socket. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketWebsiteCommand,
  GetBucketWebsiteCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  type S3Client,
  type S3ServiceException,
  type WebsiteConfiguration,
} from '@aws-sdk/client-s3'
import { clientOf } from '../../sdk.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

let server: S3Server
let root: S3Client

before(async () => {
  server = await startS3Server()
  root = clientOf(server)
})
after(async () => {
  root.destroy()
  await server[Symbol.asyncDispose]()
})

interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

function visit(
  bucket: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Page> {
  const host = `${bucket}.s3-website.localhost`
  return new Promise((resolve, reject) => {
    const asked = request(
      { port: server.websitePort, path, method, headers: { host, ...headers } },
      async (answer) => {
        const pieces: Buffer[] = []
        for await (const piece of answer) pieces.push(piece)
        const { statusCode: status = 0 } = answer
        resolve({ status, headers: answer.headers, text: Buffer.concat(pieces).toString() })
      },
    )
    asked.on('error', reject).end()
  })
}

/** A bucket whose objects everybody may read, with these pages. */
async function site(
  Bucket: string,
  {
    pages,
    website,
  }: {
    readonly pages: Readonly<Record<string, string>>
    readonly website: WebsiteConfiguration
  },
): Promise<void> {
  await root.send(new CreateBucketCommand({ Bucket }))
  for (const [Key, Body] of Object.entries(pages))
    await root.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/html' }))
  await root.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration: website }))
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
    },
  })
  await root.send(new PutBucketPolicyCommand({ Bucket, Policy }))
}

test('a configuration comes back as it was given, and goes', async () => {
  const Bucket = 'configured'
  await root.send(new CreateBucketCommand({ Bucket }))
  const missing = (error: S3ServiceException): boolean =>
    error.name === 'NoSuchWebsiteConfiguration' && error.$metadata.httpStatusCode === 404
  await rejects(root.send(new GetBucketWebsiteCommand({ Bucket })), missing)
  const WebsiteConfiguration: WebsiteConfiguration = {
    IndexDocument: { Suffix: 'index.html' },
    ErrorDocument: { Key: 'error.html' },
    RoutingRules: [
      {
        Condition: { KeyPrefixEquals: 'docs/', HttpErrorCodeReturnedEquals: '404' },
        Redirect: { HostName: 'example.org', Protocol: 'https', ReplaceKeyPrefixWith: 'd/' },
      },
      { Redirect: { ReplaceKeyWith: 'all', HttpRedirectCode: '307' } },
    ],
  }
  await root.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }))
  const { $metadata, ...found } = await root.send(new GetBucketWebsiteCommand({ Bucket }))
  deepEqual(found, WebsiteConfiguration)
  await root.send(new DeleteBucketWebsiteCommand({ Bucket }))
  await rejects(root.send(new GetBucketWebsiteCommand({ Bucket })), missing)
  equal((await visit(Bucket, '/')).status, 404)
})

test('what makes no sense is refused', async () => {
  const Bucket = 'senseless'
  await root.send(new CreateBucketCommand({ Bucket }))
  const wrong: readonly (readonly [WebsiteConfiguration, string])[] = [
    [{ IndexDocument: { Suffix: 'a/b' } }, 'InvalidArgument'],
    [{ ErrorDocument: { Key: 'e' } }, 'MalformedXML'],
    [
      { IndexDocument: { Suffix: 'i' }, RedirectAllRequestsTo: { HostName: 'a.b' } },
      'MalformedXML',
    ],
    [{ RedirectAllRequestsTo: { HostName: 'a.b/c' } }, 'MalformedXML'],
    [
      {
        IndexDocument: { Suffix: 'i' },
        RoutingRules: [{ Redirect: { ReplaceKeyWith: 'a', ReplaceKeyPrefixWith: 'b' } }],
      },
      'InvalidRequest',
    ],
    [
      { IndexDocument: { Suffix: 'i' }, RoutingRules: [{ Redirect: { HttpRedirectCode: '200' } }] },
      'InvalidRequest',
    ],
  ]
  for (const [WebsiteConfiguration, name] of wrong)
    await rejects(root.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration })), {
      name,
    })
})

test('pages, indexes below prefixes, and the slash that was left out', async () => {
  await site('pages', {
    pages: { 'index.html': 'home', 'docs/index.html': 'docs', 'a b.html': 'spaces' },
    website: { IndexDocument: { Suffix: 'index.html' } },
  })
  const home = await visit('pages', '/')
  deepEqual([home.status, home.headers['content-type'], home.text], [200, 'text/html', 'home'])
  match(String(home.headers['x-amz-request-id']), /^[0-9A-F]{16}$/)
  equal((await visit('pages', '/docs/')).text, 'docs')
  equal((await visit('pages', '/a%20b.html?query=ignored&acl')).text, 'spaces')
  const slash = await visit('pages', '/docs')
  deepEqual([slash.status, slash.headers['location']], [302, '/docs/'])
  equal((await visit('nobodys', '/')).status, 404)
})

test('ranges, conditions and HEAD work; nothing else is answered', async () => {
  const range = await visit('pages', '/', { headers: { range: 'bytes=1-2' } })
  deepEqual([range.status, range.text], [206, 'om'])
  const { headers } = await visit('pages', '/')
  const known = { 'if-none-match': String(headers['etag']) }
  equal((await visit('pages', '/', { headers: known })).status, 304)
  const head = await visit('pages', '/', { method: 'HEAD' })
  deepEqual([head.status, head.headers['content-length'], head.text], [200, '4', ''])
  equal((await visit('pages', '/', { method: 'POST' })).status, 405)
  equal((await visit('pages', '/', { method: 'DELETE' })).status, 405)
})

test('what is missing is told in HTML, and nothing of the request gets into it as markup', async () => {
  const missing = await visit('pages', '/%3Cb%3E')
  equal(missing.status, 404)
  match(missing.text, /<h1>404 Not Found<\/h1>\n<ul>\n<li>Code: NoSuchKey<\/li>/)
  match(missing.text, /<li>Key: &lt;b&gt;<\/li>/)
  equal(missing.headers['x-amz-error-code'], 'NoSuchKey')
})

test('a bucket that is not public shows nothing', async () => {
  const Bucket = 'private'
  await root.send(new CreateBucketCommand({ Bucket }))
  const WebsiteConfiguration = { IndexDocument: { Suffix: 'index.html' } }
  await root.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }))
  await root.send(new PutObjectCommand({ Bucket, Key: 'index.html', Body: 'secret' }))
  const shut = await visit(Bucket, '/')
  equal(shut.status, 403)
  match(shut.text, /<li>Code: AccessDenied<\/li>/)
  equal(shut.text.includes('secret'), false)
  await root.send(
    new PutObjectCommand({ Bucket, Key: 'open.html', Body: 'open', ACL: 'public-read' }),
  )
  equal((await visit(Bucket, '/open.html')).text, 'open')
})

test('the page for errors has the status of the error', async () => {
  await site('errors', {
    pages: { 'oops.html': 'so sorry', 'redirected/index.html': 'x' },
    website: {
      IndexDocument: { Suffix: 'index.html' },
      ErrorDocument: { Key: 'oops.html' },
      RoutingRules: [
        {
          Condition: { KeyPrefixEquals: 'lost/', HttpErrorCodeReturnedEquals: '404' },
          Redirect: { ReplaceKeyWith: 'found.html', HttpRedirectCode: '302' },
        },
      ],
    },
  })
  const page = await visit('errors', '/nothing', { headers: { range: 'bytes=0-1' } })
  deepEqual([page.status, page.text], [404, 'so sorry'])
  const lost = await visit('errors', '/lost/one')
  deepEqual([lost.status, lost.headers['location']], [302, '/found.html'])
  equal((await visit('errors', '/redirected')).headers['location'], '/redirected/')
})

test('objects and websites that send elsewhere', async () => {
  const Bucket = 'senders'
  await site(Bucket, { pages: {}, website: { IndexDocument: { Suffix: 'index.html' } } })
  const WebsiteRedirectLocation = 'https://example.org/there'
  await root.send(new PutObjectCommand({ Bucket, Key: 'here', Body: '', WebsiteRedirectLocation }))
  const sent = await visit(Bucket, '/here')
  deepEqual([sent.status, sent.headers['location'], sent.text], [301, WebsiteRedirectLocation, ''])
  const head = await root.send(new HeadObjectCommand({ Bucket, Key: 'here' }))
  equal(head.WebsiteRedirectLocation, WebsiteRedirectLocation)
  await rejects(
    root.send(
      new PutObjectCommand({ Bucket, Key: 'wrong', Body: '', WebsiteRedirectLocation: 'nowhere' }),
    ),
    { name: 'InvalidRedirectLocation' },
  )
  const CopySource = `${Bucket}/here`
  await root.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
  const copy = await root.send(new HeadObjectCommand({ Bucket, Key: 'copy' }))
  equal(copy.WebsiteRedirectLocation, undefined, 'it is the source alone that is redirected')
  await root.send(
    new CopyObjectCommand({ Bucket, Key: 'copy', CopySource, WebsiteRedirectLocation: '/here' }),
  )
  equal((await visit(Bucket, '/copy')).headers['location'], '/here')
  const WebsiteConfiguration = { RedirectAllRequestsTo: { HostName: 'example.net' } }
  await root.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }))
  const all = await visit(Bucket, '/a/b')
  deepEqual([all.status, all.headers['location']], [301, 'http://example.net/a/b'])
})
