/** COUNT, SUM, AVG, MIN and MAX over records. NULL and MISSING do not take part. */
import { calculateNumbers, numberOf } from '#select/arithmetic'
import { isAbsent, orderOfNumbers, orderOfTimestamps } from '#select/compare'
import { decimalOf } from '#select/decimal'
import type { AggregateName } from '#select/syntax'
import type { Timestamp } from '#select/timestamp'
import type { Numeric, Value } from '#select/value'

/** What is known of the records so far. */
export interface Accumulator {
  add(value: Value): void
  /** NULL of no values, but 0 for COUNT. */
  result(): Value
}

export function openAccumulator(name: AggregateName): Accumulator {
  switch (name) {
    case 'count':
      return new Count()
    case 'sum':
      return new Sum((sum) => sum)
    case 'avg':
      return new Sum((sum, count) =>
        calculateNumbers('/', typeof sum === 'bigint' ? decimalOf(sum) : sum, count),
      )
    case 'min':
      return new Extreme((order) => order < 0)
    case 'max':
      return new Extreme((order) => order > 0)
  }
}

class Count implements Accumulator {
  #count = 0n

  add(value: Value): void {
    if (!isAbsent(value)) this.#count += 1n
  }

  result(): Value {
    return this.#count
  }
}

class Sum implements Accumulator {
  readonly #end: (sum: Numeric, count: bigint) => Numeric
  #sum: Numeric = 0n
  #count = 0n

  constructor(end: (sum: Numeric, count: bigint) => Numeric) {
    this.#end = end
  }

  add(value: Value): void {
    if (isAbsent(value)) return
    this.#sum = calculateNumbers('+', this.#sum, numberOf(value))
    this.#count += 1n
  }

  result(): Value {
    return this.#count === 0n ? null : this.#end(this.#sum, this.#count)
  }
}

class Extreme implements Accumulator {
  readonly #isFurther: (order: number) => boolean
  #extreme: Numeric | Timestamp | null = null

  constructor(isFurther: (order: number) => boolean) {
    this.#isFurther = isFurther
  }

  add(value: Value): void {
    if (isAbsent(value)) return
    const found = isTimestamp(value) ? value : numberOf(value)
    const known = this.#extreme
    if (known === null || this.#isFurther(orderOf(found, known))) this.#extreme = found
  }

  result(): Value {
    return this.#extreme
  }
}

function orderOf(one: Numeric | Timestamp, other: Numeric | Timestamp): number {
  if (isTimestamp(one) && isTimestamp(other)) return orderOfTimestamps(one, other)
  return orderOfNumbers(numberOf(one), numberOf(other))
}

function isTimestamp(value: NonNullable<Value>): value is Timestamp {
  return typeof value === 'object' && value.kind === 'timestamp'
}
