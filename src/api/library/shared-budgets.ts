/**
 * Budgets that several servers count together, in Redis: by whole hours, so that one command counts and nothing must be read before. While Redis is away,
 * each server counts by itself.
 */
import {
  type BudgetRules,
  type BudgetState,
  type BudgetTaker,
  nameOf,
  type RequestBudgets,
} from '#api/library/request-budgets'
import type { Budget } from '#api/rest-route'
import { isFault } from '#fault/fault'
import type { Redis } from '#redis/redis'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

const hourSeconds = 3_600
/** A key of an hour is forgotten some time after that. */
const keySeconds = 2 * hourSeconds
/** How long Redis is left alone after it did not answer: requests are not to wait for it one by one. */
const awayMs = 5_000

export interface SharedBudgetsOptions {
  readonly connect: () => Promise<Redis>
  /** What counts while Redis is away. */
  readonly own: RequestBudgets
  readonly isExempt: (address: string) => boolean
  readonly world: Pick<World, 'now' | 'monotonic'>
  readonly telemetry: Pick<Telemetry, 'note'>
}

export class SharedBudgets implements RequestBudgets, AsyncDisposable {
  readonly #rules: BudgetRules
  readonly #options: SharedBudgetsOptions
  #redis: Promise<Redis> | undefined
  #awayUntil = 0

  constructor(rules: BudgetRules, options: SharedBudgetsOptions) {
    this.#rules = rules
    this.#options = options
  }

  async take(budget: Budget, taker: BudgetTaker): Promise<BudgetState | undefined> {
    const { own, isExempt, world } = this.#options
    const { kind } = taker.actor
    if (kind === 'anonymous' && isExempt(taker.address)) return undefined
    const limit = this.#rules[budget][kind]
    if (limit === 'off') return undefined
    if (world.monotonic() < this.#awayUntil) return await own.take(budget, taker)
    try {
      return await this.#count(limit, `${budget} ${nameOf(budget, taker)}`)
    } catch (error) {
      if (!isFault(error)) throw error
      this.#lose(error)
      return await own.take(budget, taker)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const redis = await this.#redis?.catch(() => undefined)
    await redis?.[Symbol.asyncDispose]()
  }

  async #count(limit: number, name: string): Promise<BudgetState> {
    const { connect, world } = this.#options
    this.#redis ??= connect()
    const redis = await this.#redis
    const now = world.now()
    const hour = Math.floor(now / 1000 / hourSeconds)
    const key = `mdlibs:budget:${hour}:${name}`
    const [taken] = await Promise.all([
      redis.count(['INCR', key]),
      redis.do(['EXPIRE', key, String(keySeconds)]),
    ])
    const resetAt = (hour + 1) * hourSeconds
    const state = { limit, left: Math.max(0, limit - taken), resetAt }
    const isSpent = taken > limit
    return isSpent ? { ...state, retryAfterS: Math.ceil(resetAt - now / 1000) } : state
  }

  #lose(error: unknown): void {
    const { world, telemetry } = this.#options
    const former = this.#redis
    this.#redis = undefined
    this.#awayUntil = world.monotonic() + awayMs
    void former?.then((redis) => redis[Symbol.asyncDispose]()).catch(() => {}) // it is lost already
    telemetry.note('warn', 'Redis is away: requests are counted here alone', {
      reason: String(error),
    })
  }
}
