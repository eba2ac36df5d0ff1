/** All settings of one call: defaults, then the user's file, then the project's, then the environment, then flags. */
import { join, resolve } from 'node:path'
import { cliFault } from '#cli/faults'
import {
  readProjectConfig,
  readUserConfig,
  timeoutSeconds,
  timeoutSecondsMax,
} from '#cli/mdlibs/configuration'
import { findRoot, manifestName } from '#cli/mdlibs/library-root'
import { originDefault, parseOrigin } from '#cli/mdlibs/origin'
import { type HomeOptions, type Places, placesOf } from '#cli/mdlibs/places'

/** Who says so. */
export type SettingOrigin = 'default' | 'user' | 'project' | 'environment' | 'flag'

export interface Setting<Value> {
  readonly value: Value
  readonly from: SettingOrigin
}

export interface NamedRegistry {
  readonly name: string
  readonly origin: string
  readonly isDefault: boolean
  /** Pinned by hand: base64url. */
  readonly keys: readonly string[]
  readonly from: 'user' | 'project'
}

export interface Settings {
  readonly places: Places
  /** Of the project, if there is one. */
  readonly root: string | undefined
  readonly timeoutMs: Setting<number>
  readonly cafile: Setting<string> | undefined
  /** Where libraries are installed: absolute. */
  readonly libraries: Setting<string>
  readonly registries: readonly NamedRegistry[]
  /** By scope without `@`: names of registries. */
  readonly scopes: { readonly user: ScopeMap; readonly project: ScopeMap }
  /** `MDLIBS_REGISTRY_URL` */
  readonly environmentOrigin: string | undefined
  /** `MDLIBS_TOKEN` */
  readonly environmentToken: string | undefined
  /** What a system that builds says of the build: it is exchanged for a token. `MDLIBS_ID_TOKEN` */
  readonly idToken: string | undefined
  /** Where such a system gives one when it is asked, as GitHub Actions do. */
  readonly idTokenSource: { readonly url: string; readonly token: string } | undefined
  /** Host whose certificate is not to be checked, and that may be spoken to in clear text; `loopback`: any of this machine. */
  readonly insecure: string | undefined
}

type ScopeMap = ReadonlyMap<string, string>

export interface SettingsFlags {
  readonly timeout?: string
  readonly cafile?: string
}

export interface SettingsOptions extends HomeOptions {
  readonly directory: string
  readonly flags: SettingsFlags
}

const timeoutSecondsDefault = 30
const librariesDefault = 'libraries'

/** `mdlibs/mistaken-settings`, `mdlibs/malformed-registry`, `cli/mistaken-usage`, `cli/file-unusable` */
export async function readSettings(options: SettingsOptions): Promise<Settings> {
  const { directory, env, flags } = options
  const places = placesOf(options)
  const root = await findRoot(directory)
  const user = await readUserConfig(places.config)
  const project = await readProjectConfig(join(root ?? directory, manifestName))
  const environmentOrigin = given(env['MDLIBS_REGISTRY_URL'])
  return {
    places,
    root,
    timeoutMs: first<number>(
      [
        ['flag', seconds(flags.timeout, '--timeout')],
        ['environment', seconds(given(env['MDLIBS_TIMEOUT']), 'MDLIBS_TIMEOUT')],
        ['user', user.timeout],
      ],
      timeoutSecondsDefault,
      (value) => value * 1000,
    ),
    cafile: cafileOf(options, { configured: user.cafile, places }),
    libraries: first<string>(
      [
        ['project', project.install.path],
        ['user', user.libraries],
      ],
      librariesDefault,
      (value) => resolve(root ?? directory, value),
    ),
    registries: [
      ...project.registry.map((entry) => named(entry, 'project')),
      ...user.registry.map((entry) => named(entry, 'user')),
    ],
    scopes: { user: user.scopes, project: project.scopes },
    environmentOrigin: environmentOrigin === undefined ? undefined : parseOrigin(environmentOrigin),
    environmentToken: given(env['MDLIBS_TOKEN']),
    idToken: given(env['MDLIBS_ID_TOKEN']),
    idTokenSource: idTokenSourceOf(env),
    insecure: insecureHost(env),
  }
}

/** https://docs.github.com/en/actions/reference/security/oidc */
function idTokenSourceOf(env: SettingsOptions['env']): Settings['idTokenSource'] {
  const url = given(env['ACTIONS_ID_TOKEN_REQUEST_URL'])
  const token = given(env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'])
  return url === undefined || token === undefined ? undefined : { url, token }
}

function named(
  entry: { name: string; url: string; default: boolean; keys: readonly string[] },
  from: NamedRegistry['from'],
): NamedRegistry {
  return { name: entry.name, origin: entry.url, isDefault: entry.default, keys: entry.keys, from }
}

/** The first that is given. */
function first<Value>(
  candidates: readonly (readonly [SettingOrigin, Value | undefined])[],
  standard: Value,
  made: (value: Value) => Value,
): Setting<Value> {
  for (const [from, value] of candidates) {
    if (value !== undefined) return { value: made(value), from }
  }
  return { value: made(standard), from: 'default' }
}

/** From the file that names it, a path is meant relative to that file. */
function cafileOf(
  { directory, env, flags }: SettingsOptions,
  { configured, places }: { configured: string | undefined; places: Places },
): Setting<string> | undefined {
  if (flags.cafile !== undefined) return { value: resolve(directory, flags.cafile), from: 'flag' }
  const environment = given(env['MDLIBS_CAFILE'])
  if (environment !== undefined) {
    return { value: resolve(directory, environment), from: 'environment' }
  }
  if (configured === undefined) return undefined
  return { value: resolve(join(places.config, '..'), configured), from: 'user' }
}

function seconds(text: string | undefined, label: string): number | undefined {
  if (text === undefined) return undefined
  const read = timeoutSeconds.safeParse(/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text)
  if (read.success) return read.data
  const mistakes = `${label} "${text}": expected seconds, up to ${timeoutSecondsMax}`
  throw cliFault('cli/mistaken-usage', { mistakes })
}

/**
 * `MDLIBS_INSECURE=true` is enough for registries of this machine; any other host must be named once more, in `MDLIBS_INSECURE_HOST`.
 * Whoever sits in between reads tokens then.
 */
function insecureHost(env: SettingsOptions['env']): string | undefined {
  const text = given(env['MDLIBS_INSECURE'])
  if (text === undefined || ['false', '0', 'no'].includes(text.toLowerCase())) return undefined
  return given(env['MDLIBS_INSECURE_HOST']) ?? 'loopback'
}

/** An empty variable is none. */
function given(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}

/** What is meant where nothing else is said. A project's default is not one of the user's. */
export function userDefaultOrigin({ registries }: Pick<Settings, 'registries'>): string {
  const own = registries.filter(({ from }) => from === 'user')
  const chosen = own.find(({ isDefault }) => isDefault) ?? own[0]
  return chosen?.origin ?? originDefault
}
