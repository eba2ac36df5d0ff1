import type { OpenedObject } from '#object/model'

/**
 * A stream whose first piece is already there: failing to begin fails here, not in its consumer. The piece stays as it is until the
 * second pull, so nothing is copied. `return` may be called at any time and any number of times.
 */
export async function prime<T>(stream: AsyncIterable<T>): Promise<PrimedStream<T>> {
  const source = stream[Symbol.asyncIterator]()
  let first: IteratorResult<T> | undefined = await source.next()
  let isOver = false
  const primed: PrimedStream<T> = {
    next() {
      if (first === undefined) return source.next()
      const result = first
      first = undefined
      return Promise.resolve(result)
    },
    async return() {
      if (!isOver) {
        isOver = true
        await source.return?.()
      }
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => primed,
  }
  return primed
}

/** For when the answer has left or failed: nothing more is read, and what was opened for it is let go. */
export function endOf(
  body: PrimedStream<unknown>,
  opened: Pick<OpenedObject, 'release'>,
): () => void {
  return () => {
    body
      .return()
      .catch(() => {}) // the answer has failed or ended already, and has said so
      .finally(() => opened.release())
  }
}

export interface PrimedStream<T> extends AsyncIterableIterator<T> {
  return(): Promise<IteratorResult<T>>
}
