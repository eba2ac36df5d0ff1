/** Who asks too often is sent away, and nobody else is. */
import { equal, match, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { ListBucketsCommand, S3Client, type S3ServiceException } from '@aws-sdk/client-s3'
import { openRateTables, RateLimits, type RateRules } from '#api/rate-limits'
import { systemWorld } from '#world/system'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'

/** A server whose limits mean this machine, too. Nothing comes back while a test runs. */
async function withRates(
  rules: Partial<RateRules>,
  work: (server: S3Server) => Promise<void>,
): Promise<void> {
  const world = systemWorld()
  const all = { perKey: undefined, perAddress: undefined, failures: undefined, ...rules }
  const tables = openRateTables(all, world)
  const rates = new RateLimits(tables, { world, isExempt: () => false })
  await using server = await startS3Server({ door: { rates } })
  await work(server)
}
const three = { perSecond: 0.001, burst: 3 }

function clientOf({ port }: S3Server, credentials: { accessKeyId: string; secret: string }) {
  return new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { ...credentials, secretAccessKey: credentials.secret },
    maxAttempts: 1,
  })
}

const list = (client: S3Client): Promise<unknown> => client.send(new ListBucketsCommand({}))
const isSentAway = ({ name, $metadata }: S3ServiceException): boolean =>
  name === 'SlowDown' && $metadata.httpStatusCode === 503

test('one key has so many requests, another key its own', () =>
  withRates({ perKey: three }, async (server) => {
    await server.accounts.createPrincipal({ handle: 'bob' })
    const own = clientOf(server, { accessKeyId, secret })
    const other = clientOf(server, await server.accounts.createKey('bob'))
    for (let count = 0; count < 3; count += 1) await list(own)
    await rejects(list(own), isSentAway)
    await list(other)
    own.destroy()
    other.destroy()
  }))

test('one address has so many requests, and is told when to come back', () =>
  withRates({ perAddress: three }, async ({ port, websitePort }) => {
    const url = `http://127.0.0.1:${port}/bucket/key`
    for (let count = 0; count < 3; count += 1) equal((await fetch(url)).status, 404)
    const refused = await fetch(url)
    equal(refused.status, 503)
    match(await refused.text(), /<Code>SlowDown<\/Code>/)
    ok(Number(refused.headers.get('retry-after')) > 0)
    match(refused.headers.get('x-amz-request-id') ?? '', /^[0-9A-F]{16}$/)
    const page = await fetch(`http://127.0.0.1:${websitePort}/`)
    equal(page.status, 503, 'all doors count together')
    ok(page.headers.has('retry-after'))
  }))

test('who guesses is not told any more whether the guess was right', () =>
  withRates({ failures: three }, async (server) => {
    const right = clientOf(server, { accessKeyId, secret })
    const wrong = clientOf(server, { accessKeyId, secret: 'a wrong one' })
    const unknown = clientOf(server, { accessKeyId: 'AKIANOBODY', secret })
    for (let count = 0; count < 5; count += 1) await list(right)
    for (let count = 0; count < 2; count += 1)
      await rejects(list(wrong), ({ name }: S3ServiceException) => name === 'SignatureDoesNotMatch')
    await rejects(list(unknown), ({ name }: S3ServiceException) => name === 'InvalidAccessKeyId')
    await rejects(list(wrong), isSentAway)
    await rejects(list(right), isSentAway)
    for (const client of [right, wrong, unknown]) client.destroy()
  }))
