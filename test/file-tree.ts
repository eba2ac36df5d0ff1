/** Trees of files that clients carry to the store and back. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { bytesOf } from './s3-bucket.ts'

/** Sizes by path; the content is made from the path. */
export async function plantTree(
  root: string,
  files: Readonly<Record<string, number>>,
): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), bytesOf(path, bytes))
  }
}

/** SHA-256 by path, sorted. */
export async function readTree(root: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const hashes = await Promise.all(
    paths.map(async (path): Promise<readonly [string, string]> => {
      const hash = createHash('sha256').update(await readFile(path))
      return [relative(root, path), hash.digest('hex')]
    }),
  )
  return Object.fromEntries(hashes.sort(([one], [other]) => (one < other ? -1 : 1)))
}
