/** Files with tokens: those of uploaders, which somebody changes while the registry is up, and our own for backends. */
import { readFile } from 'node:fs/promises'
import { parseRegistryTokens, type RegistryTokens } from '#content/registry-tokens'
import { type BackendLogins, parseBackendLogins } from '#content/shard-backends'
import { isFault } from '#fault/fault'
import { reasonOf } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { follow } from '#main/follow'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What it holds, from now on until the signal; while it cannot be used, what it held before. At the start `main/file-unusable`. */
export async function followTokens(
  path: string,
  {
    world,
    telemetry,
    signal,
  }: {
    readonly world: World
    readonly telemetry: Pick<Telemetry, 'note'>
    readonly signal: AbortSignal
  },
): Promise<() => RegistryTokens> {
  let tokens = await readTokens(path)
  void follow({
    read: () => readTokens(path),
    shown: tokens,
    isSame: () => false, // to take the same again changes nothing
    take: (next) => {
      tokens = next
    },
    onTrouble: (reason) => telemetry.note('warn', 'tokens cannot be read', { path, reason }),
    world,
    signal,
  })
  return () => tokens
}

async function readTokens(path: string): Promise<RegistryTokens> {
  const expected = 'a name, rights and the SHA-256 of a token'
  return await readLines(path, { parse: parseRegistryTokens, expected, flag: '--tokens' })
}

/** `main/file-unusable` */
export async function readLogins(path: string): Promise<BackendLogins> {
  const expected = 'a label, "token" or "private-key", and that'
  return await readLines(path, { parse: parseBackendLogins, expected, flag: '--backend-logins' })
}

async function readLines<Content>(
  path: string,
  {
    parse,
    expected,
    flag,
  }: {
    readonly parse: (text: string) => Content
    readonly expected: string
    readonly flag: string
  },
): Promise<Content> {
  try {
    return parse(await readFile(path, 'utf8'))
  } catch (cause) {
    const reason = isFault(cause, 'content/malformed-tokens')
      ? `line ${cause.detail['line']} is not ${expected}`
      : reasonOf(cause)
    throw mainFault('main/file-unusable', { path, reason, flag }, cause)
  }
}
