/**
 * Whether what clients saw can be explained by one order in time. Each cell (a key, or a bucket with its key) is a small machine;
 * each operation took effect at one moment between its begin and its end, or, when its outcome is unknown, perhaps never. The
 * search goes through the history once and keeps every state that the cell could be in: Lowe, "Testing for linearizability",
 * 2017 (just-in-time linearization).
 */

/** A cell's state as text, so that equal states are equal keys. */
export type CellState = string

/** The states an operation may lead to from `state`; none when it could not have gone that way from there. */
export type Step = (state: CellState) => readonly CellState[]

export interface Operation {
  /** Positions in the history: of two events the earlier has the smaller. */
  readonly begun: number
  readonly ended: number
  /** False when its caller does not know whether it took effect. */
  readonly isCertain: boolean
  readonly step: Step
  readonly text: string
}

export interface Contradiction {
  /** Everything up to and without this operation can be explained. */
  readonly operation: Operation
  /** What the cell could have been just before it ended. */
  readonly states: readonly CellState[]
}

/** A way the past may have gone: the cell's state, and which open operations have taken effect. */
interface Past {
  readonly state: CellState
  readonly done: ReadonlySet<Operation>
}

/** `undefined` when one order explains all operations of the cell. */
export function findContradiction(
  operations: readonly Operation[],
  initial: CellState,
): Contradiction | undefined {
  let pasts: readonly Past[] = [{ state: initial, done: new Set() }]
  const open = new Set<Operation>()
  for (const { operation, isEnd } of eventsOf(operations)) {
    if (!isEnd) {
      open.add(operation)
      continue
    }
    const all = explore(pasts, open)
    pasts = distinct(
      all
        .filter(({ done }) => !operation.isCertain || done.has(operation))
        .map(({ state, done }) => ({ state, done: without(done, operation) })),
    )
    if (pasts.length === 0)
      return { operation, states: [...new Set(all.map(({ state }) => state))] }
    open.delete(operation)
  }
  return undefined
}

interface Event {
  readonly at: number
  readonly operation: Operation
  readonly isEnd: boolean
}

function eventsOf(operations: readonly Operation[]): readonly Event[] {
  return operations
    .flatMap((operation) => [
      { at: operation.begun, operation, isEnd: false },
      { at: operation.ended, operation, isEnd: true },
    ])
    .sort((one, other) => one.at - other.at)
}

/** All pasts that open operations can lead to. */
function explore(pasts: readonly Past[], open: ReadonlySet<Operation>): readonly Past[] {
  const found = new Map(pasts.map((past) => [keyOf(past), past]))
  for (const past of found.values()) {
    for (const operation of open) {
      if (past.done.has(operation)) continue
      for (const state of operation.step(past.state)) {
        const next = { state, done: new Set(past.done).add(operation) }
        found.set(keyOf(next), found.get(keyOf(next)) ?? next)
      }
    }
  }
  return [...found.values()]
}

function distinct(pasts: readonly Past[]): readonly Past[] {
  return [...new Map(pasts.map((past) => [keyOf(past), past])).values()]
}

function without(done: ReadonlySet<Operation>, operation: Operation): ReadonlySet<Operation> {
  const rest = new Set(done)
  rest.delete(operation)
  return rest
}

function keyOf({ state, done }: Past): string {
  return `${[...done].map(({ begun }) => begun).sort((a, b) => a - b)}|${state}`
}
