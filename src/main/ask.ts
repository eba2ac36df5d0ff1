/** Asks the person at the terminal. */
import { openSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'

const interrupt = '\x03'
const endOfText = '\x04'

interface AskOptions {
  readonly onInterrupt: () => void
  readonly signal: AbortSignal
}

/** What is typed is seen. As `askHidden` otherwise. */
export function askShown(question: string, options: AskOptions): Promise<string> {
  return askTerminal(question, { ...options, isShown: true })
}

/**
 * Something that must not be seen. Of the terminal itself: standard input may be what is being uploaded. While nothing is echoed the terminal sends no signals either, so Ctrl-C
 * comes as a character: `onInterrupt`, which is to abort `signal`, whose reason is thrown.
 */
export function askHidden(question: string, options: AskOptions): Promise<string> {
  return askTerminal(question, { ...options, isShown: false })
}

async function askTerminal(
  question: string,
  { onInterrupt, signal, isShown }: AskOptions & { readonly isShown: boolean },
): Promise<string> {
  const terminal = openSync('/dev/tty', 'r+')
  const keys = new ReadStream(terminal)
  keys.setRawMode(true)
  keys.setEncoding('utf8')
  writeSync(terminal, question)
  const stop = (): void => void keys.destroy()
  signal.addEventListener('abort', stop, { once: true })
  let text = ''
  try {
    for await (const typed of keys) {
      for (const character of String(typed)) {
        if (character === '\r' || character === '\n' || character === endOfText) return text
        if (character === interrupt) onInterrupt()
        else if (character === '\x7f' || character === '\b') {
          if (isShown && text !== '') writeSync(terminal, '\b \b')
          text = text.slice(0, -1)
        } else {
          if (isShown) writeSync(terminal, character)
          text += character
        }
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
    if (!keys.destroyed) keys.setRawMode(false)
    writeSync(terminal, '\n')
    keys.destroy()
  }
  signal.throwIfAborted()
  return text
}
