import { declareFaults } from '#fault/fault'

export const heroFault = declareFaults({
  'hero-redis/login-needed': 'unauthenticated',
  'hero-redis/wrong-login': 'unauthenticated',
  'hero-redis/no-challenge': 'precondition',
  'hero-redis/denied': 'denied',
  'hero-redis/no-database': 'not-found',
  'hero-redis/unknown-command': 'unsupported',
  'hero-redis/unknown-subcommand': 'unsupported',
  'hero-redis/wrong-arguments': 'invalid',
  'hero-redis/syntax': 'invalid',
  'hero-redis/key-too-long': 'too-large',
  'hero-redis/value-too-long': 'too-large',
})
export type HeroFaultCode = Parameters<typeof heroFault>[0]
