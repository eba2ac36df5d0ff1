/** A file: its name, what it is, saving it, looking at it. */
import { button, byId, element, isolated } from '#web/dom'
import { type FileKind, guessKind, kindNames, sniff, sniffedBytes } from '#web/file-kind'
import type { Described, Place, Trouble } from '#web/messages'
import { addNotice, clearErrors } from '#web/notices'
import { renderPreview } from '#web/preview'
import { Progress } from '#web/progress'
import type { Piece, Reader } from '#web/reader'
import * as save from '#web/save'
import { sentenceOf } from '#web/sentences'
import { knownSizeText, sizeText } from '#web/size-text'

type DescribedFile = Extract<Described, { kind: 'file' }>

/** Up to here a preview begins by itself. */
const previewBytesUnasked = 32 * 2 ** 20
/** As much as it makes sense to load before anything is seen. */
const previewBytesMax: Readonly<Record<FileKind, number>> = {
  image: 128 * 2 ** 20,
  video: 2 ** 30,
  audio: 512 * 2 ** 20,
  pdf: 256 * 2 ** 20,
  markdown: 32 * 2 ** 20,
  text: 32 * 2 ** 20,
  other: 0,
}

export function showFile(
  file: DescribedFile,
  { place, reader }: { readonly place: Place; readonly reader: Reader },
): void {
  new FileView(file, place, reader).show()
}

class FileView {
  readonly #file: DescribedFile
  readonly #place: Place
  readonly #reader: Reader
  readonly #kind: FileKind
  readonly #meta = element('p', { class: 'meta' })
  readonly #actions = element('div', { class: 'actions' })
  readonly #stage = element('section', { class: 'stage', 'aria-label': 'Preview' })
  readonly #progress = new Progress()
  /** All of it, once it was loaded to be looked at. */
  #loaded: Blob | undefined
  #told: Trouble = { damaged: 0, missing: 0 }
  #hasFailed = false

  constructor(file: DescribedFile, place: Place, reader: Reader) {
    this.#file = file
    this.#place = place
    this.#reader = reader
    this.#kind = guessKind(file)
  }

  show(): void {
    const { name, size } = this.#file
    document.title = name
    byId('title').replaceChildren(isolated(name))
    this.#describe(this.#kind, knownSizeText(size))
    byId('view').replaceChildren(this.#meta, this.#actions, this.#progress.element, this.#stage)
    this.#offer()
    if (this.#isPreviewed && size.atMost <= previewBytesUnasked) void this.#preview()
  }

  get #isPreviewed(): boolean {
    return this.#kind !== 'other' && this.#file.size.atMost <= previewBytesMax[this.#kind]
  }

  #describe(kind: FileKind, size: string): void {
    this.#meta.replaceChildren(`${kindNames[kind]} · ${size} · decrypted on this device`)
  }

  #offer(): void {
    const saving = button('Save', () => void this.#save())
    saving.className = 'primary'
    const canPreview = this.#isPreviewed && this.#loaded === undefined
    const previewing = canPreview ? [button('Show', () => void this.#preview())] : []
    this.#actions.replaceChildren(saving, ...previewing)
  }

  async #preview(): Promise<void> {
    await this.#during('Decrypting', async (signal) => {
      const blob = await this.#load(signal)
      const first = new Uint8Array(await blob.slice(0, sniffedBytes).arrayBuffer())
      const { kind, type } = sniff(first, this.#file)
      this.#describe(kind, sizeText(blob.size))
      const typed = blob.slice(0, blob.size, type)
      const preview = await renderPreview(typed, { kind, name: this.#file.name })
      const nothing = element('p', { class: 'quiet' }, 'There is no preview for this kind of file.')
      this.#stage.replaceChildren(preview ?? nothing)
      return ''
    })
  }

  async #save(): Promise<void> {
    const { name, size } = this.#file
    if (save.fileNameOf(name) !== name) {
      addNotice(
        'warning',
        'Its name could do harm as that of a file, so it is saved as “download”.',
      )
    }
    if (this.#loaded !== undefined) {
      save.saveBlob(this.#loaded, name)
      return
    }
    if (!save.canWriteFiles()) {
      if (size.atMost > save.blobBytesMax) this.#tellTooLarge()
      else
        await this.#during('Saving', async (signal) => {
          save.saveBlob(await this.#load(signal), name)
          return 'Handed to the browser, which saves it'
        })
      return
    }
    const target = await save.pickFile(name)
    if (target === undefined) return
    await this.#during('Saving', async (signal) => {
      const isWhole = await save.writePieces(target, this.#pieces(signal))
      this.#tellEnd(isWhole)
      return 'Saved'
    })
  }

  #tellTooLarge(): void {
    addNotice(
      'warning',
      `This browser does not let a page write a file, and holds no more than ${sizeText(save.blobBytesMax)} of it. Open the link in Chrome or Edge, or use the command line tool mycdnctl.`,
    )
  }

  /** Blobs of blobs: the browser keeps them where it has room, on the disk if need be. */
  async #load(signal: AbortSignal): Promise<Blob> {
    const parts: Blob[] = []
    const pieces = this.#pieces(signal)
    for (;;) {
      const { value, done } = await pieces.next()
      if (done === true) {
        this.#tellEnd(value)
        this.#loaded = new Blob(parts)
        return this.#loaded
      }
      parts.push(new Blob([value.bytes]))
    }
  }

  /** The file's, and as they pass, how far it is and what was wrong with them. */
  async *#pieces(signal: AbortSignal): AsyncGenerator<Piece, boolean> {
    const { blocks } = this.#file
    this.#told = { damaged: 0, missing: 0 }
    const options = { signal, distrustsCache: this.#hasFailed }
    const pieces = this.#reader.read(this.#place, options)
    let bytes = 0
    for (let done = 1; ; done += 1) {
      const next = await pieces.next()
      if (next.done === true) return next.value
      const { damaged, missing } = next.value.trouble
      bytes += next.value.bytes.length
      this.#told = {
        damaged: this.#told.damaged + damaged,
        missing: this.#told.missing + missing,
      }
      this.#progress.tell(done / blocks, sizeText(bytes))
      yield next.value
    }
  }

  #tellEnd(isWhole: boolean): void {
    const { damaged, missing } = this.#told
    if (damaged > 0) {
      addNotice(
        'warning',
        `${damaged === 1 ? 'A piece' : `${damaged} pieces`} of this file arrived changed and could be replaced by others. What you get is whole.`,
      )
    }
    if (missing > 0) {
      addNotice(
        'note',
        `${missing === 1 ? 'A piece' : `${missing} pieces`} could not be reached; the others were enough.`,
      )
    }
    if (!isWhole) {
      addNotice(
        'warning',
        'Each part of this file is what its uploader encrypted, but together they are not what the uploader said they would be.',
      )
    }
  }

  /** One thing at a time, which the reader can stop; `work` returns a word for its end. */
  async #during(what: string, work: (signal: AbortSignal) => Promise<string>): Promise<void> {
    const stop = new AbortController()
    this.#actions.replaceChildren(button('Stop', () => stop.abort()))
    this.#progress.start(what)
    clearErrors()
    try {
      this.#progress.finish(await work(stop.signal))
    } catch (error) {
      this.#progress.finish(stop.signal.aborted ? 'Stopped' : '')
      if (!stop.signal.aborted) {
        this.#hasFailed = true
        const { title, text } = sentenceOf(error)
        addNotice('error', `${title}. ${text}`)
      }
    } finally {
      this.#offer()
    }
  }
}
