/** Who asks too often is sent away, and nobody else is. */
import { equal, match, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { ListBucketsCommand, type S3Client } from '@aws-sdk/client-s3'
import { openRateTables, RateLimits, type RateRules } from '#api/rate-limits'
import { systemWorld } from '#world/system'
import { clientOf, refused } from '../../sdk.ts'
import { clientWith } from './client-key.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

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

const list = (client: S3Client): Promise<unknown> => client.send(new ListBucketsCommand({}))
const sentAway = refused(503, 'SlowDown')

test('one key has so many requests, another key its own', () =>
  withRates({ perKey: three }, async (server) => {
    await server.accounts.createPrincipal({ handle: 'bob' })
    const own = clientOf(server)
    const other = clientWith(server, await server.accounts.createKey('bob'))
    for (let count = 0; count < 3; count += 1) await list(own)
    await rejects(list(own), sentAway)
    await list(other)
    own.destroy()
    other.destroy()
  }))

test('one address has so many requests, and is told when to come back', () =>
  withRates({ perAddress: three }, async ({ s3Url, websitePort }) => {
    const url = `${s3Url}/bucket/key`
    for (let count = 0; count < 3; count += 1) equal((await fetch(url)).status, 404)
    const answer = await fetch(url)
    equal(answer.status, 503)
    match(await answer.text(), /<Code>SlowDown<\/Code>/)
    ok(Number(answer.headers.get('retry-after')) > 0)
    match(answer.headers.get('x-amz-request-id') ?? '', /^[0-9A-F]{16}$/)
    const page = await fetch(`http://127.0.0.1:${websitePort}/`)
    equal(page.status, 503, 'all doors count together')
    ok(page.headers.has('retry-after'))
  }))

test('who guesses is not told any more whether the guess was right', () =>
  withRates({ failures: three }, async (server) => {
    const right = clientOf(server)
    const wrong = clientOf({ ...server, secretAccessKey: 'a wrong one' })
    const unknown = clientOf({ ...server, accessKeyId: 'AKIANOBODY' })
    for (let count = 0; count < 5; count += 1) await list(right)
    for (let count = 0; count < 2; count += 1)
      await rejects(list(wrong), refused(403, 'SignatureDoesNotMatch'))
    await rejects(list(unknown), refused(403, 'InvalidAccessKeyId'))
    await rejects(list(wrong), sentAway)
    await rejects(list(right), sentAway)
    for (const client of [right, wrong, unknown]) client.destroy()
  }))
