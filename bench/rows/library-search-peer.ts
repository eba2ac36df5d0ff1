/**
 * Search over HTTP in a registry of 5,000 libraries, against verdaccio 6 with 5,000 packages of the same names, descriptions, keywords and readmes: one
 * client, one question after the other, 20 hits each. Ours looks through all texts, verdaccio through names, keywords and descriptions.
 */
import { archiveOf } from '../../test/library/registry.ts'
import { publishPeer, withBoth } from '../library/contestants.ts'
import { ZipfWords } from '../library/corpus.ts'
import { publish } from '../library/registry.ts'
import { inTurn, type Row } from '../row.ts'

const libraries = 5_000
/** Of each at once, while they are filled. */
const publishersAtOnce = 4
const questions = 20

export const librarySearchPeerRow: Row = {
  name: 'library-search-peer',
  unit: '/s',
  better: 'higher',
  measure: () =>
    withBoth(async ({ ours, peer }) => {
      const words = new ZipfWords('library-search-peer')
      const numbers = Array.from({ length: libraries }, (_, n) => n).values()
      const fill = async (): Promise<void> => {
        for (const n of numbers) {
          const name = `${words.word()}-${n}`
          const description = words.words(8).join(' ')
          const keywords = [...new Set(words.words(3))]
          const readme = `# ${name}\n\n${words.words(120).join(' ')}.\n`
          const text = { description, tags: keywords, visibility: 'public' as const }
          const archive = await archiveOf(`@bench/${name}`, '1.0.0', {
            ...text,
            files: { 'README.md': readme },
          })
          const one = { name, version: '1.0.0', description, keywords, readme, archive }
          await Promise.all([publish(ours, one), publishPeer(peer, one)])
        }
      }
      await Promise.all(Array.from({ length: publishersAtOnce }, fill))
      const asked = Array.from({ length: questions }, () => words.word())
      const ask = (address: (word: string) => string) => () => rateOf(asked.map(address))
      return await inTurn(
        ask((word) => `${ours.url}/libraries?q=${word}`),
        ask((word) => `${peer.url}/-/v1/search?text=${word}&size=20`),
      )
    }),
}

interface Answer {
  readonly libraries?: readonly unknown[]
  readonly objects?: readonly unknown[]
}

async function rateOf(urls: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  let hits = 0
  for (const url of urls) {
    const response = await fetch(url)
    const text = await response.text()
    if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text}`)
    const { libraries: ours = [], objects: theirs = [] }: Answer = JSON.parse(text)
    hits += ours.length + theirs.length
  }
  if (hits < urls.length) throw new Error(`${urls[0]}: only ${hits} hits, one by one`)
  return (urls.length * 1000) / (performance.now() - startedAt)
}
