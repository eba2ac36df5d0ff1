/** Registries that this user has agreed to, and the keys that each was first met with: what `known_hosts` is to ssh. */
import { z } from 'zod'
import { publicKeyText } from '#cli/mdlibs/configuration'
import type { Places } from '#cli/mdlibs/places'
import { changeToml, readToml } from '#cli/mdlibs/toml-file'

const entry = z.looseObject({
  agreed: z.boolean().default(false),
  keys: z.array(publicKeyText).default([]),
})
const file = z.record(z.string(), entry)

export interface KnownRegistry {
  /** That a project may send this user there. */
  readonly isAgreed: boolean
  /** Base64url. */
  readonly keys: readonly string[]
}

/** `mdlibs/mistaken-settings`, `cli/file-unusable` */
export async function readKnown(
  { known: path }: Pick<Places, 'known'>,
  origin: string,
): Promise<KnownRegistry> {
  const all = await readToml(path, file)
  const found = Object.hasOwn(all, origin) ? all[origin] : undefined
  return { isAgreed: found?.agreed ?? false, keys: found?.keys ?? [] }
}

export async function keepAgreement(
  { known }: Pick<Places, 'known'>,
  origin: string,
): Promise<void> {
  await changeToml(known, [{ kind: 'set', table: [origin], key: 'agreed', value: true }])
}

export async function keepKeys(
  { known }: Pick<Places, 'known'>,
  origin: string,
  keys: readonly string[],
): Promise<void> {
  await changeToml(known, [{ kind: 'set', table: [origin], key: 'keys', value: [...keys] }])
}
