/** Onto the reader's disk: block after block where the browser lets a page write a file, else through a blob. */
import { safeFileName } from '#content/cdn-meta'
import { isFault } from '#fault/fault'
import type { Piece } from '#web/reader'

/** What a page holds at most when it cannot write a file: browsers keep blobs on the disk, but not without end. */
export const blobBytesMax = 2 * 2 ** 30

interface FilePicker {
  showSaveFilePicker(options: { readonly suggestedName: string }): Promise<FileSystemFileHandle>
}

/** Not in every browser: https://wicg.github.io/file-system-access/ */
export function canWriteFiles(): boolean {
  return 'showSaveFilePicker' in window
}

/** Asks the reader where; only during a click. `undefined`: somebody thought better of it. */
export async function pickFile(name: string): Promise<FileSystemFileHandle | undefined> {
  try {
    const picker = window as unknown as FilePicker // `canWriteFiles` was asked
    return await picker.showSaveFilePicker({ suggestedName: fileNameOf(name) })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined
    throw error
  }
}

/** Holds one piece at a time. What is written before something fails is dropped. Returns what `pieces` does. */
export async function writePieces<Result>(
  file: FileSystemFileHandle,
  pieces: AsyncGenerator<Piece, Result>,
): Promise<Result> {
  const writer = await file.createWritable()
  try {
    for (;;) {
      const { value, done } = await pieces.next()
      if (done === true) {
        await writer.close()
        return value
      }
      await writer.write(value.bytes)
    }
  } catch (error) {
    await writer.abort().catch(() => {})
    throw error
  }
}

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = fileNameOf(name)
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** A stranger's name, if a file may have it. */
export function fileNameOf(name: string): string {
  try {
    return safeFileName(name)
  } catch (error) {
    if (isFault(error, 'content/hostile-name')) return 'download'
    throw error
  }
}
