/**
 * A NATS server whose streams (JetStream) keep what is published to their subjects. Plain NATS is not spoken: it does not say whether anybody has a message.
 * https://docs.nats.io/nats-concepts/jetstream
 */
import { jetstream } from '@nats-io/jetstream'
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node'
import { journalFault } from '#journal/faults'

const connectMs = 10_000
/** A stream has so long to say that it has a message. */
const publishMs = 10_000

export interface JournalOptions {
  /** `nats://HOST:PORT`, or `tls://…` where the server is to prove who it is. */
  readonly url: string
  /** With `secret` as its password. */
  readonly user?: string | undefined
  /** Without a user: a token, the seed of an NKey, or the text of a credentials file. */
  readonly secret?: string | undefined
}

export interface Journal extends AsyncDisposable {
  /** A stream has it when this resolves; it drops what comes again under the same `id` within its window. `journal/unavailable` */
  publish(subject: string, text: string, options: { readonly id: string }): Promise<void>
}

/** Connects once and stays with that server; whoever loses it opens another. `journal/unavailable` */
export async function openJournal({ url, ...credentials }: JournalOptions): Promise<Journal> {
  const connection = await connect({
    servers: url,
    name: 'mycelium',
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: connectMs,
    ...(url.startsWith('tls:') ? { tls: {} } : {}),
    ...authenticatorOf(credentials),
  }).catch(unavailable)
  const streams = jetstream(connection)
  return {
    async publish(subject, text, { id }) {
      await streams.publish(subject, text, { msgID: id, timeout: publishMs }).catch(unavailable)
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

function authenticatorOf({ user, secret }: Pick<JournalOptions, 'user' | 'secret'>): {
  readonly authenticator?: Authenticator
} {
  if (user !== undefined) return { authenticator: usernamePasswordAuthenticator(user, secret) }
  if (secret === undefined) return {}
  const bytes = Buffer.from(secret)
  if (secret.includes('BEGIN NATS USER JWT')) return { authenticator: credsAuthenticator(bytes) }
  if (/^SU[A-Z2-7]{56}$/.test(secret)) return { authenticator: nkeyAuthenticator(bytes) }
  return { authenticator: tokenAuthenticator(secret) }
}

const words: Readonly<Record<string, string>> = {
  AuthorizationError: 'it does not know these credentials',
  JetStreamNotEnabled: 'no stream takes that subject', // the client's word also where there are streams of other subjects
  NoRespondersError: 'no stream takes that subject',
  TimeoutError: 'it does not answer in time',
}

/** The client's own words may repeat what was sent. */
function unavailable(error: unknown): never {
  const name = error instanceof Error ? error.name : 'unknown'
  const reason = words[name] ?? name
  throw journalFault('journal/unavailable', { reason }, error)
}
