/**
 * How one logs in to a Hero Redis: with nothing, with a token or secret that it knows (AUTH), or by a signature (CHALLENGE, TOKEN, AUTH). What is
 * signed is the server's challenge and nothing else: a key that is used with servers of several operators lets each of them log in at the others.
 */
import { ed25519PublicKey, ed25519Sign } from '#crypto/ed25519'
import { isFault } from '#fault/fault'
import type { RedisAnswer, RedisConnection } from '#redis/connection'
import { redisFault } from '#redis/faults'

export type HeroLogin =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  /** Ed25519, 32 bytes. */
  | { readonly kind: 'private-key'; readonly seed: Uint8Array }

/** 32 bytes in hex are usual. */
const challengeCharactersMax = 1024

/** `redis/login-refused`, and the faults of the connection. */
export async function logIn(connection: RedisConnection, login: HeroLogin): Promise<void> {
  switch (login.kind) {
    case 'none':
      return
    case 'token':
      await call(connection, 'AUTH', login.token)
      return
    case 'private-key':
      await call(connection, 'AUTH', await tokenFor(connection, login.seed))
  }
}

async function tokenFor(connection: RedisConnection, seed: Uint8Array): Promise<string> {
  const challenge = textOf(connection, await challengeOf(connection)).trim()
  if (!/^(?:[0-9a-f]{2})+$/i.test(challenge) || challenge.length > challengeCharactersMax) {
    throw malformed(connection, 'its challenge is not in hex')
  }
  const signature = ed25519Sign(seed, Uint8Array.fromHex(challenge))
  const publicKey = ed25519PublicKey(seed)
  const token = await call(connection, 'TOKEN', publicKey.toHex(), signature.toHex())
  return textOf(connection, token)
}

async function challengeOf(connection: RedisConnection): Promise<RedisAnswer> {
  try {
    return await call(connection, 'CHALLENGE')
  } catch (error) {
    if (!isFault(error, 'redis/refused')) throw error
    const reason = 'it is no Hero Redis: it takes no private keys'
    const remedy = 'log in with a token'
    throw redisFault('redis/login-refused', { ...error.detail, reason, remedy }, error)
  }
}

function call(connection: RedisConnection, ...words: readonly string[]): Promise<RedisAnswer> {
  return connection.call(words.map((word) => Buffer.from(word)))
}

function textOf(connection: RedisConnection, answer: RedisAnswer): string {
  switch (answer.kind) {
    case 'simple':
      return answer.text
    case 'bulk':
      return Buffer.from(answer.bytes).toString('latin1')
    case 'integer':
    case 'nil':
      throw malformed(connection, 'it answers a login with no text')
  }
}

function malformed({ server }: RedisConnection, reason: string): Error {
  return redisFault('redis/malformed', { server, reason })
}
