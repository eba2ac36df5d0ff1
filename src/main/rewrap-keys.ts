/** `mycelium keys rewrap`: moves the data keys of a store that is not up to the newest generation. */
import { rewrapSigningKeys } from '#library/rewrap-signing-keys'
import type { GcConfig } from '#main/gc.config'
import { openOffline, type ProgramOptions, requireWitnesses } from '#main/offline'
import { snapshot } from '#main/snapshots'
import { rewrapKeys } from '#store/rewrap'

/** Ends with a snapshot, so that the change log no longer holds the former wrappings. `main/witnesses-missing`: a snapshot retires the former one. */
export async function rewrapDataKeys(options: ProgramOptions<GcConfig>): Promise<void> {
  const { print, stop } = options
  await using store = await openOffline(options, 'mycelium keys rewrap')
  requireWitnesses(store)
  const { sql, changelog, keys, accounts, targets, namedKeys } = store
  const data = await rewrapKeys({ sql, changelog, keyring: keys.keyring }, { signal: stop })
  const secrets = (await accounts.rewrapSecrets()) + (await targets.rewrapSecrets())
  const signing = await rewrapSigningKeys({ changelog, keyring: keys.keyring })
  const moved = data + secrets + signing + (await namedKeys.rewrapMaterials())
  if (moved > 0) await snapshot(store, { signal: stop })
  print(`${moved} data keys are wrapped under generation ${keys.keyring.generation} now.\n`)
}
