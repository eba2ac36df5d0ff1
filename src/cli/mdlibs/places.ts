/** Where `mdlibs` keeps files of its user. */
import { join } from 'node:path'

export interface Places {
  /** Written by people and by `mdlibs registry` and `mdlibs config`. */
  readonly config: string
  /** Tokens, by registry. Only their owner may read it. */
  readonly credentials: string
  /** Registries that were agreed to, and their keys. */
  readonly known: string
  /** Archives, by their digests. */
  readonly cache: string
}

export interface HomeOptions {
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
}

/** https://specifications.freedesktop.org/basedir-spec/latest/, and on a Mac where its programs keep theirs. */
export function placesOf({ home, env, platform }: HomeOptions): Places {
  const isMac = platform === 'darwin'
  const configBase =
    env['XDG_CONFIG_HOME'] ||
    join(home, ...(isMac ? ['Library', 'Application Support'] : ['.config']))
  const cacheBase =
    env['XDG_CACHE_HOME'] || join(home, ...(isMac ? ['Library', 'Caches'] : ['.cache']))
  const directory = join(configBase, 'mdlibs')
  return {
    config: join(directory, 'config.toml'),
    credentials: join(directory, 'credentials.toml'),
    known: join(directory, 'known-registries.toml'),
    cache: join(cacheBase, 'mdlibs'),
  }
}
