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

/**
 * A program ends with its output, and so with success when nobody reads any further; but while it does something (`isDeed`) that is done to
 * its end. `name` begins the sentence on stderr.
 */
export function endWithOutput(
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
  { name, isDeed }: { readonly name: string; readonly isDeed: () => boolean },
): void {
  watchOutput(stdout, {
    onGone: () => {
      if (!isDeed()) process.exit(cliExitCodes.success)
    },
    onLost: (sentence) => {
      stderr.write(`${name}: ${sentence}\n`)
      process.exit(cliExitCodes.localFile)
    },
  })
}
