/**
 * How threads tell each other of bytes that lie in the memory they share: by where. A view would arrive as another object over the same memory, in
 * which a kernel does not find its own again, and which the collector counts as so many megabytes more.
 */
import { strict as assert } from 'node:assert'

class ToldPlace {
  /** Classes do not pass from thread to thread; what they hold does. */
  readonly sharedAt: number
  readonly sharedBytes: number

  constructor({ byteOffset, length }: Uint8Array) {
    this.sharedAt = byteOffset
    this.sharedBytes = length
  }
}

/** The message with places instead of views of the memory. */
export function told(message: unknown, memory: WebAssembly.Memory): unknown {
  return mapped(message, (value) =>
    value instanceof Uint8Array && value.buffer === memory.buffer
      ? new ToldPlace(value)
      : undefined,
  )
}

/** As it was before it was told. */
export function heard(message: unknown, memory: WebAssembly.Memory): unknown {
  return mapped(message, (value) => {
    if (!('sharedAt' in value && 'sharedBytes' in value)) return undefined
    const { sharedAt, sharedBytes } = value
    assert(typeof sharedAt === 'number' && typeof sharedBytes === 'number')
    return new Uint8Array(memory.buffer, sharedAt, sharedBytes)
  })
}

function mapped(value: unknown, change: (value: object) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const changed = change(value)
  if (changed !== undefined) return changed
  if (value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map((part) => mapped(part, change))
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, mapped(part, change)]),
  )
}
