/**
 * How much may be asked, by kind of request: whoever installs a thousand libraries may still sign in, and whoever guesses passwords may not publish. A
 * budget is a bucket of so many requests that fills up again within an hour; each token has its own, and without a token each network.
 */
import { openRateTable, RateLimit } from '#api/rate-limit'
import { networkOf } from '#api/rate-limits'
import { type Budget, budgets } from '#api/rest-route'
import type { Actor } from '#identity/actor'
import type { World } from '#world/world'

/** Requests an hour. */
export interface BudgetRule {
  readonly anonymous: number | 'off'
  readonly user: number | 'off'
}
export type BudgetRules = Readonly<Record<Budget, BudgetRule>>

/**
 * An install of a library is three or four requests; builds behind one address install some hundreds of libraries several times an hour. Searches cost
 * most; each publish is an archive.
 */
export const defaultBudgets: BudgetRules = {
  metadata: { anonymous: 12_000, user: 60_000 },
  download: { anonymous: 6_000, user: 30_000 },
  search: { anonymous: 1_200, user: 6_000 },
  auth: { anonymous: 600, user: 1_200 },
  publish: { anonymous: 60, user: 300 },
}

export interface BudgetState {
  readonly limit: number
  readonly left: number
  /** When it will be whole again, seconds since 1970. */
  readonly resetAt: number
  /** None was left: seconds until there will be one. */
  readonly retryAfterS?: number
}

export interface BudgetTaker {
  readonly actor: Actor
  readonly address: string
}

/** Who takes counts in what all instances share, or each for itself. */
export interface RequestBudgets {
  /** Takes one, where there is one. `undefined` where nothing is counted. */
  take(budget: Budget, taker: BudgetTaker): Promise<BudgetState | undefined>
}

const hourSeconds = 3_600
const kinds = ['anonymous', 'user'] as const

/** Counts in this process alone. */
export class OwnBudgets implements RequestBudgets {
  readonly #limits: ReadonlyMap<string, RateLimit>
  readonly #rules: BudgetRules
  readonly #world: Pick<World, 'now' | 'randomBytes'>
  readonly #isExempt: (address: string) => boolean

  constructor(
    rules: BudgetRules,
    {
      world,
      isExempt,
    }: {
      readonly world: Pick<World, 'now' | 'randomBytes'>
      /** Who is not counted while nothing says who they are. */
      readonly isExempt: (address: string) => boolean
    },
  ) {
    this.#rules = rules
    this.#world = world
    this.#isExempt = isExempt
    const limits = budgets.flatMap((budget) =>
      kinds.flatMap((kind) => {
        const limit = openLimit(rules[budget][kind], world)
        return limit === undefined ? [] : [[`${budget} ${kind}`, limit] as const]
      }),
    )
    this.#limits = new Map(limits)
  }

  async take(budget: Budget, taker: BudgetTaker): Promise<BudgetState | undefined> {
    const { kind } = taker.actor
    if (kind === 'anonymous' && this.#isExempt(taker.address)) return undefined
    const limit = this.#limits.get(`${budget} ${kind}`)
    const rule = this.#rules[budget][kind]
    if (limit === undefined || rule === 'off') return undefined
    const name = nameOf(budget, taker)
    const waitMs = limit.take(name)
    const { left, fullMs } = limit.measure(name)
    const resetAt = Math.ceil((this.#world.now() + fullMs) / 1000)
    const state = { limit: rule, left: waitMs > 0 ? 0 : left, resetAt }
    return waitMs > 0 ? { ...state, retryAfterS: Math.ceil(waitMs / 1000) } : state
  }
}

function openLimit(
  perHour: number | 'off',
  world: Pick<World, 'now' | 'randomBytes'>,
): RateLimit | undefined {
  if (perHour === 'off') return undefined
  const rule = { perSecond: perHour / hourSeconds, burst: perHour }
  return new RateLimit(openRateTable(rule, world), world)
}

/** Tokens have budgets of their own; what publishes is counted by user, or more tokens would be more. */
export function nameOf(budget: Budget, { actor, address }: BudgetTaker): string {
  if (actor.kind === 'anonymous') return `address ${networkOf(address)}`
  return budget === 'publish' ? `user ${actor.id}` : `token ${actor.token.id}`
}

export function budgetHeaders(state: BudgetState | undefined): Readonly<Record<string, string>> {
  if (state === undefined) return {}
  const { limit, left, resetAt, retryAfterS } = state
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(left),
    'x-ratelimit-reset': String(resetAt),
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
  }
}
