/**
 * Chunks back into bytes: the data blocks a range needs, from the nodes that hold them; when one is slow, missing or damaged, from any k
 * verified columns instead (hedged and degraded reads). Never yields a byte that was not authenticated. Faults 3, 4, 6, 9 and 14.
 */
import { copyOf } from '#bytes/copy'
import { freeAtOnce } from '#bytes/free'
import { type BlockRun, stripesTouched } from '#chunk/geometry'
import type { Slot } from '#chunk/slots'
import { loadStripe } from '#store/_load-stripe'
import { readPacked } from '#store/_read-packed'
import {
  type ChunkRecord,
  type Extent,
  isPacked,
  type PackedExtent,
  sliceExtents,
} from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { unwrapDataKey } from '#store/data-key'
import { flat } from '#stream/flat'
import { gather } from '#stream/gather'

/** Stripes of one reader that may be loading beside the one being consumed. */
const readAheadStripes = 2

export interface ReadOptions {
  /** Plaintext bytes `[first, end)` of the whole recipe. */
  readonly first: number
  readonly end: number
  readonly signal: AbortSignal
  /** For what is locked (`store/locked` without it); see `data-key.ts`. */
  readonly outerKey?: Uint8Array | undefined
  /** Where chunks are looked up; the chunk table unless the recipe carries its own records. */
  readonly lookUp?: (id: Uint8Array) => Promise<ChunkRecord>
}

/** What is read at once: the wanted blocks of a stripe, or one packed object. */
type Job = StripeJob | PackedJob

interface PackedJob {
  readonly packed: PackedExtent
  /** Plaintext bytes `[from, to)` of it. */
  readonly from: number
  readonly to: number
}

interface StripeJob {
  readonly chunk: ChunkRecord
  readonly key: Uint8Array
  readonly stripe: number
  readonly runs: readonly BlockRun[]
}

interface LoadedStripe {
  readonly slot: Slot
  readonly job: StripeJob
}

type Loaded = LoadedStripe | { readonly slot: undefined; readonly bytes: Uint8Array }

/** A stripe on its way; `end` gives back the leave to read ahead. */
interface Ahead {
  readonly loaded: Promise<Loaded>
  readonly end: () => void
}

/** As `readStripes`, piece by piece. */
export function readBody(
  store: ChunkStore,
  extents: readonly Extent[],
  options: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  return flat(readStripes(store, extents, options))
}

/** All of a small recipe, of so many bytes, in memory of its own. */
export async function readWhole(
  store: ChunkStore,
  extents: readonly Extent[],
  { bytes, ...options }: { readonly bytes: number } & Pick<ReadOptions, 'outerKey' | 'signal'>,
): Promise<Uint8Array> {
  const [first, ...others] = extents
  if (first === undefined || others.length > 0 || !isPacked(first))
    return await gather(readBody(store, extents, { ...options, first: 0, end: bytes }), bytes)
  const endActivity = store.beginActivity()
  try {
    await store.parts.cluster.freshen()
    return await readPacked(store, first, options)
  } finally {
    endActivity()
  }
}

/**
 * Plaintext of a range of a recipe, in order, in groups of pieces that lie in memory together: they belong to the consumer until the next
 * pull. `store/locked`; `store/unreadable` when fewer than k columns of a stripe can be had; the consumer has then seen only right bytes.
 */
export async function* readStripes(
  store: ChunkStore,
  extents: readonly Extent[],
  options: ReadOptions,
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  const endActivity = store.beginActivity()
  const { slots } = store.parts.codec
  const jobs = stripeJobs(store, extents, options)
  const ahead: Ahead[] = []
  try {
    await store.parts.cluster.freshen()
    for (let isDone = false; ; ) {
      while (!isDone && ahead.length <= readAheadStripes) {
        const end = ahead.length === 0 ? () => {} : store.mayReadAhead()
        if (end === undefined) break
        const job = await nextJob(jobs, end)
        isDone = job === undefined
        if (job !== undefined) ahead.push({ loaded: load(store, job, options), end })
      }
      const first = ahead.shift()
      if (first === undefined) return
      first.end()
      const loaded = await first.loaded
      if (loaded.slot === undefined) yield [loaded.bytes]
      else yield* handOut(store, loaded, options.signal)
    }
  } finally {
    for (const { loaded, end } of ahead) {
      const result = await loaded.catch(() => undefined) // nobody wants it any more
      if (result?.slot !== undefined) slots.release(result.slot)
      end()
    }
    endActivity()
  }
}

/** `undefined` when there is none; then, and when it cannot be told, the leave to read ahead is given back. */
async function nextJob(jobs: AsyncIterator<Job, void>, end: () => void): Promise<Job | undefined> {
  let job: Job | undefined
  try {
    const next = await jobs.next()
    if (next.done !== true) job = next.value
    return job
  } finally {
    if (job === undefined) end()
  }
}

/**
 * Yields the job's runs, together, and frees the slot: before yielding while slots are scarce, so that a slow consumer holds none of the
 * last. Where copies of all of them are too much, it gets one run at a time, and each is loaded when it comes for it.
 */
async function* handOut(
  store: ChunkStore,
  { slot, job }: LoadedStripe,
  signal: AbortSignal,
): AsyncGenerator<readonly Uint8Array[]> {
  const { slots } = store.parts.codec
  if (slots.free >= slots.slots / 4) return yield* lend(store, slot, viewsOf(slot, job))
  const bytes = job.runs.reduce((sum, run) => sum + run.bytes, 0)
  const giveBack = store.overflow.reading.tryTake(bytes)
  try {
    const parts = giveBack === undefined ? job.runs.map((run) => [run]) : [job.runs]
    const [first, ...rest] = parts
    if (first !== undefined) yield* copyOut(store, slot, { ...job, runs: first })
    for (const runs of rest) {
      const loaded = await loadRuns(store, { ...job, runs }, signal)
      yield* copyOut(store, loaded.slot, loaded.job)
    }
  } finally {
    giveBack?.()
  }
}

function* lend(
  { parts: { codec } }: ChunkStore,
  slot: Slot,
  views: readonly Uint8Array[],
): Generator<readonly Uint8Array[]> {
  try {
    yield views
  } finally {
    codec.slots.release(slot)
  }
}

function* copyOut(
  { parts: { codec } }: ChunkStore,
  slot: Slot,
  job: StripeJob,
): Generator<readonly Uint8Array[]> {
  const copies = viewsOf(slot, job).map(copyOf)
  codec.slots.release(slot)
  try {
    yield copies
  } finally {
    for (const copy of copies) freeAtOnce(copy)
  }
}

function viewsOf(slot: Slot, { chunk, runs }: StripeJob): readonly Uint8Array[] {
  return runs.map(({ column, start, bytes }) => {
    const at = column * chunk.shape.blockBytes + start
    return slot.bytes.subarray(at, at + bytes)
  })
}

function load(store: ChunkStore, job: Job, options: ReadOptions): Promise<Loaded> {
  const loaded =
    'packed' in job ? loadPacked(store, job, options) : loadRuns(store, job, options.signal)
  loaded.catch(() => {}) // awaited by the reader, or settled when it stops
  return loaded
}

async function loadRuns(
  store: ChunkStore,
  job: StripeJob,
  signal: AbortSignal,
): Promise<LoadedStripe> {
  const columns = job.runs.map(({ column }) => column)
  return { slot: await loadStripe(store, { ...job, columns, signal }), job }
}

async function loadPacked(
  store: ChunkStore,
  { packed, from, to }: PackedJob,
  options: Pick<ReadOptions, 'outerKey' | 'signal'>,
): Promise<Loaded> {
  const plaintext = await readPacked(store, packed, options)
  return { slot: undefined, bytes: plaintext.subarray(from, to) }
}

async function* stripeJobs(
  store: ChunkStore,
  extents: readonly Extent[],
  { first, end, lookUp, outerKey }: ReadOptions,
): AsyncGenerator<Job, void, undefined> {
  for (const { extent, from, to } of sliceExtents(extents, { first, end })) {
    if (isPacked(extent)) {
      yield { packed: extent, from, to }
      continue
    }
    const chunk = await (lookUp ?? store.chunk.bind(store))(extent.chunkId)
    const { generation, wrappedKey: wrapped } = chunk
    const key = unwrapDataKey(store.parts.keyring, { generation, wrapped }, { outerKey })
    const run = { first: extent.offset + from, end: extent.offset + to }
    for (const { stripe, runs } of stripesTouched(chunk.shape, run))
      yield { chunk, key, stripe, runs }
  }
}
