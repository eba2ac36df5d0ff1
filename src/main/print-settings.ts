/** What is in force, as a file of settings that would bring it about again, and where each of it comes from. Secrets are not told. */
import { effectiveSettings, type Given, type Origin, type Settings } from '#main/settings'

export function printSettings<Of extends Settings>(
  settings: Of,
  { given, values }: { readonly given: Given; readonly values: Readonly<Record<string, unknown>> },
): string {
  const lines = effectiveSettings(settings, given).map(({ name, setting, text, label }) => ({
    table: setting.file?.split('.')[0] ?? '',
    line: printLine(setting, { name, text, label, value: values[name] }),
  }))
  const tables = Map.groupBy(lines, ({ table }) => table)
  const isFiled = ([table]: readonly [string, unknown]): boolean => table !== ''
  const filed = [...tables]
    .filter(isFiled)
    .map(([table, of]) => [`[${table}]`, ...of.map(({ line }) => line)].join('\n'))
  const others = tables.get('')?.map(({ line }) => `# ${line}`) ?? []
  return `${[...filed, ['# By flag or variable alone:', ...others].join('\n')].join('\n\n')}\n`
}

function printLine(
  setting: Origin,
  {
    name,
    text,
    label,
    value,
  }: {
    readonly name: string
    readonly text: string | undefined
    readonly label: string
    readonly value: unknown
  },
): string {
  const key = setting.file?.split('.')[1] ?? setting.env ?? name
  const origin = text === undefined ? 'default' : label
  if (text === undefined && value === undefined) return `# ${key} =   # not given`
  const shown = setting.isSecret === true ? '[secret]' : (text ?? printDefault(value))
  const isBare = /^(\d+|true|false)$/.test(shown)
  return `${key} = ${isBare ? shown : JSON.stringify(shown)}   # ${origin}`
}

function printDefault(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'off' : value.map(printDefault).join(',')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.values(value).map(printDefault).join('/')
}
