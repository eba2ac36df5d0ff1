/** `mdlibs config list|get|set|unset`: what is set, by whom, and the user's own choice. */
import { cliFault } from '#cli/faults'
import { registryName, timeoutSeconds } from '#cli/mdlibs/configuration'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { give } from '#cli/mdlibs/say'
import type { SettingOrigin, Settings } from '#cli/mdlibs/settings'
import type { TomlEdit } from '#cli/mdlibs/toml-edit'
import { changeToml } from '#cli/mdlibs/toml-file'
import { isFault } from '#fault/fault'
import { parseScope } from '#library/name'

interface Shown {
  readonly key: string
  readonly value: string | number
  readonly from: SettingOrigin
}

export async function listConfig(context: MdlibsContext): Promise<void> {
  const settings = await context.settings()
  const shown = allOf(settings)
  give(
    context,
    { config: settings.places.config, settings: shown },
    shown.map(({ key, value, from }) => `${key} = ${value}  (${from})`),
  )
}

/** `cli/mistaken-usage` */
export async function getConfig(context: MdlibsContext, key: string): Promise<void> {
  const settings = await context.settings()
  const wanted = keyOf(key)
  const found = allOf(settings).find((shown) => shown.key === wanted.shown)
  const { value, from } = found ?? { value: '', from: 'default' }
  give(context, { key: wanted.shown, value, from }, [String(value)])
}

/** `cli/mistaken-usage` */
export async function setConfig(
  context: MdlibsContext,
  { key, value }: { readonly key: string; readonly value: string },
): Promise<void> {
  const { places } = await context.settings()
  const { table, name, shown, parse } = keyOf(key)
  const parsed = parse(value)
  if (parsed === undefined) {
    throw cliFault('cli/mistaken-usage', { mistakes: `${shown}: "${value}" is no value for it.` })
  }
  await changeToml(places.config, [
    ...formerSpellings(table, name),
    { kind: 'set', table, key: name, value: parsed },
  ])
  give(context, { key: shown, value: parsed }, [`${shown} = ${parsed}`])
}

/** `cli/mistaken-usage` */
export async function unsetConfig(context: MdlibsContext, key: string): Promise<void> {
  const { places } = await context.settings()
  const { table, name, shown } = keyOf(key)
  const edits = [...formerSpellings(table, name), { kind: 'unset', table, key: name } as const]
  await changeToml(places.config, edits)
  give(context, { key: shown }, [`${shown} is not set any more.`])
}

interface ConfigKey {
  readonly table: readonly string[]
  readonly name: string
  readonly shown: string
  readonly parse: (text: string) => string | number | undefined
}

const plainKeys: Readonly<Record<string, ConfigKey['parse']>> = {
  timeout: (text) => timeoutSeconds.safeParse(Number(text)).data,
  cafile: (text) => text || undefined,
  libraries: (text) => text || undefined,
}

/** `timeout`, `cafile`, `libraries`, `scopes.@acme`. */
function keyOf(key: string): ConfigKey {
  const plain = Object.hasOwn(plainKeys, key) ? plainKeys[key] : undefined
  if (plain !== undefined) return { table: [], name: key, shown: key, parse: plain }
  const scope = key.startsWith('scopes.') ? scopeOf(key.slice('scopes.'.length)) : undefined
  if (scope === undefined) {
    const mistakes = `There is no setting "${key}": there are timeout, cafile, libraries and scopes.@SCOPE.`
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  const name = `@${scope}`
  const parse = (text: string): string | undefined => registryName.safeParse(text).data
  return { table: ['scopes'], name, shown: `scopes.${name}`, parse }
}

function scopeOf(text: string): string | undefined {
  try {
    return parseScope(text)
  } catch (error) {
    if (isFault(error)) return undefined
    throw error
  }
}

/** A scope may stand in the file without `@`. */
function formerSpellings(table: readonly string[], name: string): readonly TomlEdit[] {
  return name.startsWith('@') ? [{ kind: 'unset', table, key: name.slice(1) }] : []
}

function allOf({ timeoutMs, cafile, libraries, scopes }: Settings): readonly Shown[] {
  const mapped = (['user', 'project'] as const).flatMap((from) =>
    [...scopes[from]].map(([scope, value]) => ({ key: `scopes.@${scope}`, value, from })),
  )
  const effective = new Map(mapped.map((shown) => [shown.key, shown])) // the project's come last
  return [
    { key: 'timeout', value: timeoutMs.value / 1000, from: timeoutMs.from },
    ...(cafile === undefined ? [] : [{ key: 'cafile', ...cafile }]),
    { key: 'libraries', ...libraries },
    ...effective.values(),
  ]
}
