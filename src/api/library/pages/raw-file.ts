/**
 * The bytes of a file that a stranger has published, for browsers: pictures as what they are, texts as text, everything else to be saved. Whatever it says
 * it is, nothing in it can run: its policy puts it into a sandbox without scripts.
 */
import { includesEtag, parseEtags } from '#api/etags'
import type { HttpRequest, HttpResponse } from '#http/message'
import { type FileKind, fileKindOf } from '#library/file-kind'
import type { FileFacts } from '#library/model'

const pictures: ReadonlyMap<string, string> = new Map([
  ['avif', 'image/avif'],
  ['gif', 'image/gif'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
  ['png', 'image/png'],
  ['svg', 'image/svg+xml'],
  ['webp', 'image/webp'],
])
const textKinds: readonly (FileKind | undefined)[] = ['markdown', 'text', 'data', 'script']
const monthSeconds = 2_592_000

export function isPicture(path: string): boolean {
  return pictures.has(suffixOf(path))
}

function suffixOf(path: string): string {
  return /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
}

export function answerRaw(
  { headers }: HttpRequest,
  file: FileFacts & { readonly content: AsyncIterable<Uint8Array> },
): HttpResponse {
  const { path, bytes, digest, content } = file
  const suffix = suffixOf(path)
  const isText = textKinds.includes(fileKindOf(path))
  const type = pictures.get(suffix) ?? (isText ? 'text/plain; charset=utf-8' : undefined)
  const kept = {
    etag: `"${digest}"`,
    'cache-control': `private, max-age=${monthSeconds}`,
    vary: 'Cookie',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  }
  const known = parseEtags(headers['if-none-match'])
  if (known !== undefined && includesEtag(known, digest)) return { status: 304, headers: kept }
  return {
    status: 200,
    headers: {
      ...kept,
      'content-type': type ?? 'application/octet-stream',
      'content-length': bytes,
      ...(type === undefined ? { 'content-disposition': 'attachment' } : {}),
    },
    body: content,
  }
}
