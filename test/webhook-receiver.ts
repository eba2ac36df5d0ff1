/** Somebody who is told: an HTTP server on a free port of this machine that keeps what was posted to it. */
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from './until.ts'

export interface Posted {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** Status that it was answered with. */
  readonly status: number
}

export interface EventRecord {
  readonly eventVersion: string
  readonly eventName: string
  readonly eventTime: string
  readonly userIdentity: { readonly principalId: string }
  readonly requestParameters: { readonly sourceIPAddress: string }
  readonly responseElements: Readonly<Record<string, string>>
  readonly s3: {
    readonly configurationId: string
    readonly bucket: {
      readonly name: string
      readonly arn: string
      readonly ownerIdentity: { readonly principalId: string }
    }
    readonly object: {
      readonly key: string
      readonly size?: number
      readonly eTag?: string
      readonly versionId?: string
      readonly sequencer: string
    }
  }
}

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string
  readonly posted: readonly Posted[]
  /** The records of what was answered with success. */
  records(): readonly EventRecord[]
  /** Waits until so many records have been taken; all of them then. */
  taken(count: number): Promise<readonly EventRecord[]>
  /** From now on. */
  answerWith(status: number | ((body: string) => number | Promise<number>)): void
}

export async function openWebhookReceiver(port = 0): Promise<WebhookReceiver> {
  const posted: Posted[] = []
  let decide: (body: string) => number | Promise<number> = () => 200
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const body = Buffer.concat(pieces).toString()
    const status = await decide(body)
    posted.push({ headers: request.headers, body, status })
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('thanks')
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const records = (): readonly EventRecord[] =>
    posted.filter(({ status }) => status === 200).flatMap(({ body }) => recordsOf(body))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    posted,
    records,
    taken: (count) =>
      until(
        async () => records(),
        ({ length }) => length >= count,
      ),
    answerWith(status) {
      decide = typeof status === 'number' ? () => status : status
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Of a message as it was sent; none of a test event. */
export function recordsOf(body: string): readonly EventRecord[] {
  return (JSON.parse(body) as { readonly Records?: readonly EventRecord[] }).Records ?? []
}

/** The signature that Standard Webhooks wants. */
export function signatureOf({ headers, body }: Posted, secret: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}
