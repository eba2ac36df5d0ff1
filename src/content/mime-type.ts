/** What kind of content a file has: by its first bytes, or by its name. Only types that people meet; everything else is bytes. */

export const unknownMime = 'application/octet-stream'

interface Magic {
  readonly mime: string
  readonly at?: number
  readonly bytes: string
}

/** In hex, the more telling ones first. */
const magics: readonly Magic[] = [
  { mime: 'image/png', bytes: '89504e470d0a1a0a' },
  { mime: 'image/jpeg', bytes: 'ffd8ff' },
  { mime: 'image/gif', bytes: '474946383961' },
  { mime: 'image/gif', bytes: '474946383761' },
  { mime: 'image/webp', at: 8, bytes: '57454250' },
  { mime: 'image/avif', at: 4, bytes: '6674797061766966' },
  { mime: 'image/heic', at: 4, bytes: '6674797068656963' },
  { mime: 'image/tiff', bytes: '49492a00' },
  { mime: 'image/tiff', bytes: '4d4d002a' },
  { mime: 'image/vnd.adobe.photoshop', bytes: '38425053' },
  { mime: 'image/vnd.microsoft.icon', bytes: '00000100' },
  { mime: 'video/quicktime', at: 4, bytes: '6674797071742020' },
  { mime: 'audio/m4a', at: 4, bytes: '667479704d344120' },
  { mime: 'video/mp4', at: 4, bytes: '66747970' },
  { mime: 'video/x-msvideo', at: 8, bytes: '41564920' },
  { mime: 'video/mpeg', bytes: '000001ba' },
  { mime: 'audio/x-wav', at: 8, bytes: '57415645' },
  { mime: 'audio/mpeg', bytes: '494433' },
  { mime: 'audio/mpeg', bytes: 'fffb' },
  { mime: 'audio/ogg', bytes: '4f676753' },
  { mime: 'audio/x-flac', bytes: '664c6143' },
  { mime: 'audio/midi', bytes: '4d546864' },
  { mime: 'application/pdf', bytes: '25504446' },
  { mime: 'application/gzip', bytes: '1f8b' },
  { mime: 'application/x-bzip2', bytes: '425a68' },
  { mime: 'application/x-xz', bytes: 'fd377a585a00' },
  { mime: 'application/zstd', bytes: '28b52ffd' },
  { mime: 'application/x-7z-compressed', bytes: '377abcaf271c' },
  { mime: 'application/vnd.rar', bytes: '526172211a07' },
  { mime: 'application/x-tar', at: 257, bytes: '7573746172' },
  { mime: 'application/x-executable', bytes: '7f454c46' },
  { mime: 'application/wasm', bytes: '0061736d' },
  { mime: 'application/vnd.sqlite3', bytes: '53514c69746520666f726d6174203300' },
  { mime: 'application/font-woff', bytes: '774f4646' },
  { mime: 'application/font-woff', bytes: '774f4632' },
  { mime: 'application/rtf', bytes: '7b5c727466' },
  { mime: 'application/postscript', bytes: '25215053' },
  { mime: 'text/x-shellscript', bytes: '2321' },
]

const matroska = '1a45dfa3'
/** Its doctype stands behind a few sizes. */
const matroskaHeadBytes = 64
const zip = '504b0304'
const headBytes = 512

/** `undefined` when the first bytes say nothing, or only that it is a ZIP, which many types are. */
export function sniffMime(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, headBytes)).toString('hex')
  if (head.startsWith(zip)) return undefined
  if (head.startsWith(matroska)) return matroskaMime(bytes)
  const found = magics.find(({ at = 0, bytes: magic }) => head.startsWith(magic, 2 * at))
  return found?.mime ?? markupMime(bytes)
}

function matroskaMime(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, matroskaHeadBytes)).toString('latin1')
  return head.includes('webm') ? 'video/webm' : 'video/x-matroska'
}

function markupMime(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, headBytes)).toString('latin1').trimStart()
  if (/^<(?:!doctype html|html|head|body)\b/i.test(head)) return 'text/html'
  if (/^<\?xml[^>]*>\s*(?:<!--.*?-->\s*)?<svg\b|^<svg\b/is.test(head)) return 'image/svg+xml'
  return /^<\?xml\b/i.test(head) ? 'text/xml' : undefined
}

const byExtension: Readonly<Record<string, string>> = {
  '7z': 'application/x-7z-compressed',
  aac: 'audio/aac',
  apk: 'application/vnd.android.package-archive',
  avif: 'image/avif',
  bmp: 'image/bmp',
  bz2: 'application/x-bzip2',
  c: 'text/x-c',
  css: 'text/css',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  epub: 'application/epub+zip',
  flac: 'audio/flac',
  gif: 'image/gif',
  go: 'text/x-go',
  gz: 'application/gzip',
  h: 'text/x-c',
  htm: 'text/html',
  html: 'text/html',
  ico: 'image/x-icon',
  ini: 'text/plain',
  iso: 'application/x-iso9660-image',
  jar: 'application/java-archive',
  java: 'text/x-java',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  json: 'application/json',
  log: 'text/plain',
  m4a: 'audio/mp4',
  m4v: 'video/mp4',
  markdown: 'text/markdown',
  md: 'text/markdown',
  mjs: 'text/javascript',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  odp: 'application/vnd.oasis.opendocument.presentation',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odt: 'application/vnd.oasis.opendocument.text',
  oga: 'audio/ogg',
  ogg: 'audio/ogg',
  ogv: 'video/ogg',
  otf: 'font/otf',
  pdf: 'application/pdf',
  png: 'image/png',
  ppt: 'application/vnd.ms-powerpoint',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  ps: 'application/postscript',
  py: 'text/x-python',
  rs: 'text/x-rust',
  rtf: 'application/rtf',
  sh: 'application/x-sh',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  toml: 'text/x-toml',
  ts: 'text/x-typescript',
  tsv: 'text/tab-separated-values',
  ttf: 'font/ttf',
  txt: 'text/plain',
  wasm: 'application/wasm',
  wav: 'audio/wav',
  webm: 'video/webm',
  webp: 'image/webp',
  woff: 'font/woff',
  woff2: 'font/woff2',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xml: 'text/xml',
  xz: 'application/x-xz',
  yaml: 'text/x-yaml',
  yml: 'text/x-yaml',
  zip: 'application/zip',
  zst: 'application/zstd',
}

/** `application/octet-stream` for names that say nothing. */
export function mimeOfName(name: string): string {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return (Object.hasOwn(byExtension, extension) ? byExtension[extension] : undefined) ?? unknownMime
}
