/** AUTH with a secret or a token, and CHALLENGE and TOKEN, which exchange a signature for a token. */
import { type Call, type Command, ok, textReply, wordOf } from '#api/hero-redis/command'
import { heroFault } from '#api/hero-redis/faults'
import type { Caller } from '#api/hero-redis/rights'
import { toHex } from '#bytes/text'
import { isEd25519Signature } from '#crypto/ed25519'
import type { RespReply } from '#redis/resp'

/** The only user there is, as Redis calls whoever gives no name. */
const defaultUser = 'default'

export const loginCommands: Readonly<Record<string, Command>> = {
  AUTH: { min: 1, max: 2, isOpen: true, run: auth },
  CHALLENGE: {
    min: 0,
    max: 0,
    isOpen: true,
    run: ({ session }) => textReply(toHex(session.newChallenge())),
  },
  TOKEN: { min: 2, max: 2, isOpen: true, run: token },
}

function auth({ session, args }: Call): RespReply {
  session.admitAttempt()
  const [first = new Uint8Array(0), second] = args
  const isKnownUser = second === undefined || wordOf(first) === defaultUser
  const caller = findCaller(session.parts, second ?? first)
  if (caller === undefined || !isKnownUser) throw session.wrongLogin()
  session.logIn(caller)
  return ok
}

function findCaller(
  { rights, tokens }: Call['session']['parts'],
  secret: Uint8Array,
): Caller | undefined {
  const publicKey = tokens.find(secret)
  return publicKey === undefined ? rights().findSecret(secret) : rights().findKey(publicKey)
}

/** Whatever is wrong is told in the same words: nobody learns which keys are known. */
function token({ session, args }: Call): RespReply {
  session.admitAttempt()
  const [publicKey, signature] = args.map(bytesOfHex)
  const message = session.takeChallenge()
  if (message === undefined) throw heroFault('hero-redis/no-challenge')
  if (publicKey === undefined || signature === undefined) throw session.wrongLogin()
  const isSigned = isEd25519Signature(publicKey, { message, signature })
  const caller = session.parts.rights().findKey(publicKey)
  if (!isSigned || caller === undefined) throw session.wrongLogin()
  return textReply(session.parts.tokens.issue(publicKey))
}

function bytesOfHex(arg: Uint8Array): Uint8Array | undefined {
  const text = wordOf(arg)
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? Uint8Array.fromHex(text) : undefined
}
