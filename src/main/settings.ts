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
  const mistakes: string[] = []
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

function find(
  name: string,
  setting: Origin,
  { flags, env }: Given,
): { readonly text: string | undefined; readonly label: string } {
  const flag = flags[name]
  const label = flagName(setting) ?? setting.argument ?? setting.env ?? name
  if (flag !== undefined) return { text: String(flag), label }
  const text = setting.env === undefined ? undefined : env[setting.env]
  if (text === undefined || text === '') return { text: undefined, label }
  return { text, label: setting.env ?? label }
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
