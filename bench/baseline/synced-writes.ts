/**
 * One synced write at a time: what a disk gives to somebody who waits for each 4 KiB. Writes them into a new file beside the benchmark's
 * stores, in place after the first pass, and returns how many there were in a second.
 */
import { constants } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'

const home = new URL('../.data/', import.meta.url)
const writeBytes = 4096
/** The file is written whole before the clock starts, so that no write has to find it room. */
const fileBytes = 4 * 2 ** 20

export async function syncedWritesPerSecond(writes: number): Promise<number> {
  await mkdir(home, { recursive: true })
  const path = new URL('synced-writes', home)
  const { O_CREAT, O_RDWR, O_DSYNC } = constants
  const file = await open(path, O_CREAT | O_RDWR | O_DSYNC)
  try {
    await file.write(Buffer.alloc(fileBytes))
    const page = Buffer.alloc(writeBytes, 'mycelium')
    const startedAt = performance.now()
    for (let index = 0; index < writes; index += 1)
      await file.write(page, 0, writeBytes, (index * writeBytes) % fileBytes)
    return writes / ((performance.now() - startedAt) / 1000)
  } finally {
    await file.close()
    await rm(path)
  }
}
