import { cliExitCodes } from '#cli/exit-codes'

/** What the end of `mycdnctl` tells a script; the same table stands in docs/use/mycdnctl.md. */
export const cdnExitCodes = {
  ...cliExitCodes,
  /** It can be read, but not all of its shards are there. */
  degraded: 12,
} as const
export type CdnExitCode = (typeof cdnExitCodes)[keyof typeof cdnExitCodes]
