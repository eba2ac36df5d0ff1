/**
 * Publishing and downloading a library of 1 MiB, against verdaccio 6 and its tarballs: one client, one after the other, over loopback. Ours checks the
 * archive, scans and indexes its text, signs it and syncs it meanwhile; verdaccio keeps what it gets.
 */
import { createHash } from 'node:crypto'
import { systemWorld } from '#world/system'
import { archiveOf } from '../../test/library/registry.ts'
import { publishPeer, withBoth } from '../library/contestants.ts'
import { ZipfWords } from '../library/corpus.ts'
import { type Publication, publish } from '../library/registry.ts'
import { inTurn, type Row } from '../row.ts'

const world = systemWorld()
const publishesPerRound = 10
const downloadsPerRound = 20
/** Of all rounds: made before the clock runs. */
const publishesMade = 6 * publishesPerRound
const name = 'body'

const publishing: Row = {
  name: 'library-publish',
  unit: '/s',
  better: 'higher',
  must: 1,
  aim: 2,
  measure: () =>
    withBoth(async ({ ours, peer }) => {
      const ourArchives = await makeArchives(publishesMade)
      const peerArchives = ourArchives.values()
      const archives = ourArchives.values()
      const next = (from: Iterator<Publication>): Publication => {
        const { value } = from.next()
        if (value === undefined) throw new Error('more was published than was made')
        return value
      }
      return await inTurn(
        () => rateOf(publishesPerRound, () => publish(ours, next(archives))),
        () => rateOf(publishesPerRound, () => publishPeer(peer, next(peerArchives))),
      )
    }),
}

const downloading: Row = {
  ...publishing,
  name: 'library-install',
  measure: () =>
    withBoth(async ({ ours, peer }) => {
      const [made] = await makeArchives(1)
      if (made === undefined) throw new Error('nothing was made')
      await Promise.all([publish(ours, made), publishPeer(peer, made)])
      const { version } = made
      const ourUrl = `${ours.url}/libraries/bench/${name}/${version}/download`
      const peerUrl = `${peer.url}/@bench/${name}/-/${name}-${version}.tgz`
      return await inTurn(
        () => rateOf(downloadsPerRound, () => downloadFrom(ourUrl, ours)),
        () => rateOf(downloadsPerRound, () => downloadFrom(peerUrl, peer)),
      )
    }),
}

export const libraryPublishRows: readonly Row[] = [publishing, downloading]

async function rateOf(times: number, work: () => Promise<void>): Promise<number> {
  const startedAt = world.monotonic()
  for (let time = 0; time < times; time += 1) await work()
  return (times * 1000) / (world.monotonic() - startedAt)
}

/** Text that is written, not drawn: what packs to a mebibyte is some three times as much. Each version has one page of a hundred written anew. */
async function makeArchives(count: number): Promise<readonly Publication[]> {
  const words = new ZipfWords('library-publish')
  const document = (): string =>
    Array.from({ length: 400 }, () => `${words.words(12).join(' ')}.`).join('\n')
  const pages = Array.from({ length: 100 }, document)
  const made: Publication[] = []
  for (let patch = 1; patch <= count; patch += 1) {
    const version = `1.0.${patch}`
    pages[patch % pages.length] = document()
    const files = Object.fromEntries(
      pages.map((text, n) => [`docs/page-${n}.md`, `# Page ${n}\n\n${text}\n`]),
    )
    made.push({ name, version, archive: await archiveOf(`@bench/${name}`, version, { files }) })
  }
  return made
}

/** As whoever installs it does: all of it, and its digest. */
async function downloadFrom(url: string, { token }: { readonly token: string }): Promise<void> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (response.status !== 200 || response.body === null)
    throw new Error(`${url}: ${response.status}`)
  const hash = createHash('sha256')
  for await (const piece of response.body) hash.update(piece)
  hash.digest()
}
