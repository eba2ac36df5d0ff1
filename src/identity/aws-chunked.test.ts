import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fault } from '#fault/fault'
import { AwsChunkedDecoder, type AwsChunkedOptions, decodeAwsChunked } from '#identity/aws-chunked'
import { type ChunkSeed, ChunkSignatures } from '#identity/chunk-signatures'
import { SigningKeys } from '#identity/signing-keys'
import { accessKeyId, secret } from '../../test/example-key.ts'

/** The two uploads of AWS's documentation: 65 KiB of `a` in chunks of 64 KiB, without and with a trailer. */
function documentedSeed(signature: string): ChunkSeed {
  const scope = {
    accessKeyId,
    day: '20130524',
    region: 'us-east-1',
    service: 's3',
  }
  return {
    signingKey: new SigningKeys().derive(secret, scope),
    timestamp: '20130524T000000Z',
    scope: '20130524/us-east-1/s3/aws4_request',
    signature,
  }
}

const decodedBytes = 66_560
const plain = {
  seed: documentedSeed('4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'),
  body: [
    '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n',
    'a'.repeat(65_536),
    '\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n',
    'a'.repeat(1024),
    '\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
  ].join(''),
}
const trailing = {
  seed: documentedSeed('106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e'),
  body: [
    '10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n',
    'a'.repeat(65_536),
    '\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n',
    'a'.repeat(1024),
    '\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n',
    'x-amz-checksum-crc32c:sOO8/Q==\n\r\n',
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
  ].join(''),
}

function options(
  { seed }: { readonly seed: ChunkSeed },
  { hasTrailer }: { readonly hasTrailer: boolean },
): AwsChunkedOptions {
  return { decodedBytes, signatures: new ChunkSignatures(seed), hasTrailer }
}

function decode(
  body: string,
  decoderOptions: AwsChunkedOptions,
): { text: string; trailers: Record<string, string> } {
  const decoder = new AwsChunkedDecoder(decoderOptions)
  const text = Buffer.concat(decoder.push(Buffer.from(body, 'latin1'))).toString('latin1')
  return { text, trailers: Object.fromEntries(decoder.finish()) }
}

function codeOf(body: string, decoderOptions: AwsChunkedOptions): string {
  try {
    decode(body, decoderOptions)
    return 'accepted'
  } catch (error) {
    return (error as Fault).code
  }
}

test('the documented signed upload decodes', () => {
  const { text } = decode(plain.body, options(plain, { hasTrailer: false }))
  equal(text, 'a'.repeat(decodedBytes))
})

test('the documented signed upload with a signed trailer decodes', () => {
  const { text, trailers } = decode(trailing.body, options(trailing, { hasTrailer: true }))
  equal(text, 'a'.repeat(decodedBytes))
  deepEqual(trailers, { 'x-amz-checksum-crc32c': 'sOO8/Q==' })
})

test('a changed byte, signature or order is refused', () => {
  const signed = (body: string) => codeOf(body, options(plain, { hasTrailer: false }))
  equal(signed(plain.body.replace('aa', 'ab')), 'identity/wrong-signature')
  equal(signed(plain.body.replace('=ad80', '=ad81')), 'identity/wrong-signature')
  equal(signed(plain.body.replace('=b6c6', '=b6c7')), 'identity/wrong-signature')
  equal(signed(plain.body.replace(/;chunk-signature=ad80\w+/, '')), 'identity/wrong-signature')
  const trailed = (body: string) => codeOf(body, options(trailing, { hasTrailer: true }))
  equal(trailed(trailing.body.replace('sOO8', 'sOO9')), 'identity/wrong-signature')
  equal(trailed(trailing.body.replace(/x-amz-trailer-sig.*\r\n/, '')), 'identity/wrong-signature')
})

const unsigned: AwsChunkedOptions = { decodedBytes: 5, hasTrailer: true }
const boto = '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n'

test('an unsigned upload with a trailer decodes as boto3 sends it', () => {
  const decoded = decode(boto, unsigned)
  deepEqual(decoded, { text: 'hello', trailers: { 'x-amz-checksum-crc32': 'NhCmhg==' } })
})

const malformed: Readonly<Record<string, readonly [string, string]>> = {
  nothing: ['', 'identity/incomplete-chunks'],
  'an end in a chunk': ['5\r\nhel', 'identity/incomplete-chunks'],
  'an end before the last chunk': ['5\r\nhello\r\n', 'identity/incomplete-chunks'],
  'fewer bytes than stated': ['4\r\nhell\r\n0\r\n\r\n', 'identity/incomplete-chunks'],
  'more bytes than stated': ['6\r\nhello!\r\n0\r\n\r\n', 'identity/incomplete-chunks'],
  'a size beyond any': ['fffffffffffff\r\n', 'identity/malformed-chunk'],
  'a negative size': ['-5\r\nhello\r\n0\r\n\r\n', 'identity/malformed-chunk'],
  'no size': ['\r\n', 'identity/malformed-chunk'],
  'a chunk longer than its size': ['4\r\nhello\r\n0\r\n\r\n', 'identity/malformed-chunk'],
  'an endless header': [`5;${'x'.repeat(1000)}`, 'identity/malformed-chunk'],
  'an endless trailer': [`5\r\nhello\r\n0\r\n${'x'.repeat(5000)}`, 'identity/malformed-chunk'],
  'a trailer that is none': ['5\r\nhello\r\n0\r\nhello\r\n\r\n', 'identity/malformed-trailer'],
  'a line feed alone': ['5\nhello\r\n0\r\n\r\n', 'identity/malformed-chunk'],
}
for (const [what, [body, code]] of Object.entries(malformed)) {
  test(`refused: ${what}`, () => equal(codeOf(body, unsigned), code))
}

test('bytes after the last chunk are refused where no trailer was announced', () => {
  equal(
    codeOf(`${plain.body}x: y\r\n`, options(plain, { hasTrailer: false })),
    'identity/malformed-chunk',
  )
})

test('any cut of the bytes gives the same payload and trailers', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 }),
      fc.array(fc.nat(4000), { maxLength: 30 }),
      async (chunks, cuts) => {
        const payload = Buffer.concat(chunks)
        const framed = Buffer.concat([
          ...chunks.flatMap((chunk) => [
            Buffer.from(`${chunk.length.toString(16)}\r\n`),
            chunk,
            Buffer.from('\r\n'),
          ]),
          Buffer.from('0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'),
        ])
        const bounds = [0, ...cuts.map((cut) => cut % (framed.length + 1)), framed.length]
        bounds.sort((one, other) => one - other)
        const pieces = bounds.slice(1).map((end, index) => framed.subarray(bounds[index], end))
        let trailers: unknown
        const decoded: Uint8Array[] = []
        const stream = decodeAwsChunked(toStream(pieces), {
          decodedBytes: payload.length,
          hasTrailer: true,
          onTrailers: (found) => {
            trailers = Object.fromEntries(found)
          },
        })
        for await (const piece of stream) decoded.push(piece)
        deepEqual(Buffer.concat(decoded), payload)
        deepEqual(trailers, { 'x-amz-checksum-crc32': 'AAAAAA==' })
      },
    ),
    { numRuns: 200 },
  ))

test('no noise is ever taken for a body, and none makes it fail in an unexpected way', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      throws(
        () => decode(Buffer.from(noise).toString('latin1'), { decodedBytes: 7, hasTrailer: true }),
        (error: Fault) => error.code.startsWith('identity/'),
      )
    }),
  ))

async function* toStream(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}
