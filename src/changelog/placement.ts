/**
 * Puts frames on nodes: each on so many distinct ones, whichever of them are well. Faults 1, 5, 6, 7 and 9 of
 * the fault list meet here: a node that fails or is slow is replaced, for that frame, by the next one. Slow is who takes longer than the others,
 * for on a busy machine all take their time; failing is who does not answer at all.
 */
import { changelogFault } from '#changelog/faults'
import type { SealedFrame } from '#changelog/frame'
import type { ChangeLogNode } from '#changelog/nodes'
import type { NodeLog } from '#shard/store'
import type { World } from '#world/world'

/**
 * A slower append no longer counts as coming, though it is welcome when it comes: others sync 4 KiB in less.
 */
export const appendTimeoutMsDefault = 2_000

/**
 * Where most are slow it is the one disk below them all, or the machine. So nobody fails who takes less than so many times what others took, and
 * while most have not answered all of them have so many times the timeout.
 */
const alikeFactor = 4
const patienceFactor = 15

/** After this time a node is slow if most of the others have answered; then one more is asked in its place. */
const slowAppendMs = 250

/** A node that was slow or failed is asked last for this long. */
const distrustMs = 10_000

export interface FramePlacerOptions {
  /** Called for every frame; in order of preference. */
  readonly nodes: () => readonly ChangeLogNode[]
  /** Done before a node's first frame. */
  readonly admit: (node: ChangeLogNode) => Promise<void>
  /** How many nodes hold each frame. */
  readonly replicas: () => number
  readonly appendTimeoutMs: number
  /** Crash point that is passed when a node has the frame. */
  readonly point: string
  readonly world: World
  readonly onNodeFailure: (id: string, error: unknown) => void
}

/** What the log remembers of a node between frames. */
interface Acquaintance {
  /** One append at a time, even when it has become late: nobody knows what a stuck disk will still do. */
  isBusy: boolean
  distrustedUntil: number
  isAdmitted: boolean
}

/** A frame on its way, perhaps over several attempts: nodes that hold it already count. */
export interface Placing {
  readonly frame: SealedFrame
  readonly holders: Set<string>
  /** The longest that a node took which holds it. */
  tookMs: number
  /** Nodes asked in this attempt. */
  asked: Set<string>
  /** Appends that can still come in time. */
  live: number
  /** Those of them for which others are asked already. */
  slow: number
  /** Wakes the attempt: enough nodes hold the frame, or one of them will not. */
  wake: () => void
}

interface Append {
  readonly node: ChangeLogNode
  readonly placing: Placing
  readonly startedAt: number
  /** Whether it counts as coming. */
  isLive: boolean
  isSlow: boolean
  wasLookedAt: boolean
  /** Stops the clock that will say it has failed. */
  stop: () => void
}

export class FramePlacer {
  readonly #options: FramePlacerOptions
  readonly #acquaintances = new WeakMap<NodeLog, Acquaintance>()
  readonly #closing = new AbortController()
  /** Oldest first. */
  readonly #appends = new Set<Append>()
  #isWatching = false
  /** The nodes that took the last frame take the next one: a healthy log stays on few nodes. */
  #preferred: ReadonlySet<string> = new Set()

  constructor(options: FramePlacerOptions) {
    this.#options = options
  }

  prepare(frame: SealedFrame): Placing {
    return { frame, holders: new Set(), tookMs: 0, asked: new Set(), live: 0, slow: 0, wake() {} }
  }

  /**
   * Resolves when the frame is on stable storage of enough nodes that are up; `changelog/unavailable` when
   * that cannot be had now, and then may be tried again.
   */
  async attempt(placing: Placing): Promise<void> {
    const { nodes } = this.#options
    const replicas = this.#options.replicas()
    placing.asked = new Set()
    placing.live = 0
    placing.slow = 0
    for (;;) {
      const up = nodes().filter(({ isUp }) => isUp)
      const held = up.filter(({ id }) => placing.holders.has(id)).length
      if (held >= replicas) break
      const missing = Math.max(0, replicas - held - placing.live + placing.slow)
      for (const node of this.#candidates(up, placing).slice(0, missing))
        void this.#append(node, placing)
      if (placing.live === 0)
        throw changelogFault('changelog/unavailable', {
          holders: held,
          replicas,
          nodesUp: up.length,
        })
      await new Promise<void>((resolve) => {
        placing.wake = resolve
      })
    }
    this.#preferred = placing.holders
  }

  /** Stops watching the clock; appends under way are left to themselves. */
  close(): void {
    this.#closing.abort()
    for (const { stop } of this.#appends) stop()
  }

  /** Who may be asked for this frame: those of the last frame first, those that failed lately last. */
  #candidates(up: readonly ChangeLogNode[], { holders, asked }: Placing): readonly ChangeLogNode[] {
    const now = this.#options.world.monotonic()
    const rank = ({ id, log }: ChangeLogNode): number =>
      this.#acquaintance(log).distrustedUntil > now ? 2 : this.#preferred.has(id) ? 0 : 1
    return up
      .filter(
        ({ id, log }) => !asked.has(id) && !holders.has(id) && !this.#acquaintance(log).isBusy,
      )
      .sort((one, other) => rank(one) - rank(other)) // stable: otherwise in order of preference
  }

  async #append(node: ChangeLogNode, placing: Placing): Promise<void> {
    const { world } = this.#options
    const acquaintance = this.#acquaintance(node.log)
    const append: Append = {
      node,
      placing,
      startedAt: world.monotonic(),
      isLive: true,
      isSlow: false,
      wasLookedAt: false,
      stop() {},
    }
    acquaintance.isBusy = true
    placing.asked.add(node.id)
    placing.live += 1
    this.#appends.add(append)
    void this.#watch()
    try {
      if (!acquaintance.isAdmitted) await this.#options.admit(node)
      acquaintance.isAdmitted = true
      const { bytes, first, last } = placing.frame
      await node.log.append(bytes, { first, last })
      world.passing(this.#options.point)
      placing.holders.add(node.id)
      const tookMs = world.monotonic() - append.startedAt
      placing.tookMs = Math.max(placing.tookMs, tookMs)
      if (tookMs < slowAppendMs) acquaintance.distrustedUntil = 0
      if (placing.holders.size >= this.#options.replicas()) placing.wake()
    } catch (error) {
      this.#distrust(node, error)
    } finally {
      acquaintance.isBusy = false
      this.#appends.delete(append)
      append.stop()
      this.#giveUp(append)
    }
  }

  /**
   * Looks at the oldest append when its time has come, so that a healthy log costs one timer and not one for
   * each append.
   */
  async #watch(): Promise<void> {
    if (this.#isWatching) return
    this.#isWatching = true
    const { world, appendTimeoutMs } = this.#options
    for (const append of this.#appends) {
      if (append.wasLookedAt) continue
      const dueAt = append.startedAt + Math.min(slowAppendMs, appendTimeoutMs)
      const waitMs = dueAt - world.monotonic()
      if (waitMs > 0)
        try {
          await world.sleep(waitMs, { signal: this.#closing.signal })
        } catch {
          return // closing
        }
      if (this.#appends.has(append)) this.#lookAt(append)
    }
    this.#isWatching = false
  }

  /** It takes its time. So may all, on a busy machine: slow is who takes longer than most. */
  #lookAt(append: Append): void {
    const { world, appendTimeoutMs, replicas } = this.#options
    const { placing, node } = append
    append.wasLookedAt = true
    const haveMostAnswered = (): boolean => 2 * placing.holders.size >= replicas()
    const patienceMs = patienceFactor * appendTimeoutMs
    const timeoutMs = (): number =>
      haveMostAnswered()
        ? Math.min(Math.max(appendTimeoutMs, alikeFactor * placing.tookMs), patienceMs)
        : patienceMs
    const lookAgain = (ms: number): void => {
      append.stop = world.timer(Math.max(0, append.startedAt + ms - world.monotonic()), () => {
        const dueMs = timeoutMs()
        this.#callSlow(append)
        if (dueMs > ms) return lookAgain(dueMs)
        const detail = { node: node.id, timeoutMs: dueMs }
        this.#distrust(node, changelogFault('changelog/node-timeout', detail))
        this.#giveUp(append)
      })
    }
    if (haveMostAnswered()) this.#callSlow(append)
    lookAgain(appendTimeoutMs)
  }

  /** From now on another is asked in its place, and it is asked last. */
  #callSlow(append: Append): void {
    if (!append.isLive || append.isSlow) return
    const { placing, node } = append
    this.#acquaintance(node.log).distrustedUntil = this.#options.world.monotonic() + distrustMs
    append.isSlow = true
    placing.slow += 1
    placing.wake()
  }

  /** No longer waits for this append; idempotent. */
  #giveUp(append: Append): void {
    if (!append.isLive) return
    append.isLive = false
    const { placing, node } = append
    placing.live -= 1
    if (append.isSlow) placing.slow -= 1
    if (placing.live === 0 || !placing.holders.has(node.id)) placing.wake()
  }

  #distrust(node: ChangeLogNode, error: unknown): void {
    const { world, onNodeFailure } = this.#options
    this.#acquaintance(node.log).distrustedUntil = world.monotonic() + distrustMs
    onNodeFailure(node.id, error)
  }

  #acquaintance(log: NodeLog): Acquaintance {
    let acquaintance = this.#acquaintances.get(log)
    if (acquaintance === undefined) {
      acquaintance = { isBusy: false, distrustedUntil: 0, isAdmitted: false }
      this.#acquaintances.set(log, acquaintance)
    }
    return acquaintance
  }
}
