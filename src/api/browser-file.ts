/** A file that pages of ours load, under a path that never means another: browsers keep it for a year. */
import type { HttpRequest, HttpResponse } from '#http/message'

export interface BrowserFile {
  readonly type: string
  readonly bytes: Uint8Array
  readonly gzipped: Uint8Array
}

const yearSeconds = 31_536_000

export function answerBrowserFile(
  { headers }: Pick<HttpRequest, 'headers'>,
  file: BrowserFile,
): HttpResponse {
  const isGzipTaken = /\bgzip\b/.test(headers['accept-encoding'] ?? '')
  return {
    status: 200,
    headers: {
      'content-type': file.type,
      'cache-control': `public, max-age=${yearSeconds}, immutable`,
      vary: 'Accept-Encoding',
      ...(isGzipTaken ? { 'content-encoding': 'gzip' } : {}),
    },
    body: isGzipTaken ? file.gzipped : file.bytes,
  }
}
