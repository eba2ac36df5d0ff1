/**
 * POSTs JSON to an address, signed as Standard Webhooks says, so that receivers can use any of its libraries. Redirections are not followed.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as requestHttps, Agent as TlsAgent } from 'node:https'
import { hmacSha256 } from '#crypto/hmac'
import { deliveryFault } from '#delivery/faults'
import type { Sender } from '#delivery/sender'
import { Fault } from '#fault/fault'
import { Agent, request as requestHttp } from '#http/node-http'
import { assertPublicHost, publicLookup } from '#http/public-address'
import type { World } from '#world/world'

const secretPrefix = 'whsec_'
const secretBytes = 24

/** Where idle connections are kept for the next message. */
const socketsMax = 16
/** What is read of an answer, so that the connection can be used again. */
const answerBytesMax = 64 * 1024

export function newWebhookSecret(world: World): string {
  return secretPrefix + Buffer.from(world.randomBytes(secretBytes)).toString('base64')
}

/** `whsec_` and 24 to 64 bytes in base64. `delivery/malformed-secret`, which does not repeat it. */
export function parseWebhookSecret(text: string): string {
  const bytes = keyOf(text).length
  if (text.startsWith(secretPrefix) && bytes >= 24 && bytes <= 64) return text
  throw deliveryFault('delivery/malformed-secret', {
    reason: `${secretPrefix} and 24 to 64 bytes in base64`,
  })
}

function keyOf(secret: string): Uint8Array {
  return Buffer.from(secret.slice(secretPrefix.length), 'base64')
}

export interface WebhookOptions {
  readonly url: string
  readonly isPrivate?: true | undefined
  readonly secret: string
  readonly world: World
}

export function openWebhook({ url, isPrivate, secret, world }: WebhookOptions): Sender {
  const key = keyOf(secret)
  const isTls = url.startsWith('https:')
  const options = { keepAlive: true, maxSockets: socketsMax, maxFreeSockets: socketsMax }
  const agent = isTls ? new TlsAgent(options) : new Agent(options)
  return {
    async send({ id, json }, { signal }) {
      const body = Buffer.from(json)
      if (isPrivate !== true) assertPublicHost(url, refusePrivate)
      const open = isTls ? requestHttps : requestHttp
      try {
        const sent = open(url, {
          method: 'POST',
          agent,
          signal,
          headers: { ...headersOf(id, body), ...signatureOf(id, body) },
          ...(isPrivate === true ? {} : { lookup: lookUpPublic }),
        })
        judge(await answerTo(sent, body))
      } catch (error) {
        if (error instanceof Fault) throw error
        const { reason } = signal // what made it stop, if it was us
        if (reason instanceof Fault) throw reason
        throw deliveryFault('delivery/unreachable', { reason: codeOf(error) }, error)
      }
    },
    async [Symbol.asyncDispose]() {
      agent.destroy()
    },
  }

  function headersOf(id: string, body: Uint8Array): Record<string, string | number> {
    return {
      'content-type': 'application/json',
      'content-length': body.length,
      'user-agent': 'mycelium',
      'webhook-id': id,
    }
  }

  /** Over id, time and body: neither of them can be another's, and what is old shows. */
  function signatureOf(id: string, body: Uint8Array): Record<string, string> {
    const timestamp = String(Math.floor(world.now() / 1000))
    const mac = hmacSha256(key, Buffer.from(`${id}.${timestamp}.`), body)
    const signature = `v1,${Buffer.from(mac).toString('base64')}`
    return { 'webhook-timestamp': timestamp, 'webhook-signature': signature }
  }
}

function answerTo(sent: ClientRequest, body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    sent.on('error', reject)
    sent.on('response', (answer: IncomingMessage) => {
      let bytes = 0
      answer.on('data', (piece: Uint8Array) => {
        bytes += piece.length
        if (bytes > answerBytesMax) answer.destroy()
      })
      answer.on('close', () => resolve(answer.statusCode ?? 0))
      answer.on('error', () => {}) // its status has arrived
    })
    sent.end(body)
  })
}

/** 2xx: it has it. What may pass is told from what will not, for the former concerns everything that goes there. */
function judge(status: number): void {
  if (status >= 200 && status < 300) return
  const mayPass = status >= 500 || status === 408 || status === 425 || status === 429
  const code = mayPass ? 'delivery/unreachable' : 'delivery/refused'
  throw deliveryFault(code, { reason: `it answered ${status}` })
}

const refusePrivate = (): Error => deliveryFault('delivery/private-address')
const lookUpPublic = publicLookup(refusePrivate)

/** Of an error of the connection: its code tells enough, its text may repeat what was sent. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
