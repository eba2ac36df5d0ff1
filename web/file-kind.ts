/**
 * What a file is, by its first bytes. A stranger wrote the name and the MIME type, so both only ever choose between kinds that cannot run anything:
 * HTML, SVG and XML are text here, and are shown as their source.
 */

export type FileKind = 'image' | 'video' | 'audio' | 'pdf' | 'markdown' | 'text' | 'other'

export interface Sniffed {
  readonly kind: FileKind
  /** Of these bytes, never what a stranger says. */
  readonly type: string
}

/** So many bytes are looked at. */
export const sniffedBytes = 4096

interface Signature {
  readonly at: number
  readonly text: string
  readonly sniffed: Sniffed
}

const image = (type: string): Sniffed => ({ kind: 'image', type: `image/${type}` })
const video = (type: string): Sniffed => ({ kind: 'video', type: `video/${type}` })
const audio = (type: string): Sniffed => ({ kind: 'audio', type: `audio/${type}` })

/** One character a byte. */
const signatures: readonly Signature[] = [
  { at: 0, text: '\x89PNG\r\n\x1a\n', sniffed: image('png') },
  { at: 0, text: '\xff\xd8\xff', sniffed: image('jpeg') },
  { at: 0, text: 'GIF87a', sniffed: image('gif') },
  { at: 0, text: 'GIF89a', sniffed: image('gif') },
  { at: 8, text: 'WEBP', sniffed: image('webp') },
  { at: 4, text: 'ftypavif', sniffed: image('avif') },
  { at: 4, text: 'ftypavis', sniffed: image('avif') },
  { at: 0, text: '\x00\x00\x01\x00', sniffed: image('x-icon') },
  { at: 0, text: '%PDF-', sniffed: { kind: 'pdf', type: 'application/pdf' } },
  { at: 0, text: '\x1a\x45\xdf\xa3', sniffed: video('webm') },
  { at: 4, text: 'ftypM4A', sniffed: audio('mp4') },
  { at: 4, text: 'ftyp', sniffed: video('mp4') },
  { at: 0, text: 'OggS', sniffed: video('ogg') },
  { at: 8, text: 'WAVE', sniffed: audio('wav') },
  { at: 0, text: 'fLaC', sniffed: audio('flac') },
  { at: 0, text: 'ID3', sniffed: audio('mpeg') },
  { at: 0, text: '\xff\xfb', sniffed: audio('mpeg') },
]

const other: Sniffed = { kind: 'other', type: 'application/octet-stream' }
const text: Sniffed = { kind: 'text', type: 'text/plain;charset=utf-8' }

/** `name` and `mime` are believed to tell Markdown from other text. */
export function sniff(
  first: Uint8Array,
  { name, mime }: { readonly name: string; readonly mime: string | undefined },
): Sniffed {
  const head = Array.from(first.subarray(0, 32), (byte) => String.fromCharCode(byte)).join('')
  const known = signatures.find(({ at, text }) => head.startsWith(text, at))
  if (known !== undefined) return known.sniffed
  if (!isText(first.subarray(0, sniffedBytes))) return other
  return guessKind({ name, mime }) === 'markdown' ? { ...text, kind: 'markdown' } : text
}

/** UTF-8 without controls. A character may be cut at the end. */
function isText(bytes: Uint8Array): boolean {
  try {
    const read = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what tells text from other bytes
    return !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(read)
  } catch {
    return false
  }
}

const byExtension: Readonly<Record<string, FileKind>> = {
  ...kinds('image', 'png jpg jpeg gif webp avif ico'),
  ...kinds('video', 'mp4 m4v webm ogv mov mkv'),
  ...kinds('audio', 'mp3 m4a wav flac oga ogg opus'),
  ...kinds('pdf', 'pdf'),
  ...kinds('markdown', 'md markdown'),
  ...kinds('text', 'txt log csv tsv json toml yaml yml xml html htm svg css js ts rs go py sh c h'),
}

/** What a file probably is, before a byte of it was seen: by the end of its name, or by what its uploader says. */
export function guessKind({
  name,
  mime = '',
}: {
  readonly name: string
  readonly mime: string | undefined
}): FileKind {
  const [, extension = ''] = /\.(\w+)$/.exec(name.toLowerCase()) ?? []
  const known = Object.hasOwn(byExtension, extension) ? byExtension[extension] : undefined
  if (known !== undefined) return known
  const [, family = ''] = /^(\w+)\//.exec(mime) ?? []
  if (family === 'image' && !mime.includes('svg')) return 'image'
  if (family === 'video' || family === 'audio' || family === 'text') {
    return mime === 'text/markdown' ? 'markdown' : family
  }
  return mime === 'application/pdf' ? 'pdf' : 'other'
}

function kinds(kind: FileKind, extensions: string): Readonly<Record<string, FileKind>> {
  return Object.fromEntries(extensions.split(' ').map((extension) => [extension, kind]))
}

/** For people. */
export const kindNames: Readonly<Record<FileKind, string>> = {
  image: 'Image',
  video: 'Video',
  audio: 'Audio',
  pdf: 'PDF document',
  markdown: 'Markdown text',
  text: 'Text',
  other: 'File',
}
