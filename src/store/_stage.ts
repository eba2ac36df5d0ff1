/** The stage of all nodes as one: frames of small objects, each durable on parity + 1 nodes until its pack rests in shards. */
import { freeAtOnce } from '#bytes/free'
import { appendTimeoutMsDefault, FramePlacer } from '#changelog/placement'
import { isFault } from '#fault/fault'
import type { ChunkStoreParts } from '#store/chunk-store'
import { decodeStageFrame, encodeStageFrame, type StageFrame } from '#store/stage-frame'

export class Stage {
  readonly #parts: Pick<ChunkStoreParts, 'cluster' | 'world'>
  readonly #placer: FramePlacer
  /** Numbers say only what may be cut. A node that was away may hold some of the same. */
  #next = 1n
  #replicas = 1

  constructor(parts: Pick<ChunkStoreParts, 'cluster' | 'world'>) {
    this.#parts = parts
    const { cluster, world } = parts
    this.#placer = new FramePlacer({
      nodes: () =>
        cluster.nodes().map(({ id, state, stores: { stage, files } }) => {
          return { id, log: stage, files, isUp: state === 'up' }
        }),
      admit: () => Promise.resolve(),
      replicas: () => this.#replicas,
      appendTimeoutMs: appendTimeoutMsDefault,
      point: 'store/frame-staged',
      world,
      onNodeFailure: (id, error) => {
        const node = cluster.nodes().find((one) => one.id === id)
        if (node !== undefined) void cluster.reportFailure(node.number, error)
      },
    })
  }

  /** Number of the next frame. */
  get next(): bigint {
    return this.#next
  }

  /** One frame at a time. Durable on parity + 1 nodes on return. `changelog/unavailable` when so many cannot be had now. */
  async append(frame: StageFrame): Promise<void> {
    const number = this.#next
    this.#next += 1n
    this.#replicas = frame.geometry.profile.parity + 1
    const bytes = encodeStageFrame(frame)
    const placing = this.#placer.prepare({ bytes, first: number, last: number })
    await this.#placer.attempt(placing)
    if (placing.asked.size === placing.holders.size) freeAtOnce(bytes) // nobody still writes it
  }

  /** Goes on behind what a former process has left. */
  async open(): Promise<void> {
    for (const { stores } of this.#parts.cluster.up()) {
      const last = await stores.stage.lastSequence().catch(ignoreFault)
      if (last !== undefined && last >= this.#next) this.#next = last + 1n
    }
  }

  /** What the nodes that are up can tell, copies and all. */
  async *frames(): AsyncGenerator<{ readonly number: bigint; readonly frame: StageFrame }> {
    for (const { stores } of this.#parts.cluster.up()) {
      try {
        for await (const { first, frame: payload } of stores.stage.read()) {
          const frame = decodeStageFrame(payload)
          if (frame !== undefined) yield { number: first, frame }
        }
      } catch (error) {
        ignoreFault(error) // the others have copies
      }
    }
  }

  /** Frames up to this number are needed no more. Best effort. */
  async cut(number: bigint): Promise<void> {
    const up = this.#parts.cluster.up()
    await Promise.all(up.map(({ stores }) => stores.stage.cut(number).catch(ignoreFault)))
  }

  close(): void {
    this.#placer.close()
  }
}

function ignoreFault(error: unknown): undefined {
  if (!isFault(error)) throw error
}
