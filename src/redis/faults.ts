import { declareFaults } from '#fault/fault'

export const redisFault = declareFaults({
  /** Nobody answers there, or what answers does not take what we bring. */
  'redis/unavailable': 'unavailable',
})
