/** Who may upload to a registry, and delete: tokens, of which only hashes are kept. They are long and random, so the hash needs no salt. */
import { contentFault } from '#content/faults'
import { sha256HexOf } from '#crypto/digest'

export const registryRights = ['upload', 'delete'] as const
export type RegistryRight = (typeof registryRights)[number]

export interface RegistryToken {
  readonly name: string
  readonly rights: readonly RegistryRight[]
}

/** By the SHA-256 of the token, in lowercase hex. */
export type RegistryTokens = ReadonlyMap<string, RegistryToken>

/**
 * One token a line: its name, its rights with commas between them, and the SHA-256 of its text in hex; lines that begin with `#` do not
 * count. `content/malformed-tokens` with the line's number.
 */
export function parseRegistryTokens(text: string): RegistryTokens {
  const tokens = new Map<string, RegistryToken>()
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const [, name = '', list = '', hash = ''] =
      /^\s*([\w.@-]{1,64})\s+([a-z,]+)\s+([0-9a-f]{64})\s*$/i.exec(line) ?? []
    const rights = list.split(',').map((word) => registryRights.find((right) => right === word))
    if (hash === '' || rights.includes(undefined))
      throw contentFault('content/malformed-tokens', { line: index + 1 })
    tokens.set(hash.toLowerCase(), { name, rights: rights.filter((right) => right !== undefined) })
  }
  return tokens
}

export function findRegistryToken(
  tokens: RegistryTokens,
  token: string,
): RegistryToken | undefined {
  return tokens.get(sha256HexOf(Buffer.from(token)))
}
