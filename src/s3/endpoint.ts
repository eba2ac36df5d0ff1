/** A foreign S3 endpoint: where it is, who we are there, and the client of the AWS SDK that speaks to it. */
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { World } from '#world/world'

export interface EndpointCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface EndpointOptions {
  readonly url: string
  readonly region: string
  /** `undefined`: requests are not signed. */
  readonly credentials: EndpointCredentials | undefined
  /** Of every request, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
  /** Left out, that of programs which move much. */
  readonly patience?: Patience
  readonly world: World
}

export interface Patience {
  /** A connection on which nothing moves for so long is given up. Completing a large upload may take a while. */
  readonly idleMs: number
  /** Of what may pass: 3 seconds of pauses between 5. */
  readonly attempts: number
}

export interface Endpoint extends Disposable {
  readonly url: string
  readonly region: string
  readonly isAws: boolean
  readonly client: S3Client
  readonly attempts: number
  readonly world: World
}

const connectMs = 10_000
const patienceDefault: Patience = { idleMs: 180_000, attempts: 5 }

/** Opens no connection yet. Everything is given here: the SDK is not to look for settings by itself. */
export function openEndpoint({
  url,
  region,
  credentials,
  headers = {},
  patience: { idleMs, attempts } = patienceDefault,
  world,
}: EndpointOptions): Endpoint {
  const isAws = /\.amazonaws\.com(\.cn)?$/.test(new URL(url).hostname)
  const client = new S3Client({
    endpoint: url,
    region,
    // Only AWS is sure to have a name for every bucket; everybody else knows buckets as paths.
    forcePathStyle: !isAws,
    maxAttempts: 1, // `call` tries again, and says so to whoever counts bytes
    requestChecksumCalculation: 'WHEN_REQUIRED', // we bring our own
    responseChecksumValidation: 'WHEN_REQUIRED', // and compare ourselves: the SDK cannot check a download that goes on
    logger: silent,
    requestHandler: { connectionTimeout: connectMs, socketTimeout: idleMs },
    ...(credentials === undefined ? unsigned : { credentials }),
  })
  addHeaders(client, headers)
  sendUtf8(client)
  return { url, region, isAws, client, attempts, world, [Symbol.dispose]: () => client.destroy() }
}

/** Before the signing, which covers them. */
function addHeaders(
  { middlewareStack }: S3Client,
  added: NonNullable<EndpointOptions['headers']>,
): void {
  middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> } // as below
      Object.assign(headers, added)
      return next(args)
    },
    { step: 'build', name: 'addHeaders' },
  )
}

/**
 * What the SDK has signed as UTF-8, Node would send as Latin-1: each byte becomes the character that Latin-1 has for it. Runs behind the signing. A
 * reader undoes it with `textOf`.
 */
function sendUtf8({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> } // the SDK's own, not typed at this step
      for (const [name, value] of Object.entries(headers)) {
        headers[name] = Buffer.from(value, 'utf8').toString('latin1')
      }
      return next(args)
    },
    { step: 'deserialize', priority: 'low', name: 'sendUtf8' },
  )
}

/** A header's value as it was meant: UTF-8 when it can be, Latin-1 otherwise. */
export function textOf(value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}

/** Otherwise the SDK warns on the console about what we tell as a fault anyway. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

const unsigned: Pick<S3ClientConfig, 'credentials' | 'signer'> = {
  credentials: { accessKeyId: '', secretAccessKey: '' },
  signer: { sign: async (request) => request },
}
