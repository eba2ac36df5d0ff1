/** What every node's log promises. */
import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3 } from '#crypto/blake3'
import type { NodeLog } from '#shard/store'
import type { WithNode } from './shard-store.contract.ts'

export interface Frame {
  readonly first: bigint
  readonly last: bigint
  readonly frame: Uint8Array
}

/** A frame that covers `first..last`, with a payload of its own. */
export function frameOf(first: number, last = first, bytes = 100): Frame {
  const frame = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += 1) frame[at] = (first * 7 + at * 3) & 255
  return { first: BigInt(first), last: BigInt(last), frame }
}

export async function append(log: NodeLog, { frame, ...range }: Frame): Promise<void> {
  await log.append(frame, range)
}

/** Compares long series of frames without ever printing them. */
export function sameFrames(actual: readonly Frame[], expected: readonly Frame[]): void {
  const print = ({ first, last, frame }: Frame): string =>
    `${first}-${last}: ${blake3(frame).toHex()}`
  deepEqual(actual.map(print), expected.map(print))
}

export function nodeLogContract(name: string, withNode: WithNode): void {
  const on = (title: string, body: (log: NodeLog) => Promise<void>): void => {
    test(`${name}: ${title}`, () => withNode(({ log }) => body(log)))
  }

  on('an empty log has no frames and stands at 0', async (log) => {
    deepEqual(await Array.fromAsync(log.read()), [])
    equal(await log.lastSequence(), 0n)
    await log.cut(100n)
  })

  on('frames come back in the order of their appends, whatever their sizes', async (log) => {
    const appended: Frame[] = []
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(20),
        fc.oneof(fc.nat(10_000), fc.constantFrom(0, 4047, 4048, 4049, 8144)),
        async (first, more, bytes) => {
          appended.push(frameOf(first, first + more, bytes))
          await append(log, frameOf(first, first + more, bytes))
        },
      ),
      { numRuns: 60 },
    )
    sameFrames(await Array.fromAsync(log.read()), appended)
    const highest = appended.map(({ last }) => Number(last)).reduce((a, b) => Math.max(a, b))
    equal(await log.lastSequence(), BigInt(highest))
  })

  on('a frame larger than any buffer comes back whole, between its neighbours', async (log) => {
    const frames = [frameOf(1), frameOf(2, 9, 3_000_001), frameOf(10)]
    for (const frame of frames) await append(log, frame)
    sameFrames(await Array.fromAsync(log.read()), frames)
  })

  on('`after` leaves out what the reader has', async (log) => {
    const frames = [frameOf(1, 3), frameOf(4, 6), frameOf(7, 9)]
    for (const frame of frames) await append(log, frame)
    deepEqual(await Array.fromAsync(log.read({ after: 3n })), frames.slice(1))
    deepEqual(await Array.fromAsync(log.read({ after: 5n })), frames.slice(1))
    deepEqual(await Array.fromAsync(log.read({ after: 9n })), [])
  })

  on('the same frame twice is two frames', async (log) => {
    await append(log, frameOf(5, 6))
    await append(log, frameOf(5, 6))
    deepEqual(await Array.fromAsync(log.read()), [frameOf(5, 6), frameOf(5, 6)])
  })

  on('the payload is the log’s own from the moment append returns', async (log) => {
    const payload = Buffer.alloc(10, 1) // whose own `slice` copies nothing
    await log.append(payload, { first: 1n, last: 1n })
    payload.fill(2)
    for await (const { frame } of log.read()) {
      deepEqual(frame, new Uint8Array(10).fill(1))
      frame.fill(3)
    }
    deepEqual((await Array.fromAsync(log.read()))[0]?.frame, new Uint8Array(10).fill(1))
  })

  on('a cut keeps everything above it, and never forgets how far the log has come', async (log) => {
    for (let first = 1; first <= 20; first += 1) await append(log, frameOf(first))
    await log.cut(15n)
    const left = (await Array.fromAsync(log.read({ after: 15n }))).map(({ first }) => first)
    deepEqual(left, [16n, 17n, 18n, 19n, 20n])
    await log.cut(20n)
    equal(await log.lastSequence(), 20n)
    await append(log, frameOf(21))
    deepEqual(await Array.fromAsync(log.read({ after: 20n })), [frameOf(21)])
  })
}
