/**
 * A file's content as something to look at. Everything is shown from a blob whose type is of what was sniffed; nothing of it can run: images and films
 * are drawn by the browser, text is text, and a PDF lies in a frame of its own.
 */
import { element, visible } from '#web/dom'
import type { Sniffed } from '#web/file-kind'
import { renderMarkdown } from '#web/markdown-view'
import { sizeText } from '#web/size-text'

/** More of a text makes pages slow. */
const textBytesMax = 512 * 2 ** 10
const markdownBytesMax = 256 * 2 ** 10

/** `undefined`: there is nothing to look at. */
export async function renderPreview(
  blob: Blob,
  { kind, name }: { readonly kind: Sniffed['kind']; readonly name: string },
): Promise<HTMLElement | undefined> {
  switch (kind) {
    case 'image':
      return renderImage(blob, name)
    case 'video':
    case 'audio':
      return renderMedia(blob, { kind, name })
    case 'pdf':
      return renderPdf(blob, name)
    case 'markdown':
      if (blob.size > markdownBytesMax) return await renderText(blob)
      return renderMarkdown(await blob.text())
    case 'text':
      return await renderText(blob)
    case 'other':
      return undefined
  }
}

function renderImage(blob: Blob, name: string): HTMLElement {
  const image = element('img', { src: URL.createObjectURL(blob), alt: visible(name) })
  const figure = element('figure', { class: 'picture' }, image)
  image.addEventListener('error', () => figure.replaceChildren(cannotShow()), { once: true })
  return figure
}

function renderMedia(
  blob: Blob,
  { kind, name }: { readonly kind: 'video' | 'audio'; readonly name: string },
): HTMLElement {
  const src = URL.createObjectURL(blob)
  const media = element(kind, {
    src,
    controls: '',
    preload: 'metadata',
    'aria-label': visible(name),
  })
  const figure = element('figure', { class: kind }, media)
  media.addEventListener('error', () => figure.replaceChildren(cannotShow()), { once: true })
  return figure
}

/** Its type is fixed, so it can only be opened by what the browser shows PDF with, which is closed in itself. */
function renderPdf(blob: Blob, name: string): HTMLElement {
  if (!navigator.pdfViewerEnabled) return cannotShow()
  return element('iframe', {
    class: 'document',
    src: URL.createObjectURL(blob),
    title: visible(name),
  })
}

async function renderText(blob: Blob): Promise<HTMLElement> {
  const text = await blob.slice(0, textBytesMax).text()
  const shown = element('pre', { class: 'text', tabindex: '0' }, text)
  if (blob.size <= textBytesMax) return shown
  const rest = `Shown is the first ${sizeText(textBytesMax)} of ${sizeText(blob.size)}.`
  return element('div', {}, shown, element('p', { class: 'quiet' }, rest))
}

function cannotShow(): HTMLElement {
  return element(
    'p',
    { class: 'quiet' },
    'This browser cannot show it. Save it to open it elsewhere.',
  )
}
