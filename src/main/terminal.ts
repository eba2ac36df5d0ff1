import type { Terminal } from '#cli/terminal'

const columnsDefault = 80

/** One of the process's streams, or what stands for it. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(bytes: Uint8Array | string, done?: (error?: Error | null) => void): unknown
}

/** Of the process's streams. What is drawn goes to stderr, and is wiped away before anything is printed. */
export function openTerminal({
  stdout,
  stderr,
}: {
  readonly stdout: Output
  readonly stderr: Output
}): Terminal {
  const isInteractive = stdout.isTTY === true && stderr.isTTY === true
  let isDrawn = false
  const wipe = (): void => {
    if (isDrawn) stderr.write('\r\x1b[K')
    isDrawn = false
  }
  const write = (stream: Output, line: string): void => {
    wipe()
    stream.write(`${stream.isTTY === true ? withoutControls(line) : line}\n`)
  }
  return {
    isInteractive,
    print: (line) => write(stdout, line),
    warn: (line) => write(stderr, line),
    draw: (line) => {
      if (!isInteractive) return
      wipe()
      if (line === '') return
      stderr.write(withoutControls(line))
      isDrawn = true
    },
    columns: () => stderr.columns ?? columnsDefault,
  }
}

/** A key is any text: one with an escape sequence must not steer somebody's terminal, nor marks that turn text around make it look like another. */
function withoutControls(line: string): string {
  return line.replaceAll(/[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '\u{fffd}')
}
