import { cliExitCodes } from '#cli/exit-codes'

/** What the end of `mdlibs` tells a script; the same table stands in docs/use/mdlibs.md. */
export const mdlibsExitCodes = {
  success: cliExitCodes.success,
  /** Nobody expected it. */
  unexpected: cliExitCodes.unexpected,
  usage: cliExitCodes.usage,
  notFound: cliExitCodes.notFound,
  denied: cliExitCodes.denied,
  unreachable: cliExitCodes.unreachable,
  noSpace: cliExitCodes.noSpace,
  /** What came, or what is installed, is not what was published or locked. */
  damaged: cliExitCodes.damaged,
  localFile: cliExitCodes.localFile,
  refused: cliExitCodes.refused,
  /** `audit`: something is known against what is installed. */
  advisories: 12,
  interrupted: cliExitCodes.interrupted,
} as const
export type MdlibsExitCode = (typeof mdlibsExitCodes)[keyof typeof mdlibsExitCodes]
