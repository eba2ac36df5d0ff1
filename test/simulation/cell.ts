/**
 * What one key may do, as a machine for the checker. A state is a version's label, `absent`, or `no bucket`; keys of buckets that
 * are never deleted are never in the last. Labels name writes: `c2.14` is client 2's operation 14.
 */
import type { CellState, Step } from './linearizable.ts'

export type { Step }

export const absent: CellState = ''
export const noBucket: CellState = '~'

export type Label = string

/** A condition of a write, in labels' ETags. */
export interface LabelCondition {
  readonly ifMatch?: string
  readonly isNew?: boolean
}

/** The ETag of a label, when anybody has learnt it: the outcome of a copy may be known to nobody. */
export type EtagOf = (label: Label) => string | undefined

function holds(state: CellState, { ifMatch, isNew }: LabelCondition, etagOf: EtagOf): boolean[] {
  const isThere = state !== absent && state !== noBucket
  if (isNew === true && isThere) return [false]
  if (ifMatch === undefined) return [true]
  if (!isThere) return [false]
  const etag = etagOf(state)
  return etag === undefined ? [true, false] : [etag === ifMatch]
}

export function sees(label: Label): Step {
  return (state) => (state === label ? [state] : [])
}

export const seesNothing: Step = sees(absent)
export const seesNoBucket: Step = sees(noBucket)

/** An object is there, whichever. */
export const seesSomething: Step = (state) =>
  state === absent || state === noBucket ? [] : [state]

/** Whatever is there now, it is not this. */
export function differs(label: Label): Step {
  return (state) => (state === label ? [] : [state])
}

/** An object of this ETag, whose label is not told. */
export function seesEtag(etag: string, etagOf: EtagOf): Step {
  return (state) => {
    if (state === absent || state === noBucket) return []
    return (etagOf(state) ?? etag) === etag ? [state] : []
  }
}

/** The key gets a version; `labels` are those it may be, one as a rule. */
export function writes(
  labels: readonly Label[],
  condition: LabelCondition = {},
  etagOf: EtagOf = () => undefined,
): Step {
  return (state) =>
    state !== noBucket && holds(state, condition, etagOf).includes(true) ? labels : []
}

/** A write whose condition did not hold. */
export function refuses(condition: LabelCondition, etagOf: EtagOf): Step {
  return (state) =>
    state !== noBucket && holds(state, condition, etagOf).includes(false) ? [state] : []
}

/** Deleting what is not there is success, whatever the condition (S3). */
export function deletes(condition: LabelCondition = {}, etagOf: EtagOf = () => undefined): Step {
  return (state) => {
    if (state === noBucket) return []
    if (state === absent) return [absent]
    return holds(state, condition, etagOf).includes(true) ? [absent] : []
  }
}

export const createsBucket: Step = (state) => (state === noBucket ? [absent] : [])
export const findsBucket: Step = (state) => (state === noBucket ? [] : [state])
export const deletesBucket: Step = (state) => (state === absent ? [noBucket] : [])
