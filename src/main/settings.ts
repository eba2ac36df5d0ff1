/** Settings of a program: flags win over the environment, which wins over defaults; every mistake is reported at once. */
import { z } from 'zod'
import { mainFault } from '#main/faults'

/** Where a setting may be given. At least one of both. */
export interface Origin {
  /** In commander's words, e.g. `--nodes <count>`. */
  readonly flag?: string
  /** Or by its place, e.g. `<user>`. */
  readonly argument?: string
  readonly env?: string
  /** In a file of settings, its table and name, e.g. `server.port`. */
  readonly file?: string
  readonly help?: string
  /** Its value is never shown, not even a wrong one. */
  readonly isSecret?: boolean
}

/** A name, where it comes from, and what text is good for it. `undefined` text means: not given. */
export interface Setting<Value> extends Origin {
  readonly schema: z.ZodType<Value>
}
export type Settings = Readonly<Record<string, Setting<unknown>>>
export type ValuesOf<Of extends Settings> = {
  readonly [Name in keyof Of]: Of[Name] extends Setting<infer Value> ? Value : never
}

/** What the outside world gives a program: parsed flags (by setting name) and the environment. */
export interface Given {
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file?: SettingsFile | undefined
}

/** What a file of settings says, as text, by table and name. */
export interface SettingsFile {
  readonly path: string
  readonly values: ReadonlyMap<string, string>
}

/** A rule over several settings; returns sentences. Values that are mistaken by themselves are missing. */
export type Rule<Of extends Settings> = (values: Partial<ValuesOf<Of>>) => readonly string[]

/** `main/mistaken-settings` with all mistakes, one per line. An empty text counts as not given. */
export function readSettings<Of extends Settings>(
  settings: Of,
  given: Given,
  rules: readonly Rule<Of>[] = [],
): ValuesOf<Of> {
  const values: Record<string, unknown> = {}
  const mistakes: string[] = [...unknownNames(settings, given.file)]
  for (const [name, setting] of Object.entries(settings)) {
    const { text, label } = find(name, setting, given)
    const parsed = setting.schema.safeParse(text)
    if (parsed.success) values[name] = parsed.data
    else mistakes.push(tell(label, text, { setting, error: parsed.error }))
  }
  for (const rule of rules) mistakes.push(...rule(values as Partial<ValuesOf<Of>>)) // filled just above
  if (mistakes.length > 0) {
    throw mainFault('main/mistaken-settings', { mistakes: mistakes.join('\n') })
  }
  return values as ValuesOf<Of> // every setting has parsed
}

/** `nodes` → `--nodes`, as people type it. */
export function flagName({ flag }: Origin): string | undefined {
  return flag?.split(' ')[0]
}

/** What a setting is, and where that comes from: for who asks what is in force. */
export interface EffectiveSetting {
  readonly name: string
  readonly setting: Origin
  /** As given; `undefined` for what is not given. */
  readonly text: string | undefined
  /** As people would look for it: a flag, a variable, a file's name. */
  readonly label: string
}

export function effectiveSettings(settings: Settings, given: Given): readonly EffectiveSetting[] {
  return Object.entries(settings).map(([name, setting]) => ({
    name,
    setting,
    ...find(name, setting, given),
  }))
}

/** Most of them are slips of the pen, and what was meant would not be in force. */
function unknownNames(settings: Settings, file: SettingsFile | undefined): readonly string[] {
  const known = new Set(Object.values(settings).map((setting) => setting.file))
  return [...(file?.values.keys() ?? [])]
    .filter((name) => !known.has(name))
    .map((name) => `${file?.path}: there is no setting ${name}`)
}

function find(
  name: string,
  setting: Origin,
  { flags, env, file }: Given,
): { readonly text: string | undefined; readonly label: string } {
  const flag = flags[name]
  const label = flagName(setting) ?? setting.argument ?? setting.env ?? name
  if (flag !== undefined) return { text: String(flag), label }
  const text = setting.env === undefined ? undefined : env[setting.env]
  if (text !== undefined && text !== '') return { text, label: setting.env ?? label }
  const inFile = setting.file === undefined ? undefined : file?.values.get(setting.file)
  if (inFile === undefined) return { text: undefined, label }
  return { text: inFile, label: `${setting.file} in ${file?.path}` }
}

function tell(
  label: string,
  text: string | undefined,
  { setting, error }: { readonly setting: Origin; readonly error: z.ZodError },
): string {
  const reasons = error.issues.map(({ message }) => message).join('; ')
  if (text === undefined) return `${label}: ${reasons}`
  return setting.isSecret === true ? `${label}: ${reasons}` : `${label} "${text}": ${reasons}`
}

/** A flag without a value, which arrives as `true`. */
export const isGiven = parsedBy(
  (text) => ({ true: true, '1': true, false: false, '0': false })[text],
  'true or false',
).default(false)

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]): z.ZodType<Word> {
  return parsedBy<Word>((text) => words.find((word) => word === text), `one of ${words.join(', ')}`)
}

/** Text that `parse` understands; `undefined` from it means that it does not, and people are told what was expected. */
export function parsedBy<Value>(
  parse: (text: string) => Value | undefined,
  expected: string,
): z.ZodType<Value> {
  return z.string().transform((text, context) => {
    const value = parse(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: `expected ${expected}` })
    return z.NEVER
  })
}
