/**
 * Messages of `application/vnd.amazon.eventstream`: total and header length and their CRC-32, headers, payload, and the CRC-32 of all before it;
 * numbers big-endian. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
 */
import { digestOf } from '#crypto/digest'

const preludeBytes = 12
const crcBytes = 4
/** Of a header whose value is a string. */
const stringType = 7

export interface Progress {
  /** As they rest, compressed or not. */
  readonly scanned: number
  /** As they were looked at. */
  readonly processed: number
  readonly returned: number
}

export function recordsMessage(payload: Uint8Array): Uint8Array {
  return event('Records', 'application/octet-stream', payload)
}

export function progressMessage(kind: 'Progress' | 'Stats', progress: Progress): Uint8Array {
  const { scanned, processed, returned } = progress
  const counts = `<BytesScanned>${scanned}</BytesScanned><BytesProcessed>${processed}</BytesProcessed><BytesReturned>${returned}</BytesReturned>`
  const document = `<?xml version="1.0" encoding="UTF-8"?><${kind}>${counts}</${kind}>`
  return event(kind, 'text/xml', Buffer.from(document))
}

/** Keeps the connection busy while there is nothing to tell. */
export function continuationMessage(): Uint8Array {
  return message({ ':message-type': 'event', ':event-type': 'Cont' })
}

export function endMessage(): Uint8Array {
  return message({ ':message-type': 'event', ':event-type': 'End' })
}

/** Nothing follows it. */
export function errorMessage(code: string, text: string): Uint8Array {
  return message({ ':message-type': 'error', ':error-code': code, ':error-message': text })
}

function event(type: string, contentType: string, payload: Uint8Array): Uint8Array {
  return message(
    { ':message-type': 'event', ':event-type': type, ':content-type': contentType },
    payload,
  )
}

/** Names are ASCII, values UTF-8 of less than 64 KiB. */
export function message(
  headers: Readonly<Record<string, string>>,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const header = Buffer.concat(
    Object.entries(headers).map(([name, value]) => headerOf(name, value)),
  )
  const bytes = Buffer.alloc(preludeBytes + header.length + payload.length + crcBytes)
  bytes.writeUInt32BE(bytes.length, 0)
  bytes.writeUInt32BE(header.length, 4)
  bytes.set(digestOf(bytes.subarray(0, 8), 'crc32'), 8)
  bytes.set(header, preludeBytes)
  bytes.set(payload, preludeBytes + header.length)
  bytes.set(digestOf(bytes.subarray(0, -crcBytes), 'crc32'), bytes.length - crcBytes)
  return bytes
}

function headerOf(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)]
  const type = Buffer.of(stringType, valueBytes.length >> 8, valueBytes.length & 0xff)
  return Buffer.concat([Buffer.of(nameBytes.length), nameBytes, type, valueBytes])
}
