/** What a form of ours was sent with: `application/x-www-form-urlencoded`, small. */
import { libraryDoorFault } from '#api/library/faults'
import type { HttpRequest } from '#http/message'
import { parseQuery } from '#http/target'
import { gatherShort } from '#stream/gather'

const formBytesMax = 64 * 1024

/** Values of fields that come several times are joined with spaces. `library-door/wrong-type`, `library-door/body-too-large`, `http/malformed-target` */
export async function readForm({
  headers,
  body,
  signal,
}: HttpRequest): Promise<ReadonlyMap<string, string>> {
  const type = headers['content-type'] ?? ''
  const expected = 'application/x-www-form-urlencoded'
  if (body.bytes === 0) return new Map()
  if (!type.toLowerCase().startsWith(expected))
    throw libraryDoorFault('library-door/wrong-type', { expected })
  const isTooLarge = (body.bytes ?? 0) > formBytesMax
  const bytes = isTooLarge ? undefined : await gatherShort(body, formBytesMax, { signal })
  if (bytes === undefined)
    throw libraryDoorFault('library-door/body-too-large', { bytesMax: formBytesMax })
  const pairs = parseQuery(Buffer.from(bytes).toString('latin1'))
  const fields = Map.groupBy(pairs, ({ name }) => name)
  return new Map([...fields].map(([name, of]) => [name, of.map(({ value }) => value).join(' ')]))
}
