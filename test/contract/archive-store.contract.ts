/** What every place for archives promises, wherever it keeps them. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { type ArchiveStore, type BlobDigest, parseBlobDigest } from '#library/archive-store'
import { collect } from '#stream/collect'

/** Runs the body with an empty place, and takes it away afterwards. */
export type WithArchives = (body: (archives: ArchiveStore) => Promise<void>) => Promise<void>

const { signal } = new AbortController()
const forEver = Number.MAX_SAFE_INTEGER

/** Each piece is wiped when the next one is pulled, as the HTTP shell may do. */
export async function* piecesOf(
  bytes: Uint8Array,
  pieceBytes = 10_000,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = Uint8Array.from(bytes.subarray(at, at + pieceBytes))
    yield piece
    piece.fill(0xee)
  }
}

function bytesOf(name: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(name).digest()
}

function digestOf(bytes: Uint8Array): BlobDigest {
  return parseBlobDigest(createHash('sha256').update(bytes).digest('hex'))
}

async function listed(archives: ArchiveStore): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { digest, bytes } of archives.list({ signal })) found.push(`${digest} ${bytes}`)
  return found.sort()
}

async function readAll(archives: ArchiveStore, digest: BlobDigest): Promise<Buffer | undefined> {
  const blob = await archives.open(digest, { signal })
  if (blob === undefined) return undefined
  try {
    return Buffer.from(await collect(blob.read(undefined, { signal })))
  } finally {
    blob.release()
  }
}

export function archiveStoreContract(
  name: string,
  withArchives: WithArchives,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  const check = (law: string, body: (archives: ArchiveStore) => Promise<void>): void => {
    test(law, () => withArchives(body))
  }
  describe(name, { skip }, () => {
    check('what came is there under its digest, whole and in parts', async (archives) => {
      for (const length of [1, 70_000, 300_000]) {
        const bytes = bytesOf(`${length}`, length)
        const stored = await archives.store(piecesOf(bytes), { signal })
        deepEqual(stored, { digest: digestOf(bytes), bytes: length })
        deepEqual(await readAll(archives, stored.digest), bytes)
        const blob = await archives.open(stored.digest, { signal })
        equal(blob?.bytes, length)
        const last = Math.min(length, 65_540) - 1
        for (const range of [
          { first: 0, last: 0 },
          { first: last >> 1, last },
        ]) {
          const part = await collect(blob?.read(range, { signal }) ?? piecesOf(bytes))
          deepEqual(Buffer.from(part), bytes.subarray(range.first, range.last + 1))
        }
        blob?.release()
        blob?.release()
      }
      equal((await listed(archives)).length, 3)
      equal(await archives.open(digestOf(bytesOf('absent', 5)), { signal }), undefined)
    })

    check('whoever stops reading early leaves it as it is', async (archives) => {
      const bytes = bytesOf('early', 400_000)
      const { digest } = await archives.store(piecesOf(bytes), { signal })
      const blob = await archives.open(digest, { signal })
      for await (const piece of blob?.read(undefined, { signal }) ?? []) {
        ok(piece.length > 0)
        break
      }
      blob?.release()
      deepEqual(await readAll(archives, digest), bytes)
    })

    check('what is not admitted, or does not come whole, is not there', async (archives) => {
      const bytes = bytesOf('refused', 50_000)
      const asked: string[] = []
      const refuse = async ({ digest }: { readonly digest: BlobDigest }): Promise<void> => {
        asked.push(digest)
        throw new Error('not this one')
      }
      await rejects(archives.store(piecesOf(bytes), { admit: refuse, signal }), /not this one/)
      deepEqual(asked, [digestOf(bytes)])
      const broken = async function* () {
        yield* piecesOf(bytes)
        throw new Error('the line went dead')
      }
      await rejects(archives.store(broken(), { signal }), /the line went dead/)
      const stop = new AbortController()
      const stopping = async function* () {
        yield bytes.subarray(0, 100)
        stop.abort(new Error('enough'))
        yield bytes.subarray(100)
      }
      await rejects(archives.store(stopping(), { signal: stop.signal }), /./)
      deepEqual(await listed(archives), [])
      equal(await archives.sweepTemporary(forEver, { signal }), 0)
    })

    check('the same bytes rest once, and their time begins anew', async (archives) => {
      const bytes = bytesOf('twice', 20_000)
      const both = await Promise.all([
        archives.store(piecesOf(bytes), { signal }),
        archives.store(piecesOf(bytes, 333), { signal }),
      ])
      equal(both[0].digest, both[1].digest)
      const storedAt = async (): Promise<number> => {
        for await (const blob of archives.list({ signal })) return blob.storedAt
        return 0
      }
      const first = await storedAt()
      equal(await archives.remove(both[0].digest, { storedBefore: first, signal }), false)
      await archives.store(piecesOf(bytes), { signal })
      ok((await storedAt()) >= first)
      deepEqual(await readAll(archives, both[0].digest), bytes)
      deepEqual(await listed(archives), [`${both[0].digest} 20000`])
    })

    check('what is removed is gone, once', async (archives) => {
      const { digest } = await archives.store(piecesOf(bytesOf('gone', 2_000)), { signal })
      const { digest: kept } = await archives.store(piecesOf(bytesOf('kept', 2_000)), { signal })
      equal(await archives.remove(digest, { storedBefore: forEver, signal }), true)
      equal(await archives.remove(digest, { storedBefore: forEver, signal }), false)
      equal(await readAll(archives, digest), undefined)
      deepEqual(await listed(archives), [`${kept} 2000`])
    })

    check('it says that it is well', (archives) => archives.check({ signal }))
  })
}
