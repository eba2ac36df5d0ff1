import { incomingBody } from '#api/s3/body'
import type { Call } from '#api/s3/call'
import { malformedXml, s3Fault } from '#api/s3/faults'
import { xmlBytesMax } from '#api/s3/limits'
import { readXml, type XmlElement } from '#api/s3/xml-reader'
import { openDigest } from '#crypto/digest'
import type { DigestAlgorithm } from '#object/model'

/** The request's XML document with that root, held to every checksum the client sent along. */
export async function readXmlBody(call: Call, root: string): Promise<XmlElement> {
  const element = readXml(await readSmallBody(call))
  if (element.name !== root) throw malformedXml(`expected ${root}`)
  return element
}

/** The same for operations whose body may be left out. */
export async function readOptionalXmlBody(
  call: Call,
  root: string,
): Promise<XmlElement | undefined> {
  const hasBody = call.request.body.bytes === undefined || call.request.body.bytes > 0
  return hasBody ? readXmlBody(call, root) : undefined
}

/** Collected, because documents are small by contract. */
export async function readSmallBody(call: Call): Promise<Uint8Array> {
  if (call.request.body.bytes === 0) return new Uint8Array(0)
  const body = incomingBody(call, { bytesMax: xmlBytesMax })
  const algorithms = new Set<DigestAlgorithm>([...body.digests, 'md5'])
  const digests = [...algorithms].map((name) => ({ name, digest: openDigest(name) }))
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body.stream) {
    bytes += piece.length
    for (const { digest } of digests) digest.update(piece)
    pieces.push(Uint8Array.from(piece)) // it is ours only until the next pull
  }
  if (body.bytes !== undefined && body.bytes !== bytes) throw s3Fault('s3/malformed-xml')
  body.verify(Object.fromEntries(digests.map(({ name, digest }) => [name, digest.digest()])))
  return Buffer.concat(pieces)
}
