/** Standard output that ends before the program that writes there. */
import { cliExitCodes } from '#cli/exit-codes'

/** Who reads no further (`… | head`), or has closed the terminal, wants to hear no more. */
const goneCodes = ['EPIPE', 'EIO']

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EFBIG: 'the file would be too large',
}

/**
 * Calls `onGone` when nobody reads any further, and `onLost` with a sentence when what was written does not arrive: a program that was to
 * write there has not done what it was asked for.
 */
export function watchOutput(
  stream: NodeJS.WritableStream,
  { onGone, onLost }: { readonly onGone: () => void; readonly onLost: (sentence: string) => void },
): void {
  stream.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
    if (goneCodes.includes(code)) return onGone()
    onLost(
      `Standard output cannot be written: ${reasons[code] ?? message}. What was to come there is not whole.`,
    )
  })
}

/** For programs that are there for what they write: they end with it. `name` begins the sentence on stderr. */
export function endWithOutput(
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
  name: string,
): void {
  watchOutput(stdout, {
    onGone: () => process.exit(cliExitCodes.success),
    onLost: (sentence) => {
      stderr.write(`${name}: ${sentence}\n`)
      process.exit(cliExitCodes.localFile)
    },
  })
}
