/** A small directory tree as one compressed file: `{ path: [mode, base64] }` as JSON, in zstd. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

type Archive = Readonly<Record<string, readonly [mode: number, base64: string]>>

export async function pack(directory: string, file: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const archive: Archive = Object.fromEntries(
    await Promise.all(
      paths.map(async (path): Promise<[string, [number, string]]> => {
        const { mode } = await stat(path)
        const base64 = (await readFile(path)).toString('base64')
        return [relative(directory, path), [mode & 0o777, base64]]
      }),
    ),
  )
  await writeFile(file, zstdCompressSync(JSON.stringify(archive)))
}

/** Directories that were empty are not there. */
export async function unpack(file: string, directory: string): Promise<void> {
  const archive: Archive = JSON.parse(zstdDecompressSync(await readFile(file)).toString())
  for (const [path, [mode, base64]] of Object.entries(archive)) {
    const target = join(directory, path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, Buffer.from(base64, 'base64'))
    await chmod(target, mode)
  }
}
