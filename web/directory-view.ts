/** A directory: the names of what is in it, each of which is a link of its own. */
import { formatLink } from '#content/link'
import { button, byId, element, isolated } from '#web/dom'
import { guessKind, kindNames } from '#web/file-kind'
import type { Described, Place } from '#web/messages'
import type { Reader } from '#web/reader'
import { sentenceOf } from '#web/sentences'
import { knownSizeText } from '#web/size-text'

type DescribedDirectory = Extract<Described, { kind: 'directory' }>

/** Names lie in the entries' own manifests: so many are fetched for one page of the list, */
const entriesAtOnce = 200
/** and so many at the same time. */
const requestsAtOnce = 8

interface ViewOptions {
  readonly reader: Reader
  /** Of this page's link: where its entries' links lead too. */
  readonly registry: string
}

export function showDirectory(directory: DescribedDirectory, options: ViewOptions): void {
  const { name, entries } = directory
  document.title = name
  byId('title').replaceChildren(isolated(name))
  const count = entries.length === 1 ? '1 entry' : `${entries.length.toLocaleString('en')} entries`
  const body = element('tbody', {})
  const head = ['Name', 'Kind', 'Size'].map((text) => element('th', { scope: 'col' }, text))
  const table = element(
    'table',
    { class: 'entries' },
    element('caption', { class: 'unseen' }, 'What is in this folder'),
    element('thead', {}, element('tr', {}, ...head)),
    body,
  )
  const more = element('div', { class: 'actions' })
  byId('view').replaceChildren(
    element('p', { class: 'meta' }, `Folder · ${count} · decrypted on this device`),
    entries.length === 0 ? element('p', { class: 'quiet' }, 'It is empty.') : table,
    more,
  )
  const showFrom = async (from: number): Promise<void> => {
    const next = from + entriesAtOnce
    more.replaceChildren()
    await addRows(body, entries.slice(from, next), options)
    const left = entries.length - next
    if (left > 0) more.append(button(`Show more (${left} are left)`, () => void showFrom(next)))
  }
  void showFrom(0)
}

async function addRows(
  body: HTMLElement,
  places: readonly Place[],
  options: ViewOptions,
): Promise<void> {
  const rows = places.map((place) => ({ place, row: waitingRow() }))
  body.append(...rows.map(({ row }) => row))
  const queue = rows.values()
  const work = async (): Promise<void> => {
    for (const { place, row } of queue) row.replaceChildren(...(await cellsOf(place, options)))
  }
  await Promise.all(Array.from({ length: requestsAtOnce }, work))
}

function waitingRow(): HTMLTableRowElement {
  return element('tr', {}, element('td', { colspan: '3', class: 'quiet' }, '…'))
}

async function cellsOf(
  place: Place,
  { reader, registry }: ViewOptions,
): Promise<readonly HTMLElement[]> {
  try {
    const described = await reader.describe(place)
    const href = formatLink({
      hash: Uint8Array.fromHex(place.hash),
      key: place.key === undefined ? undefined : Uint8Array.fromHex(place.key),
      registry,
      form: 'fragment',
    })
    const [kind, size] =
      described.kind === 'directory'
        ? ['Folder', '']
        : [kindNames[guessKind(described)], knownSizeText(described.size)]
    return [
      element('td', {}, element('a', { href }, isolated(described.name))),
      element('td', {}, kind),
      element('td', {}, size),
    ]
  } catch (error) {
    const { title } = sentenceOf(error)
    return [
      element('td', {}, element('code', {}, place.hash)),
      element('td', { colspan: '2', class: 'quiet' }, title),
    ]
  }
}
