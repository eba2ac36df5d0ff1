/** The change that writes the table of named keys, as it stands in the change log. docs/formats/kms.md */
import { fromBase64url, toBase64url } from '#bytes/text'
import type { ChangeBody } from '#changelog/change'
import type { WrappedKey } from '#keyring/keyring'
import type { SqlRow } from '#sql/sql'

export type KmsChange = ChangeBody & { readonly kind: 'kms/key-put' } & NamedKeyJson

export interface NamedKeyJson {
  readonly id: string
  readonly state: 'enabled' | 'disabled'
  readonly description?: string
  /** Of all keys it is the one for who names none. */
  readonly isDefault?: true
  /** By version, which counts from 1: what is wrapped under older ones stays so. */
  readonly materials: readonly MaterialJson[]
}

/** When it was made (ms since 1970), and 256 random bits under that generation key. */
export type MaterialJson = readonly [at: number, generation: number, wrapped: string]

export interface Material {
  readonly at: number
  readonly generation: number
  readonly wrapped: WrappedKey
}

/** `sequence` and `at` are those of the change that made it; later changes of it keep them. */
export interface NamedKeyRow extends SqlRow {
  readonly id: string
  readonly state: string
  readonly description: string | null
  readonly is_default: number
  readonly materials: string
  /** The least of the materials' generations: what is to be wrapped anew is found by it. */
  readonly generation: number
  readonly sequence: number
  readonly at: number
}

export function materialsOf({ materials }: NamedKeyRow): readonly Material[] {
  const json: readonly MaterialJson[] = JSON.parse(materials) // put there by us
  return json.map(([at, generation, wrapped]) => ({
    at,
    generation,
    wrapped: fromBase64url(wrapped),
  }))
}

export function materialToJson({ at, generation, wrapped }: Material): MaterialJson {
  return [at, generation, toBase64url(wrapped)]
}

export function namedKeyJson(row: NamedKeyRow): NamedKeyJson {
  return {
    id: row.id,
    state: row.state as NamedKeyJson['state'], // put there by us
    ...(row.description === null ? {} : { description: row.description }),
    ...(row.is_default === 1 ? { isDefault: true } : {}),
    materials: JSON.parse(row.materials), // likewise
  }
}
