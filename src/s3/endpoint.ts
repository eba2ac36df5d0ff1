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
  readonly world: World
}

export interface Endpoint extends Disposable {
  readonly url: string
  readonly region: string
  readonly isAws: boolean
  readonly client: S3Client
  readonly world: World
}

const connectMs = 10_000
/** A connection on which nothing moves for so long is given up. Completing a large upload may take a while. */
const idleMs = 180_000

/** Opens no connection yet. Everything is given here: the SDK is not to look for settings by itself. */
export function openEndpoint({ url, region, credentials, world }: EndpointOptions): Endpoint {
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
  return { url, region, isAws, client, world, [Symbol.dispose]: () => client.destroy() }
}

/** Otherwise the SDK warns on the console about what we tell as a fault anyway. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

const unsigned: Pick<S3ClientConfig, 'credentials' | 'signer'> = {
  credentials: { accessKeyId: '', secretAccessKey: '' },
  signer: { sign: async (request) => request },
}
