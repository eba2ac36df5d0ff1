/** Below this, memory may be shared with others (Node pools small buffers), and is cheaper copied than moved. */
const movedBytesMin = 64 * 1024

/** The memory that a message's large arrays of bytes lie in, each once: to be moved to another thread instead of copied. */
export function buffersOf(message: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  const visit = (value: unknown): void => {
    if (value instanceof Uint8Array) {
      const { buffer } = value
      if (buffer instanceof ArrayBuffer && buffer.byteLength >= movedBytesMin) found.add(buffer)
    } else if (typeof value === 'object' && value !== null) {
      for (const part of Object.values(value)) visit(part)
    }
  }
  visit(message)
  return [...found]
}
