/** The file of tokens, which somebody changes while the registry is up. */
import { readFile } from 'node:fs/promises'
import { parseRegistryTokens, type RegistryTokens } from '#content/registry-tokens'
import { isFault } from '#fault/fault'
import { reasonOf } from '#main/data-directory'
import { mainFault } from '#main/faults'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** How often the file is read again. */
const lookMs = 5_000

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
  const follow = async (): Promise<void> => {
    let trouble = ''
    while (!signal.aborted) {
      await world.sleep(lookMs, { signal }).catch(() => {}) // aborted: that is the end
      if (signal.aborted) return
      try {
        tokens = await readTokens(path)
        trouble = ''
      } catch (error) {
        const reason = isFault(error) ? String(error.detail['reason']) : String(error)
        if (reason !== trouble) telemetry.note('warn', 'tokens cannot be read', { path, reason })
        trouble = reason
      }
    }
  }
  void follow()
  return () => tokens
}

async function readTokens(path: string): Promise<RegistryTokens> {
  try {
    return parseRegistryTokens(await readFile(path, 'utf8'))
  } catch (cause) {
    const reason = isFault(cause, 'content/malformed-tokens')
      ? `line ${cause.detail['line']} is not a name, rights and the SHA-256 of a token`
      : reasonOf(cause)
    throw mainFault('main/file-unusable', { path, reason, flag: '--tokens' }, cause)
  }
}
