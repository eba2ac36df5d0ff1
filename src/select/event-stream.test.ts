import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import {
  continuationMessage,
  endMessage,
  errorMessage,
  message,
  progressMessage,
  recordsMessage,
} from '#select/event-stream'

interface Read {
  readonly headers: Readonly<Record<string, string>>
  readonly payload: string
}

/** A reader of one message, apart from the writer: lengths, both checks, then what is in it. */
function read(bytes: Uint8Array): Read {
  const buffer = Buffer.from(bytes)
  equal(buffer.readUInt32BE(0), buffer.length)
  equal(buffer.readUInt32BE(8), crc32(buffer.subarray(0, 8)))
  equal(buffer.readUInt32BE(buffer.length - 4), crc32(buffer.subarray(0, -4)))
  const headersEnd = 12 + buffer.readUInt32BE(4)
  const headers: [name: string, value: string][] = []
  for (let at = 12; at < headersEnd; ) {
    const nameEnd = at + 1 + buffer.readUInt8(at)
    equal(buffer.readUInt8(nameEnd), 7)
    const valueEnd = nameEnd + 3 + buffer.readUInt16BE(nameEnd + 1)
    const name = buffer.toString('utf8', at + 1, nameEnd)
    headers.push([name, buffer.toString('utf8', nameEnd + 3, valueEnd)])
    at = valueEnd
  }
  // not by assignment: a header may be called __proto__
  return {
    headers: Object.fromEntries(headers),
    payload: buffer.toString('utf8', headersEnd, buffer.length - 4),
  }
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
test('the end and the continuation are the bytes that S3 sends', () => {
  equal(
    Buffer.from(endMessage()).toString('hex'),
    '0000003800000028c1c684d40d3a6d6573736167652d747970650700056576656e740b3a6576656e742d74797065070003456e64cf97d392',
  )
  equal(
    Buffer.from(continuationMessage()).toString('hex'),
    '00000039000000298ba19df20d3a6d6573736167652d747970650700056576656e740b3a6576656e742d74797065070004436f6e749c864a0d',
  )
})

test('records, statistics and errors say what they are', () => {
  deepEqual(read(recordsMessage(Buffer.from('a,b\n'))), {
    headers: {
      ':message-type': 'event',
      ':event-type': 'Records',
      ':content-type': 'application/octet-stream',
    },
    payload: 'a,b\n',
  })
  deepEqual(read(progressMessage('Stats', { scanned: 3, processed: 20, returned: 1 })), {
    headers: { ':message-type': 'event', ':event-type': 'Stats', ':content-type': 'text/xml' },
    payload:
      '<?xml version="1.0" encoding="UTF-8"?><Stats><BytesScanned>3</BytesScanned><BytesProcessed>20</BytesProcessed><BytesReturned>1</BytesReturned></Stats>',
  })
  deepEqual(read(errorMessage('CastFailed', 'no nümber')).headers, {
    ':message-type': 'error',
    ':error-code': 'CastFailed',
    ':error-message': 'no nümber',
  })
})

test('every message can be read as it was written', () =>
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[!-~]{1,40}$/), fc.string({ unit: 'grapheme' })),
      fc.string({ unit: 'grapheme' }),
      (headers, payload) =>
        deepEqual(read(message(headers, Buffer.from(payload))), {
          headers: { ...headers },
          payload,
        }),
    ),
    { examples: [[Object.fromEntries([['__proto__', '']]), '']] },
  ))
