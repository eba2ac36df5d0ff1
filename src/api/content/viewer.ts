/**
 * The page behind links, on the hosts of links. What it shows is decrypted in the browser: here are only its own files, the same for every link.
 * It may load nothing from anywhere else, run nothing that was not served from here, and lie in no frame of another page.
 */
import { answerBrowserFile, type BrowserFile } from '#api/browser-file'
import { includesEtag, parseEtags } from '#api/etags'
import { sha256HexOf } from '#crypto/digest'
import type { HttpHandler, HttpRequest, HttpResponse } from '#http/message'
import { parseTarget } from '#http/target'

export interface ViewerFiles {
  readonly page: Uint8Array
  /** By path. What lies under a path never changes. */
  readonly files: ReadonlyMap<string, BrowserFile>
}

const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'", // WebAssembly, not eval
  "worker-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob:", // what was decrypted is shown from blobs
  'media-src blob:',
  'frame-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** On everything from here, workers too, which have policies of their own. */
export const viewerHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
}

const plainText = { 'content-type': 'text/plain; charset=utf-8' }

/** Answers every path. `read` is called when the first of them is asked for. */
export function createViewer(read: () => ViewerFiles): HttpHandler {
  let opened: { readonly viewer: ViewerFiles; readonly etag: string } | undefined
  return async (request) => {
    if (opened === undefined) {
      const viewer = read()
      opened = { viewer, etag: sha256HexOf(viewer.page).slice(0, 32) }
    }
    const { status, headers, ...rest } = answer(request, opened.viewer, opened.etag)
    return { status, headers: { ...viewerHeaders, ...headers }, ...rest }
  }
}

function answer(request: HttpRequest, { page, files }: ViewerFiles, etag: string): HttpResponse {
  const { method, target } = request
  if (method !== 'GET' && method !== 'HEAD') {
    const body = 'Only GET and HEAD are answered here.\n'
    return { status: 405, headers: { ...plainText, allow: 'GET, HEAD' }, body }
  }
  const path = parseTarget(target).rawPath
  if (path === '/') return answerPage(request, { page, etag })
  if (path === '/robots.txt') {
    return { status: 200, headers: plainText, body: 'User-agent: *\nDisallow: /\n' }
  }
  const file = files.get(path)
  if (file === undefined) {
    const body = 'Nothing is here. The page of this link is at /.\n'
    return { status: 404, headers: { ...plainText, 'cache-control': 'no-store' }, body }
  }
  return answerBrowserFile(request, file)
}

/** Asked for anew each time, as it names the files of one version. */
function answerPage(
  { headers }: HttpRequest,
  { page, etag }: { readonly page: Uint8Array; readonly etag: string },
): HttpResponse {
  const kept = { 'cache-control': 'no-cache', etag: `"${etag}"` }
  const known = parseEtags(headers['if-none-match'])
  if (known !== undefined && includesEtag(known, etag)) return { status: 304, headers: kept }
  const type = { 'content-type': 'text/html; charset=utf-8' }
  return { status: 200, headers: { ...type, ...kept }, body: page }
}
