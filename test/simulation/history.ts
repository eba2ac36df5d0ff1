/** Everything that happened in a run, in order: what is printed, hashed to compare runs, and handed to the checker. */
import { createHash } from 'node:crypto'
import type { SimulatedWorld } from '#world/simulated'
import { absent, type EtagOf, type Label, noBucket } from './cell.ts'
import { findContradiction, type Operation, type Step } from './linearizable.ts'

/** How many lines are kept for a report, when not all are. */
const linesKept = 400

/** A claim about a cell that an operation has made, or may have made. */
export interface Claim {
  readonly cell: string
  readonly step: Step
  /** False when the caller does not know whether it happened. */
  readonly isCertain?: boolean
}

/** An operation under way. */
export interface Call {
  readonly text: string
  readonly begun: number
  /** Monotonic ms. */
  readonly begunAt: number
  /** Highest sequence number that any finished call had been told of when this one began. */
  readonly sequenceFloor: bigint
}

export class History {
  readonly #keptCopies = new Set<string>()
  readonly #world: SimulatedWorld
  readonly #hash = createHash('sha256')
  readonly #lines: string[] = []
  readonly #print: ((line: string) => void) | undefined
  readonly #cells = new Map<
    string,
    { readonly initial: string; readonly operations: Operation[] }
  >()
  readonly #observations = new Map<Call, readonly Claim[]>()
  readonly #labels = new Map<string, Set<Label>>()
  readonly #etags = new Map<Label, string>()
  readonly #versions = new Map<bigint, string>()
  readonly #violations: string[] = []
  readonly #open = new Set<Call>()
  #length = 0
  #sequence = 0n
  operations = 0

  constructor(world: SimulatedWorld, print?: (line: string) => void) {
    this.#world = world
    this.#print = print
  }

  readonly etagOf: EtagOf = (label) => this.#etags.get(label)

  /** A line of the story; returns its place in it. */
  say(text: string): number {
    const line = `${this.#world.monotonic().toFixed(2).padStart(12)} ms  ${text}`
    this.#hash.update(`${line}\n`)
    this.#lines.push(line)
    if (this.#lines.length > 2 * linesKept) this.#lines.splice(0, linesKept)
    this.#print?.(line)
    this.#length += 1
    return this.#length
  }

  /** Keys that may lose their bucket start without one. */
  declare(cell: string, { hasBucket }: { readonly hasBucket: boolean }): void {
    this.#cells.set(cell, { initial: hasBucket ? absent : noBucket, operations: [] })
  }

  begin(text: string): Call {
    this.operations += 1
    const call = {
      text,
      begun: this.say(`→ ${text}`),
      begunAt: this.#world.monotonic(),
      sequenceFloor: this.#sequence,
    }
    this.#open.add(call)
    return call
  }

  /** Calls without an end. */
  get openCalls(): readonly Call[] {
    return [...this.#open]
  }

  end(call: Call, outcome: string, claims: readonly Claim[] = []): void {
    const ended = this.say(`← ${call.text}: ${outcome}`)
    const observations = this.#observations.get(call) ?? []
    this.#observations.delete(call)
    this.#open.delete(call)
    for (const { cell, step, isCertain = true } of [...claims, ...observations]) {
      const text = `${call.text}: ${outcome}`
      this.#cells.get(cell)?.operations.push({ begun: call.begun, ended, isCertain, step, text })
    }
  }

  /** What the call has seen of another cell than the one it is about. To be said before its end. */
  observe(call: Call, cell: string, step: Step): void {
    const claims = this.#observations.get(call) ?? []
    this.#observations.set(call, [...claims, { cell, step }])
  }

  /** A copy that is to keep its source's label has begun. */
  noteKeptCopy(cell: string): void {
    this.#keptCopies.add(cell)
  }

  hasKeptCopy(cell: string): boolean {
    return this.#keptCopies.has(cell)
  }

  /** Labels that the cell may get, told before they are written. */
  noteLabels(cell: string, labels: readonly Label[]): void {
    const known = this.#labels.get(cell) ?? new Set()
    for (const label of labels) known.add(label)
    this.#labels.set(cell, known)
  }

  labelsOf(cell: string): readonly Label[] {
    return [...(this.#labels.get(cell) ?? [])]
  }

  learnEtag(label: Label, etag: string): void {
    const known = this.#etags.get(label)
    if (known !== undefined && known !== etag)
      this.violate(`${label} had ETag ${known} and now has ${etag}`)
    this.#etags.set(label, etag)
  }

  /** A version's place in the store's one order, as a caller was told: one place is one version, and later calls get later places. */
  learnSequence(
    call: Call,
    version: string,
    { sequence, isNew }: { readonly sequence: bigint; readonly isNew: boolean },
  ): void {
    const known = this.#versions.get(sequence)
    if (known !== undefined && known !== version)
      this.violate(`${call.text}: sequence ${sequence} was ${known} and now is ${version}`)
    this.#versions.set(sequence, version)
    if (isNew && sequence <= call.sequenceFloor)
      this.violate(
        `${call.text}: sequence ${sequence}, though ${call.sequenceFloor} was known before`,
      )
    if (sequence > this.#sequence) this.#sequence = sequence
  }

  /** Something that must never happen has happened. */
  violate(text: string): void {
    this.say(`VIOLATION ${text}`)
    this.#violations.push(text)
  }

  /** Asks the checker about every cell. */
  judge(): void {
    for (const [cell, { initial, operations }] of this.#cells) {
      const found = findContradiction(operations, initial)
      if (found === undefined) continue
      const { operation, states } = found
      const could = states.map((state) => JSON.stringify(state)).join(' or ')
      const before = operations
        .filter(({ begun }) => begun <= operation.ended)
        .sort((one, other) => one.ended - other.ended)
        .slice(-30)
      this.violate(
        `${cell}: "${operation.text}" cannot be explained: the key was ${could}\n${before
          .map(
            ({ begun, ended, isCertain, text }) =>
              `      ${begun}-${ended} ${isCertain ? '' : '(perhaps) '}${text}`,
          )
          .join('\n')}`,
      )
    }
  }

  get violations(): readonly string[] {
    return this.#violations
  }

  get lastLines(): readonly string[] {
    return this.#lines.slice(-linesKept)
  }

  /** Hex SHA-256 of the whole story so far. */
  hash(): string {
    return this.#hash.copy().digest('hex')
  }
}
