/** One stream, two readers: whoever pulls sees each piece, and so does another, who is waited for before the next. Holds one piece. */

interface Handed {
  readonly piece: Uint8Array | undefined
  /** The other reader wants the next one. */
  done(): void
}

/**
 * `stream` gives what `source` gives, and ends only when `reading`, which is given the same, has ended well. When `reading` fails, so does `stream`, with
 * its error; when `stream` is left early or fails, `reading` is told that its source has failed.
 */
export function teed<T>(
  source: AsyncIterable<Uint8Array>,
  read: (copy: AsyncIterable<Uint8Array>) => Promise<T>,
): { readonly stream: AsyncGenerator<Uint8Array, void, undefined>; readonly reading: Promise<T> } {
  const pipe = new Pipe()
  const reading = read(pipe.pieces())
  reading.then(
    () => pipe.leave(),
    () => pipe.leave(),
  )
  async function* pass(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const piece of source) {
        const taken = pipe.hand(piece)
        yield piece
        await taken
        if (pipe.isLeft) await reading // who has refused it need not wait for the rest
      }
      await pipe.hand(undefined)
      await reading
    } catch (error) {
      pipe.fail(error)
      await reading // what it says of the bytes is worth more than that they stopped
      throw error
    } finally {
      pipe.fail(new Error('the stream was left'))
    }
  }
  return { stream: pass(), reading }
}

class Pipe {
  #waiting: Handed | undefined
  #wanted = Promise.withResolvers<void>()
  #failure: { readonly error: unknown } | undefined
  #isLeft = false

  get isLeft(): boolean {
    return this.#isLeft
  }

  /** Resolves when the reader asks for more, or has gone. */
  async hand(piece: Uint8Array | undefined): Promise<void> {
    if (this.#isLeft) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting = { piece, done: resolve }
    this.#wanted.resolve()
    await promise
  }

  /** The reader is told, unless everything has reached it. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wanted.resolve()
  }

  /** The reader wants nothing any more. */
  leave(): void {
    this.#isLeft = true
    this.#waiting?.done()
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      await this.#wanted.promise
      this.#wanted = Promise.withResolvers<void>()
      const handed = this.#waiting
      this.#waiting = undefined
      if (handed === undefined) throw this.#failure?.error
      try {
        if (handed.piece !== undefined) yield handed.piece
      } finally {
        handed.done() // also when the reader stops in the middle of it
      }
      if (handed.piece === undefined) return
    }
  }
}
