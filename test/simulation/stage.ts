/** Where clients meet the store: whether it runs, how a call went, and what everybody may know of what was written. */
import { isFault } from '#fault/fault'
import type { ObjectInfo, ObjectStore } from '#object/model'
import type { SimulatedWorld } from '#world/simulated'
import { contentOf, etagOf } from './body.ts'
import type { Label } from './cell.ts'
import type { Call, History } from './history.ts'
import type { Life } from './life.ts'
import type { Scenario } from './scenario.ts'

export interface Service {
  readonly objects: ObjectStore
  readonly life: Life
}

/**
 * `refused`: for a reason of the caller's own, and nothing has changed. `failed`: the store could not, and nothing has changed.
 * `unknown`: perhaps it has. `gone`: the client gave up or broke off, and nothing has changed.
 */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'failed' | 'unknown'; readonly code: string }
  | { readonly kind: 'gone' }

export interface Attempt<T> {
  readonly call: Call
  readonly outcome: Outcome<T>
  /** Who was asked. */
  readonly service: Service
}

export interface Plan {
  readonly have: 'begun' | 'ended'
  readonly operations: number
  readonly act: () => Promise<void>
}

export class Stage {
  readonly world: SimulatedWorld
  readonly history: History
  readonly scenario: Scenario
  /** Nothing disturbs the store any more: every call must succeed. */
  isCalm = false
  /** Hears of every version that somebody is told of; `isNew` when it is the answer to its write. */
  onTold: (info: ObjectInfo, told: { isNew: boolean; begunAt: number }) => void = () => {}
  /** How calls went. */
  readonly outcomes = { done: 0, refused: 0, failed: 0, unknown: 0, gone: 0 }
  /** Operations that have begun: what the nemesis times its deeds by. */
  begun = 0
  /** Operations that have ended. */
  ended = 0
  readonly #contents = new Map<string, () => Buffer>()
  #plan: Plan | undefined
  #service: Service | undefined
  #arrival = Promise.withResolvers<void>()

  constructor(world: SimulatedWorld, history: History, scenario: Scenario) {
    this.world = world
    this.history = history
    this.scenario = scenario
  }

  open(service: Service): void {
    this.#service = service
    this.#arrival.resolve()
  }

  close(): void {
    if (this.#service === undefined) return
    this.#service = undefined
    this.#arrival = Promise.withResolvers<void>()
  }

  /** The running store, once there is one. */
  async service(): Promise<Service> {
    while (this.#service === undefined) await this.#arrival.promise
    return this.#service
  }

  /** Runs `act` against the store, once it runs, and says in the history how it went. The caller ends the call, with its claims. */
  async attempt<T>(text: string, act: (objects: ObjectStore) => Promise<T>): Promise<Attempt<T>> {
    const service = await this.service()
    return await this.attemptAt(service, text, act)
  }

  /** The same with one process of the store only, which may be dead by now. */
  async attemptAt<T>(
    service: Service,
    text: string,
    act: (objects: ObjectStore) => Promise<T>,
  ): Promise<Attempt<T>> {
    const { objects, life } = service
    const call = this.history.begin(text)
    this.begun += 1
    this.#act()
    const outcome = await Promise.race([
      act(objects).then(
        (value): Outcome<T> => ({ kind: 'done', value }),
        (error: unknown): Outcome<T> => this.#judge(call, error),
      ),
      life.ended.then((): Outcome<T> => ({ kind: 'unknown', code: 'the process died' })),
    ])
    this.outcomes[outcome.kind] += 1
    this.ended += 1
    this.#act()
    return { call, outcome, service }
  }

  /** Runs `act` when so many operations have begun, or ended. One plan at a time. */
  when(plan: Plan): void {
    this.#plan = plan
  }

  #act(): void {
    const plan = this.#plan
    if (plan === undefined || this[plan.have] < plan.operations) return
    this.#plan = undefined
    void plan.act()
  }

  /** Makes the content of a write, and known to every reader by its ETag. */
  write(label: Label, bytes: number): { readonly content: Buffer; readonly etag: string } {
    const content = contentOf(label, bytes)
    const etag = etagOf(content)
    this.#contents.set(etag, () => contentOf(label, bytes))
    return { content, etag }
  }

  learnContent(etag: string, content: () => Buffer): void {
    this.#contents.set(etag, content)
  }

  /** The only bytes that an object with this ETag may have. */
  contentOf(etag: string): Buffer | undefined {
    return this.#contents.get(etag)?.()
  }

  /** What a description of an object must agree with; its label. */
  recognise(call: Call, cell: string, info: ObjectInfo, { isNew }: { isNew: boolean }): Label {
    const label = info.metadata.user['label'] ?? 'nobody'
    const content = this.contentOf(info.etag)
    this.history.learnEtag(label, info.etag)
    this.history.learnSequence(call, `${cell} ${label} ${info.etag}`, {
      sequence: info.sequence,
      isNew,
    })
    if (content === undefined)
      this.history.violate(`${call.text}: nobody wrote ETag ${info.etag}, label ${label}`)
    else if (content.length !== info.bytes)
      this.history.violate(`${call.text}: ${label} has ${info.bytes} bytes, not ${content.length}`)
    this.onTold(info, { isNew, begunAt: call.begunAt })
    return label
  }

  #judge(call: Call, error: unknown): Outcome<never> {
    if (!isFault(error)) return this.#unexpected(call, error)
    const { code } = error
    if (code.startsWith('client/')) return { kind: 'gone' }
    if (refusals.has(code)) return { kind: 'refused', code }
    const kind = failures.get(code)
    if (kind === undefined) return this.#unexpected(call, error)
    if (this.isCalm) this.history.violate(`${call.text}: ${describe(error)}, with nothing wrong`)
    return { kind, code }
  }

  #unexpected(call: Call, error: unknown): Outcome<never> {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.history.violate(`${call.text}: unexpected ${text}`)
    return { kind: 'unknown', code: 'unexpected' }
  }
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message} ← ${describe(error.cause)}`
}

const refusals: ReadonlySet<string> = new Set([
  'object/bucket-exists',
  'object/bucket-not-empty',
  'object/no-such-bucket',
  'object/no-such-key',
  'object/no-such-upload',
  'object/part-missing',
  'object/precondition-failed',
])

/** What a store in trouble may answer, and whether something may have changed all the same. */
const failures: ReadonlyMap<string, 'failed' | 'unknown'> = new Map([
  ['store/too-few-nodes', 'failed'],
  ['store/too-few-shards', 'failed'],
  ['store/out-of-space', 'failed'],
  ['store/unreadable', 'failed'],
  ['changelog/unavailable', 'unknown'],
])
