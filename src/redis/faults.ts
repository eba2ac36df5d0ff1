import { declareFaults } from '#fault/fault'

export const redisFault = declareFaults({
  /** Nobody answers there, or what answers cannot do it now. */
  'redis/unavailable': 'unavailable',
  'redis/timeout': 'timeout',
  /** It wants to know who we are, or does not believe it. */
  'redis/login-refused': 'unauthenticated',
  'redis/denied': 'denied',
  'redis/full': 'exhausted',
  /** It does not do what it was asked. */
  'redis/refused': 'unsupported',
  'redis/too-large': 'too-large',
  /** Bytes that are no RESP2, from either side. */
  'redis/malformed': 'invalid',
})

/** Of our own server: what it listens on. */
export const listenFault = declareFaults({
  'redis/address-in-use': 'conflict',
  'redis/address-refused': 'denied',
})

/** Of our own server: what its values rest on. */
export const valueFault = declareFaults({
  'redis/value-damaged': 'corrupt',
  'redis/disk-full': 'exhausted',
  'redis/disk': 'unavailable',
})
export type ValueFaultCode = Parameters<typeof valueFault>[0]
export type RedisFaultCode = Parameters<typeof redisFault>[0]
