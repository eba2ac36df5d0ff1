/** What one client has at hand: its chance, its labels, and what it has seen. */
import type { SimulatedWorld } from '#world/simulated'
import type { Sending } from './body.ts'
import type { LabelCondition } from './cell.ts'
import { clientFault } from './client-faults.ts'
import type { Place } from './place.ts'
import { between, chance, pick } from './scenario.ts'
import type { Stage } from './stage.ts'

/** With blocks of 4 KiB: a quarter of one, less the seal. */
const packedBytesMax = 1_008

export class Hands {
  readonly stage: Stage
  readonly world: SimulatedWorld
  /** ETags this client has seen last, by cell: what its conditions name. */
  readonly seen = new Map<string, string>()
  readonly #name: string
  #labels = 0

  constructor(stage: Stage, name: string) {
    this.stage = stage
    this.world = stage.world.fork(name)
    this.#name = name
  }

  /** A name for a write that nobody else gives. */
  nextLabel(): string {
    this.#labels += 1
    return `${this.#name}.${this.#labels}`
  }

  /** Sizes where something ends: nothing, one byte, what is packed, a block, a chunk, several. In some stores most are small. */
  drawBytes(): number {
    const { world } = this
    const { bodyBytesMax: most, chunkBytes: chunk, smallShare } = this.stage.scenario
    if (chance(world, smallShare)) return Math.ceil(between(world, 0.1, packedBytesMax))
    const drawn = between(world, 2, most)
    return Math.floor(
      pick(world, [0, 1, 15, 1008, 1009, 4080, 4081, chunk, chunk + 1, drawn, drawn, most, most]),
    )
  }

  drawSending(bytes: number): Sending {
    const { world } = this
    const isSlow = chance(world, 0.2)
    const pauseMs = this.stage.scenario.thinkMs * between(world, 0.1, 3)
    return {
      // A slow client sends little at a time: its first chunks rest on nodes long before anything refers to them.
      pieceBytes: Math.ceil((bytes + 1) / between(world, isSlow ? 4 : 1, 12)),
      pause: () => (isSlow ? world.sleep(world.random() * pauseMs) : Promise.resolve()),
      ...(chance(world, 0.04) ? { breaksAt: Math.floor(world.random() * bytes) } : {}),
      ...(chance(world, 0.03) ? { isRefused: true } : {}),
    }
  }

  drawCondition(place: Place): LabelCondition {
    const etag = this.seen.get(place.cell)
    if (chance(this.world, 0.15)) return { isNew: true }
    return etag !== undefined && chance(this.world, 0.2) ? { ifMatch: etag } : {}
  }

  /** Now and then a client no longer waits; the signal of most is never aborted. */
  drawPatience(): AbortSignal {
    const abort = new AbortController()
    if (chance(this.world, 0.05)) void this.#abortLater(abort)
    return abort.signal
  }

  async #abortLater(abort: AbortController): Promise<void> {
    await this.world.sleep(between(this.world, 0.1, 2 * this.stage.scenario.thinkMs))
    abort.abort(clientFault('client/gave-up'))
  }
}
