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
import type { OptionalRedis } from '#redis/optional-redis'
import type { World } from '#world/world'

const hourSeconds = 3_600
/** A key of an hour is forgotten some time after that. */
const keySeconds = 2 * hourSeconds

export interface SharedBudgetsOptions {
  readonly redis: OptionalRedis
  /** What counts while Redis is away. */
  readonly own: RequestBudgets
  readonly isExempt: (address: string) => boolean
  readonly world: Pick<World, 'now'>
}

export class SharedBudgets implements RequestBudgets {
  readonly #rules: BudgetRules
  readonly #options: SharedBudgetsOptions

  constructor(rules: BudgetRules, options: SharedBudgetsOptions) {
    this.#rules = rules
    this.#options = options
  }

  async take(budget: Budget, taker: BudgetTaker): Promise<BudgetState | undefined> {
    const { own, isExempt } = this.#options
    const { kind } = taker.actor
    if (kind === 'anonymous' && isExempt(taker.address)) return undefined
    const limit = this.#rules[budget][kind]
    if (limit === 'off') return undefined
    const counted = await this.#count(limit, `${budget} ${nameOf(budget, taker)}`)
    return counted ?? (await own.take(budget, taker))
  }

  /** `undefined` while Redis is away. */
  async #count(limit: number, name: string): Promise<BudgetState | undefined> {
    const { redis, world } = this.#options
    const now = world.now()
    const hour = Math.floor(now / 1000 / hourSeconds)
    const key = `mdlibs:budget:${hour}:${name}`
    const taken = await redis.ask(async (one) => {
      const [count] = await Promise.all([
        one.count(['INCR', key]),
        one.do(['EXPIRE', key, String(keySeconds)]),
      ])
      return count
    })
    if (taken === undefined) return undefined
    const resetAt = (hour + 1) * hourSeconds
    const state = { limit, left: Math.max(0, limit - taken), resetAt }
    const isSpent = taken > limit
    return isSpent ? { ...state, retryAfterS: Math.ceil(resetAt - now / 1000) } : state
  }
}
