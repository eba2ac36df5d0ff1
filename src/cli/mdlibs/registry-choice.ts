/** Which registry a command speaks to, and whether it may: what a project says is only followed when its user agrees. Pure. */
import { mdlibsFault } from '#cli/mdlibs/faults'
import { parseOrigin } from '#cli/mdlibs/origin'
import {
  type NamedRegistry,
  type SettingOrigin,
  type Settings,
  userDefaultOrigin,
} from '#cli/mdlibs/settings'

export interface ChosenRegistry {
  readonly origin: string
  /** `lock`: it stands in `mdlibs.lock`. */
  readonly from: SettingOrigin | 'lock'
}

export interface Wish {
  /** A name or an address: `--registry`. */
  readonly named?: string | undefined
  /** Of the library it is about. */
  readonly scope?: string | undefined
}

/** `mdlibs/unknown-registry`, `mdlibs/malformed-registry` */
export function chooseRegistry(settings: Settings, { named, scope }: Wish): ChosenRegistry {
  if (named !== undefined) return chooseNamed(settings, named)
  if (settings.environmentOrigin !== undefined) {
    return { origin: settings.environmentOrigin, from: 'environment' }
  }
  return (
    (scope === undefined ? undefined : chooseByScope(settings, scope)) ?? chooseDefault(settings)
  )
}

/** An address was typed by the user; a name may be one of the project's. */
function chooseNamed(settings: Settings, named: string): ChosenRegistry {
  if (/^https?:/i.test(named)) return { origin: parseOrigin(named), from: 'flag' }
  const registry = findNamed(settings, named)
  if (registry === undefined) throw mdlibsFault('mdlibs/unknown-registry', { name: named })
  return { origin: registry.origin, from: registry.from === 'project' ? 'project' : 'flag' }
}

function chooseByScope(settings: Settings, scope: string): ChosenRegistry | undefined {
  for (const from of ['project', 'user'] as const) {
    const name = settings.scopes[from].get(scope)
    if (name === undefined) continue
    const registry = findNamed(settings, name, from)
    if (registry === undefined) throw mdlibsFault('mdlibs/unknown-registry', { name, scope })
    return { origin: registry.origin, from: registry.from }
  }
  return undefined
}

function chooseDefault(settings: Settings): ChosenRegistry {
  const project = settings.registries.find(({ from, isDefault }) => from === 'project' && isDefault)
  if (project !== undefined) return { origin: project.origin, from: 'project' }
  const origin = userDefaultOrigin(settings)
  const isOwn = settings.registries.some((one) => one.from === 'user' && one.origin === origin)
  return { origin, from: isOwn ? 'user' : 'default' }
}

/** A project's comes first, but not for what the user's own file says. */
function findNamed(
  { registries }: Settings,
  name: string,
  said: 'project' | 'user' = 'project',
): NamedRegistry | undefined {
  const candidates = registries.filter((registry) => registry.name === name)
  const own = candidates.find(({ from }) => from === 'user')
  return said === 'user' ? own : (candidates.find(({ from }) => from === 'project') ?? own)
}

/** Whether somebody has to agree first: the user has never said that it is one of theirs. */
export function needsConsent(settings: Settings, { origin, from }: ChosenRegistry): boolean {
  if (from !== 'project' && from !== 'lock') return false
  const own = settings.registries.filter((registry) => registry.from === 'user')
  return ![
    ...own.map((registry) => registry.origin),
    userDefaultOrigin(settings),
    settings.environmentOrigin,
  ].includes(origin)
}

/**
 * The one registry that a token of the environment is for: the environment's, or the one that was named by flag, or the user's default. What a
 * project says does not count.
 */
export function environmentTokenOrigin(settings: Settings, named: string | undefined): string {
  if (settings.environmentOrigin !== undefined) return settings.environmentOrigin
  if (named === undefined) return userDefaultOrigin(settings)
  const { origin, from } = chooseNamed(settings, named)
  return from === 'flag' ? origin : userDefaultOrigin(settings)
}
