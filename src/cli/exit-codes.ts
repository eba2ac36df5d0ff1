/** What the end of `cyxcloud` tells a script; the same table stands in docs/use/cli.md. */

export const cliExitCodes = {
  success: 0,
  /** Nobody expected it. */
  unexpected: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  unreachable: 5,
  noSpace: 6,
  /** Some of several objects. */
  partlyFailed: 7,
  /** What came is not what was stored; nothing of it is kept under the final name. */
  damaged: 8,
  /** The passphrase or key file is missing or wrong. */
  locked: 9,
  localFile: 10,
  /** The endpoint will not do it. */
  refused: 11,
  /** 128 + SIGINT. */
  interrupted: 130,
} as const
export type CliExitCode = (typeof cliExitCodes)[keyof typeof cliExitCodes]
