/** Faults in Redis's words: clients look at the first one. One table, total. */
import type { RateFaultCode } from '#api/faults'
import type { HeroFaultCode } from '#api/hero-redis/faults'
import { Fault, type FaultDetail } from '#fault/fault'
import type { ValueFaultCode } from '#redis/faults'
import { keyBytesMax, valueBytesMax } from '#redis/limits'

type Code = HeroFaultCode | ValueFaultCode | RateFaultCode

export const loginNeeded = 'NOAUTH Authentication required.'
export const valueTooLong = `ERR the value is longer than ${valueBytesMax} bytes`

const texts: Readonly<Record<Code, (detail: FaultDetail) => string>> = {
  'hero-redis/login-needed': () => loginNeeded,
  'hero-redis/wrong-login': () => 'WRONGPASS invalid username-password pair or user is disabled.',
  'hero-redis/no-challenge': () => 'ERR no challenge: ask for one with CHALLENGE first',
  'hero-redis/denied': ({ command, right, db }) =>
    `NOPERM this user has no permissions to run the '${command}' command: it needs the right '${right}' to database ${db}`,
  'hero-redis/no-database': () => 'ERR DB index is out of range',
  'hero-redis/unknown-command': ({ command }) => `ERR unknown command '${command}'`,
  'hero-redis/unknown-subcommand': ({ command }) => `ERR unknown subcommand of '${command}'`,
  'hero-redis/wrong-arguments': ({ command }) =>
    `ERR wrong number of arguments for '${command}' command`,
  'hero-redis/syntax': () => 'ERR syntax error',
  'hero-redis/key-too-long': () => `ERR the key is longer than ${keyBytesMax} bytes`,
  'hero-redis/value-too-long': () => valueTooLong,
  'redis/value-damaged': () => 'ERR the value is damaged on the disk',
  'redis/disk-full': () => 'OOM command not allowed: the disk is full.',
  'redis/disk': () => 'ERR the disk does not do what it is told',
  'api/slow-down': ({ retryAfterS }) =>
    `ERR too many wrong logins from your address: try again in ${retryAfterS} seconds`,
}

/** `undefined` for what nobody expected. */
export function errorText(error: unknown): string | undefined {
  if (!(error instanceof Fault) || !isKnown(error.code)) return undefined
  return texts[error.code](error.detail)
}

function isKnown(code: string): code is Code {
  return Object.hasOwn(texts, code)
}
