import { randomFillSync } from 'node:crypto'
import { open } from 'node:fs/promises'

/** Of whole pieces of 16 MiB. */
export async function writeRandomFile(path: string, bytes: number): Promise<void> {
  const piece = Buffer.alloc(2 ** 24)
  await using file = await open(path, 'w')
  for (let at = 0; at < bytes; at += piece.length) await file.write(randomFillSync(piece))
}
