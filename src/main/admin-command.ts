/** What a command of `mycelium admin` is, and what several of them share. */
import { z } from 'zod'
import { isGiven, type Settings } from '#main/settings'
import { storeSettings } from '#main/store.config'

export type Values = Readonly<Record<string, unknown>>

export interface AdminRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/admin/v1`. */
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
}

export interface AdminCommand {
  readonly group:
    | 'user'
    | 'key'
    | 'group'
    | 'role'
    | 'policy'
    | 'bucket'
    | 'quota'
    | 'target'
    | 'kms'
    | 'audit'
    | 'node'
  readonly name: string
  readonly summary: string
  readonly settings: Settings
  ask(values: Values): AdminRequest
  /** For people; `answer` is the API's, `line` a command of ours as it can be pasted. */
  show(answer: Values, values: Values, line: (args: readonly string[]) => string): string
}

export const text = z.string()
export const optional = text.optional()

export const shared = {
  data: storeSettings.data,
  endpoint: {
    flag: '--endpoint <url>',
    env: 'MYCELIUM_ADMIN_ENDPOINT',
    help: 'where the store answers (default: what the store in --data says)',
    schema: z.url({ protocol: /^https?$/, error: 'expected an http URL' }).optional(),
  },
  json: { flag: '--json', help: 'print what the API answers', schema: isGiven },
}

export const user = { argument: '<user>', help: "the user's name or id", schema: text }
export const accessKey = { argument: '<key>', help: 'the access key id', schema: text }

export const description = {
  flag: '--description <text>',
  help: 'what it is for',
  schema: optional,
}

/** A time with its zone, as the API takes it. */
export const time = z.iso.datetime({
  offset: true,
  error: 'expected a time as 2027-01-01T00:00:00Z',
})

export const seconds = z.coerce.number({ error: 'expected a number' }).int()

/** A name as one segment of a path. */
export function part(name: unknown): string {
  return encodeURIComponent(String(name))
}

export function day(time: unknown): string {
  return String(time).slice(0, 10)
}

export function facts(answer: Values): string {
  const width = Math.max(...Object.keys(answer).map((name) => name.length))
  return Object.entries(answer)
    .map(([name, value]) => `${name.padEnd(width)}  ${tellFact(value)}\n`)
    .join('')
}

/** What belongs together on one line. */
function tellFact(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return value.join(', ')
  return Object.entries(value)
    .map(([name, fact]) => `${name} ${typeof fact === 'object' ? JSON.stringify(fact) : fact}`)
    .join(', ')
}
