import { type Xml, xmlDocument } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

type Headers = HttpResponse['headers']

export function emptyResponse(status: number, headers: Headers = {}): HttpResponse {
  return { status, headers }
}

/** 200 with a document whose root is in S3's namespace. */
export function xmlResponse(
  root: string,
  children: readonly Xml[],
  headers: Headers = {},
): HttpResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', ...headers },
    body: xmlDocument(root, ...children),
  }
}

/** ETags are quoted on the wire. */
export function quoted(etag: string): string {
  return `"${etag}"`
}

/** RFC 9110's date: `Last-Modified`. Seconds. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString()
}

/** `2026-01-01T00:00:00.000Z` */
export function isoDate(ms: number): string {
  return new Date(ms).toISOString()
}

/** When something was made, in documents: whole seconds, as S3 tells them, so that it is the moment that `httpDate` tells of the same thing. */
export function isoSeconds(ms: number): string {
  return isoDate(Math.floor(ms / 1000) * 1000)
}
