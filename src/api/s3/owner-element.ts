/** How S3 shows somebody. */
import { branch, leaf, type Xml } from '#api/s3/xml-writer'
import type { Owner } from '#identity/principal'

export function ownerElement(owner: Owner): Xml {
  return branch('Owner', ...nameElements(owner))
}

/** Of an upload, whose owner has begun it. */
export function initiatorElement(owner: Owner): Xml {
  return branch('Initiator', ...nameElements(owner))
}

export function nameElements({ id, displayName }: Owner): readonly Xml[] {
  return [leaf('ID', id), leaf('DisplayName', displayName)]
}
