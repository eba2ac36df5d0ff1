/** A file's blocks in order, as the page pulls them: some are fetched ahead, and no more than those are held. */
import type { FileMetadata } from '#content/metadata'
import { type OpenedBlock, readBlock } from '#web/block'
import { problemOf } from '#web/faults'
import { isSame, type Kernels } from '#web/kernels'
import type { Pull, Pulled } from '#web/messages'

/** Some 15 MiB of plaintext, and what their shards take. */
const blocksAhead = 3

/** Answers on the port until it has told the end or a problem, or is told to stop. */
export function serveReading(
  port: MessagePort,
  { file, kernels }: { readonly file: FileMetadata; readonly kernels: Kernels },
): void {
  const stop = new AbortController()
  const blocks = openBlocks(file, { kernels, signal: stop.signal })
  const hasher = kernels.openHasher()
  let turn = Promise.resolve()
  const answer = async (): Promise<void> => {
    const { value: opened } = await blocks.next()
    if (opened === undefined) {
      const isWhole = isSame(hasher.digest().subarray(0, file.contentHash.length), file.contentHash)
      tell(port, { kind: 'end', isWhole })
      return
    }
    hasher.update(opened.bytes)
    tell(port, { kind: 'piece', ...opened })
  }
  port.onmessage = ({ data }: MessageEvent<Pull>) => {
    if (data === 'stop') {
      stop.abort()
      return
    }
    turn = turn
      .then(answer)
      .catch((error: unknown) => tell(port, { kind: 'problem', problem: problemOf(error) }))
  }
}

/** A piece is handed over, not copied. */
export function tell(port: MessagePort, pulled: Pulled): void {
  port.postMessage(pulled, pulled.kind === 'piece' ? [pulled.bytes.buffer] : [])
}

async function* openBlocks(
  { blocks }: FileMetadata,
  options: { readonly kernels: Kernels; readonly signal: AbortSignal },
): AsyncGenerator<OpenedBlock, undefined> {
  const queue: Promise<OpenedBlock>[] = []
  for (const block of blocks) {
    const opened = readBlock(block, options)
    opened.catch(() => {}) // whoever pulls it hears of it
    queue.push(opened)
    if (queue.length <= blocksAhead) continue
    const first = await queue.shift()
    if (first !== undefined) yield first
  }
  for (const opened of queue) yield await opened
  return undefined
}
