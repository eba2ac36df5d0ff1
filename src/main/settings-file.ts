/** A file of settings, in TOML: tables of names, each with a text, a number, true or false, or a list of them. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { reasonOf } from '#main/data-directory'
import { mainFault } from '#main/faults'
import type { Given, Origin, SettingsFile } from '#main/settings'

/** `main/file-unusable` */
export async function readSettingsFile(path: string, flag: string): Promise<SettingsFile> {
  return { path, values: parseSettingsFile(await readText(path, flag), { path, flag }) }
}

export function parseSettingsFile(
  text: string,
  where: { readonly path: string; readonly flag: string },
): SettingsFile['values'] {
  const values = new Map<string, string>()
  for (const [table, names] of Object.entries(parseToml(text, where))) {
    if (!isTable(names)) throw unusable(where, `${table} stands in no table`)
    for (const [name, value] of Object.entries(names))
      values.set(`${table}.${name}`, printValue(value, { ...where, name: `${table}.${name}` }))
  }
  return values
}

function printValue(
  value: unknown,
  where: { readonly path: string; readonly flag: string; readonly name: string },
): string {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map((one) => printValue(one, where)).join(',')
  throw unusable(where, `${where.name} is no text, number, truth value or list of them`)
}

function parseToml(text: string, where: { readonly path: string; readonly flag: string }): object {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw unusable(where, `line ${error.line} is no TOML`)
  }
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function readText(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw mainFault('main/file-unusable', { path, reason: reasonOf(cause), flag }, cause)
  }
}

function unusable(
  { path, flag }: { readonly path: string; readonly flag: string },
  reason: string,
): Error {
  return mainFault('main/file-unusable', { path, reason, flag })
}

/** The one that is named, or `config.toml` of the data directory where there is one. `main/file-unusable` */
export async function findSettingsFile(
  settings: { readonly config: Origin; readonly data: Origin },
  { flags, env }: Given,
): Promise<SettingsFile | undefined> {
  const told = (name: 'config' | 'data'): string | undefined =>
    textOf(flags[name]) ?? textOf(env[settings[name].env ?? ''])
  const named = told('config')
  if (named !== undefined) return await readSettingsFile(named, '--config')
  const path = join(told('data') ?? './data', 'config.toml')
  return existsSync(path) ? await readSettingsFile(path, '--config') : undefined
}

function textOf(given: unknown): string | undefined {
  return given === undefined || given === '' ? undefined : String(given)
}
