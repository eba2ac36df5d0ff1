/** What documents of rules have in common: ids, prefixes, filters by tags. */
import { invalidArgument, invalidRequest, malformedXml } from '#api/s3/faults'
import { childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { toBase64url } from '#bytes/text'
import { keyBytesMax } from '#object/names'
import type { World } from '#world/world'

/** AWS's limits. */
const rulesMax = 1_000
const idCharactersMax = 255
/** Of an id that is drawn. */
const idBytes = 36

/** Each `Rule`, with an id of its own: a drawn one where none is given. `s3/malformed-xml`, `s3/invalid-argument`, and what `read` throws */
export function readRules<Rule extends { readonly id: string }>(
  document: XmlElement,
  world: Pick<World, 'randomBytes'>,
  read: (element: XmlElement, id: string) => Rule,
): readonly Rule[] {
  const elements = childrenOf(document, 'Rule')
  if (elements.length === 0 || elements.length > rulesMax)
    throw malformedXml(`1 to ${rulesMax} rules`)
  const rules = elements.map((element) => {
    const id = textOf(element, 'ID') || toBase64url(world.randomBytes(idBytes))
    if ([...id].length > idCharactersMax)
      throw invalidArgument('ID', `ID length should not exceed allowed limit of ${idCharactersMax}`)
    return read(element, id)
  })
  if (new Set(rules.map(({ id }) => id)).size < rules.length)
    throw invalidArgument('ID', 'Rule ID must be unique. Found same ID for more than one rule')
  return rules
}

/** `s3/malformed-xml` */
export function readEnabled(element: XmlElement): boolean {
  const status = textOf(element, 'Status')?.trim()
  if (status !== 'Enabled' && status !== 'Disabled') throw malformedXml('Status')
  return status === 'Enabled'
}

export function printEnabled(isEnabled: boolean): 'Enabled' | 'Disabled' {
  return isEnabled ? 'Enabled' : 'Disabled'
}

/** Of keys. `s3/invalid-request` */
export function readPrefix(element: XmlElement): string | undefined {
  const prefix = textOf(element, 'Prefix')
  if (prefix !== undefined && Buffer.byteLength(prefix) > keyBytesMax)
    throw invalidRequest(`The maximum size of a prefix is ${keyBytesMax}.`)
  return prefix
}
