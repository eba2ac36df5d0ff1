/** `mdlibs registry add|list|remove|set-default`: the registries of a user. */
import { cliFault } from '#cli/faults'
import { registryName } from '#cli/mdlibs/configuration'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { isLoopback, originDefault, parseOrigin } from '#cli/mdlibs/origin'
import { chooseRegistry } from '#cli/mdlibs/registry-choice'
import { give, note } from '#cli/mdlibs/say'
import type { NamedRegistry, Settings } from '#cli/mdlibs/settings'
import type { TomlEdit } from '#cli/mdlibs/toml-edit'
import { changeToml } from '#cli/mdlibs/toml-file'

/** The first is the default. `mdlibs/malformed-registry`, `mdlibs/registry-exists`, `cli/mistaken-usage` */
export async function addRegistry(
  context: MdlibsContext,
  { name, url }: { readonly name: string; readonly url: string },
): Promise<void> {
  const settings = await context.settings()
  const origin = parseOrigin(url)
  const read = registryName.safeParse(name)
  if (!read.success) {
    throw cliFault('cli/mistaken-usage', {
      mistakes: `"${name}": ${read.error.issues[0]?.message}`,
    })
  }
  const own = ownRegistries(settings)
  if (own.some((registry) => registry.name === name)) {
    throw mdlibsFault('mdlibs/registry-exists', { name })
  }
  const isDefault = await append(settings, { name, origin })
  if (origin.startsWith('http:') && !isLoopback(origin)) {
    note(
      context,
      `Note: ${origin} is not encrypted, so it will be refused. Use https, or see MDLIBS_INSECURE in docs/use/mdlibs.md.`,
    )
  }
  const lines = [`Added ${name}: ${origin}${isDefault ? ' (default)' : ''}`]
  give(context, { name, url: origin, default: isDefault, config: settings.places.config }, lines)
}

/** Who logs in at an address uses it from now on. */
export async function addUnnamed(context: MdlibsContext, origin: string): Promise<void> {
  const settings = await context.settings()
  if (ownRegistries(settings).some((registry) => registry.origin === origin)) return
  const name = new URL(origin).host.replace(/[^a-z0-9.-]+/gi, '-').replace(/^[^a-z0-9]+/i, '')
  if (ownRegistries(settings).some((registry) => registry.name === name)) return
  const isDefault = await append(settings, { name, origin })
  note(context, `Added the registry ${name}: ${origin}${isDefault ? ' (default)' : ''}`)
}

/** Whether it is the default now, as the first one is. */
async function append(
  settings: Settings,
  { name, origin }: { readonly name: string; readonly origin: string },
): Promise<boolean> {
  const isDefault = ownRegistries(settings).length === 0
  const entry = { name, url: origin, ...(isDefault ? { default: true } : {}) }
  await changeToml(settings.places.config, [{ kind: 'append', name: 'registry', entry }])
  return isDefault
}

export async function listRegistries(context: MdlibsContext): Promise<void> {
  const settings = await context.settings()
  const chosen = chooseRegistry(settings, { named: context.registryFlag() })
  const rows = settings.registries.map(({ name, origin, from }) => ({
    name,
    url: origin,
    default: origin === chosen.origin,
    from,
  }))
  if (rows.length === 0) {
    const lines = [
      `No registries are configured: ${chosen.origin} is used.`,
      'Hint: mdlibs registry add NAME URL',
    ]
    return give(context, { registries: [], default: chosen.origin }, lines)
  }
  const lines = rows.map(
    ({ name, url, default: isDefault, from }) =>
      `${isDefault ? '*' : ' '} ${name}: ${url}${isDefault ? ' (default)' : ''}${from === 'project' ? ' (of this project)' : ''}`,
  )
  const unlisted = rows.some((row) => row.default)
    ? []
    : [
        `* ${chosen.origin} (${chosen.from === 'environment' ? 'MDLIBS_REGISTRY_URL' : chosen.from})`,
      ]
  give(context, { registries: rows, default: chosen.origin }, [
    'Configured registries:',
    ...lines,
    ...unlisted,
  ])
}

/** `mdlibs/unknown-registry` */
export async function removeRegistry(context: MdlibsContext, name: string): Promise<void> {
  const settings = await context.settings()
  const index = indexOf(settings, name)
  const edits: TomlEdit[] = [{ kind: 'remove', name: 'registry', index }]
  for (const [scope, registry] of settings.scopes.user) {
    if (registry !== name) continue
    for (const key of [scope, `@${scope}`]) edits.push({ kind: 'unset', table: ['scopes'], key })
  }
  await changeToml(settings.places.config, edits)
  const hint = 'Its token is kept until you log out there: mdlibs logout --registry URL'
  give(context, { name, removed: true }, [`Removed ${name}. ${hint}`])
}

/** `mdlibs/unknown-registry` */
export async function setDefaultRegistry(context: MdlibsContext, name: string): Promise<void> {
  const settings = await context.settings()
  const chosen = indexOf(settings, name)
  const edits = ownRegistries(settings).map(
    (_, index): TomlEdit =>
      index === chosen
        ? { kind: 'set', table: ['registry', index], key: 'default', value: true }
        : { kind: 'unset', table: ['registry', index], key: 'default' },
  )
  await changeToml(settings.places.config, edits)
  const origin = ownRegistries(settings)[chosen]?.origin ?? originDefault
  give(context, { name, url: origin, default: true }, [`${name} is the default now: ${origin}`])
}

function ownRegistries({ registries }: Settings): readonly NamedRegistry[] {
  return registries.filter(({ from }) => from === 'user')
}

function indexOf(settings: Settings, name: string): number {
  const index = ownRegistries(settings).findIndex((registry) => registry.name === name)
  if (index < 0) throw mdlibsFault('mdlibs/unknown-registry', { name })
  return index
}
