import { registryFault } from '#api/content/faults'

/** What all bodies together, those that come and those that go, may hold in memory: more at once are told to come back. */
export class BodyMemory {
  readonly #bytesMax: number
  #held = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Returns what gives it back, to be called once. `registry/busy` */
  take(bytes: number): () => void {
    if (this.#held + bytes > this.#bytesMax) throw registryFault('registry/busy')
    this.#held += bytes
    return () => {
      this.#held -= bytes
    }
  }

  /** Runs `work`, which takes memory by the function it is given; all of it counts until `work` settles. That function throws `registry/busy`. */
  async during<T>(work: (take: (bytes: number) => void) => Promise<T>): Promise<T> {
    const taken: (() => void)[] = []
    try {
      return await work((bytes) => taken.push(this.take(bytes)))
    } finally {
      for (const giveBack of taken) giveBack()
    }
  }
}
