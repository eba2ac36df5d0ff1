/** Whether a name that a stranger wrote may become the name of a file. Runs in browsers. */
import { contentFault } from '#content/faults'

/** What nearly every file system takes. */
const fileNameBytesMax = 255

/**
 * Controls; marks that turn text around or cannot be seen, which make a name look like another one. The joiners between letters (U+200C, U+200D) belong to
 * names in Persian and to emoji.
 */
const hidden = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u
/** Names of devices on Windows, with any extension. */
const device = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\.|$)/i

/** The name itself. `content/hostile-name` says why it must not be used to write a file: the reader has to choose another one. */
export function safeFileName(name: string): string {
  const reason = complaintOf(name)
  if (reason !== undefined) throw contentFault('content/hostile-name', { reason })
  return name
}

/** Why nobody should write a file of that name; `undefined` when it will do. */
export function complaintOf(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name === '.' || name === '..') return 'it is that of a directory itself'
  if (/[/\\]/.test(name)) return 'it leads to another directory'
  if (hidden.test(name)) return 'it has characters that control or hide'
  if (device.test(name)) return 'it is that of a device on some systems'
  if (!name.isWellFormed()) return 'it is no Unicode'
  const { length } = new TextEncoder().encode(name)
  return length > fileNameBytesMax
    ? `it has ${length} bytes: at most ${fileNameBytesMax}`
    : undefined
}
