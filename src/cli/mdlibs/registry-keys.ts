/** Whose signatures are believed: keys that somebody has pinned, or those that a registry was first met with. */
import { fromBase64url, toBase64url } from '#bytes/text'
import { keyList, type VersionFacts } from '#cli/mdlibs/answers'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { keepKeys, readKnown } from '#cli/mdlibs/known-registries'
import { openRegistry } from '#cli/mdlibs/open-registry'
import type { RegistryApi } from '#cli/mdlibs/registry-api'
import { give, note } from '#cli/mdlibs/say'
import { parseLibraryName, parseScope } from '#library/name'
import { isSignedBy, type RegistryKey, registryKeyId } from '#library/registry-signature'
import { parseDigest } from '#library/tree-digest'
import { parseVersion } from '#library/version'

/** What a registry says itself, and whom its users believe. */
export interface TrustedKeys {
  readonly keys: readonly RegistryKey[]
  /** By hand, in settings: then nothing that the registry says changes it. */
  readonly isPinned: boolean
}

/** Of a registry that is met for the first time, its keys are kept: another one later is told. */
export async function trustedKeys(context: MdlibsContext, api: RegistryApi): Promise<TrustedKeys> {
  return await keysFor(context, { origin: api.origin, meet: () => askKeys(api) })
}

/** The same, where `meet` says which keys it has: it is asked only at the first time. */
export async function keysFor(
  context: MdlibsContext,
  { origin, meet }: { readonly origin: string; readonly meet: () => Promise<readonly string[]> },
): Promise<TrustedKeys> {
  const { registries, places } = await context.settings()
  const named = registries.filter((one) => one.origin === origin)
  for (const from of ['user', 'project'] as const) {
    const pinned = named.filter((one) => one.from === from).flatMap(({ keys }) => keys)
    if (pinned.length > 0) return { keys: pinned.map(activeKey), isPinned: true }
  }
  const known = (await readKnown(places, origin)).keys
  if (known.length > 0) return { keys: known.map(activeKey), isPinned: false }
  const met = await meet()
  if (met.length > 0) {
    await keepKeys(places, origin, met)
    note(context, `Note: from now on, ${origin} is known by its key ${met.map(idOf).join(', ')}.`)
  } else note(context, `Note: ${origin} does not sign what it has.`)
  return { keys: met.map(activeKey), isPinned: false }
}

/** As settings have them: base64url. */
export function publicKeysOf({ keys }: TrustedKeys): readonly string[] {
  return keys.map(({ publicKey }) => toBase64url(publicKey))
}

/** What is signed, and with what. */
export type SignedFacts = Pick<
  VersionFacts,
  'scope' | 'name' | 'version' | 'checksum' | 'signature'
>

/** `mdlibs/not-signed`, `mdlibs/unknown-key`; nothing when the registry has no keys at all. */
export function checkSignature(
  { keys, isPinned }: TrustedKeys,
  facts: SignedFacts,
  { registry }: { readonly registry: string },
): void {
  if (keys.length === 0) return
  const complaint = complaintOf({ keys, isPinned }, facts)
  if (complaint === undefined) return
  if (complaint.kind === 'unknown-key') {
    throw mdlibsFault('mdlibs/unknown-key', { registry, key: complaint.key })
  }
  const library = `@${facts.scope}/${facts.name}@${facts.version}`
  throw mdlibsFault('mdlibs/not-signed', { library, registry, reason: complaint.reason })
}

type Complaint =
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown-key'; readonly key: string }

function complaintOf(
  { keys, isPinned }: TrustedKeys,
  { signature, checksum, ...facts }: SignedFacts,
): Complaint | undefined {
  const digest = parseDigest(checksum)
  if (digest === undefined) return { kind: 'refused', reason: 'its digest is none' }
  if (!signature) return { kind: 'refused', reason: 'it is not signed' }
  const subject = {
    scope: parseScope(facts.scope),
    name: parseLibraryName(facts.name),
    version: parseVersion(facts.version),
    digest,
  }
  const { key_id: key, value } = signature
  if (isSignedBy(keys, subject, { keyId: key, signature: fromBase64url(value) })) return undefined
  if (keys.some(({ keyId }) => keyId === key)) {
    return { kind: 'refused', reason: 'its signature is of something else' }
  }
  if (!isPinned) return { kind: 'unknown-key', key }
  const reason = `it is signed with the key ${key}, which is none of those in your settings`
  return { kind: 'refused', reason }
}

/** `mdlibs registry trust`: takes the keys that the registry has now, after somebody has looked at them. */
export async function trustRegistry(context: MdlibsContext): Promise<void> {
  const api = await openRegistry(context)
  const { places } = await context.settings()
  const known = (await readKnown(places, api.origin)).keys
  const keys = await askKeys(api)
  await keepKeys(places, api.origin, keys)
  const lines = keys.map((key) => `${idOf(key)}  ${key}${known.includes(key) ? '' : '  (new)'}`)
  const facts = keys.map((key) => ({
    key_id: idOf(key),
    public_key: key,
    new: !known.includes(key),
  }))
  give(context, { registry: api.origin, keys: facts }, [`✓ ${api.origin} is known by:`, ...lines])
}

async function askKeys(api: RegistryApi): Promise<readonly string[]> {
  const { keys } = await api.json('/keys', { schema: keyList })
  return keys.map((key) => key.public_key).filter((key) => /^[\w-]{43}$/.test(key))
}

function idOf(publicKey: string): string {
  return registryKeyId(fromBase64url(publicKey))
}

function activeKey(text: string): RegistryKey {
  const publicKey = fromBase64url(text)
  return { keyId: registryKeyId(publicKey), publicKey, state: 'active' }
}
