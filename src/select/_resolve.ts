/** Columns: what a path in an expression means for records of a shape. */
import type { Effort } from '#select/effort'
import { selectFault } from '#select/faults'
import type { Row, Shape } from '#select/record'
import type { Name, Step } from '#select/syntax'
import { fromJson, isJsonList, type Json, type Value } from '#select/value'

export type Evaluate = (row: Row) => Value

type Path = readonly [Name, ...Step[]]

/** `select/missing-headers`, `select/ambiguous-name`, `select/invalid-column-index`, `select/invalid-table-alias` */
export function resolve(
  path: Path,
  { shape, alias, effort }: { shape: Shape; alias: string; effort: Effort },
): Evaluate {
  const [first, ...rest] = path
  const isOfSource = !first.isQuoted && first.name.toLowerCase() === alias.toLowerCase()
  if (shape.kind === 'json') {
    const isRecord = isOfSource || (!first.isQuoted && first.name === '_1')
    return resolveJson(isRecord ? rest : path, effort)
  }
  if (shape.kind === 'empty') return () => undefined
  const [name, ...more] = isOfSource && rest.length > 0 ? rest : path
  if (more.length > 0) {
    throw selectFault('select/invalid-table-alias', {
      reason: `There is no ${first.name.slice(0, 40)} in the FROM clause.`,
    })
  }
  if (name?.kind !== 'name') throw selectFault('select/bad-path')
  const index = indexOf(name, shape.header)
  return (row) => (row.kind === 'csv' ? row.fields[index] : undefined)
}

/** A name of the header, or `_1`, `_2`, … */
function indexOf(name: Name, header: readonly string[] | undefined): number {
  const places = (header ?? []).flatMap((field, index) => (isSame(name, field) ? index : []))
  const [place] = places
  if (places.length > 1 && !name.isQuoted) {
    throw selectFault('select/ambiguous-name', {
      reason: `The name ${name.name.slice(0, 40)} stands for several columns; in double quotes its case counts.`,
    })
  }
  if (place !== undefined) return place
  const [, number] = /^_(\d{1,6})$/.exec(name.name) ?? []
  if (number === '0') throw selectFault('select/invalid-column-index')
  if (number !== undefined) return Number(number) - 1
  throw selectFault('select/missing-headers', {
    reason: `There is no column ${name.name.slice(0, 40)}.`,
  })
}

function resolveJson(steps: readonly Step[], effort: Effort): Evaluate {
  if (steps.length === 0) return (row) => (row.kind === 'json' ? fromJson(row.json) : undefined)
  const walks = steps.map((step) =>
    step.kind === 'name' ? byName(step, effort) : byIndex(step.index),
  )
  return (row) => {
    let json = row.kind === 'json' ? row.json : undefined
    for (const walk of walks) json = walk(json)
    return fromJson(json)
  }
}

type Walk = (json: Json | undefined) => Json | undefined

function byIndex(index: number): Walk {
  return (json) => (Array.isArray(json) ? json[index] : undefined)
}

function byName(name: Name, effort: Effort): Walk {
  return (json) => {
    if (json === null || typeof json !== 'object' || isJsonList(json)) return undefined
    if (name.isQuoted) return Object.hasOwn(json, name.name) ? json[name.name] : undefined
    let found: string | undefined
    const keys = Object.keys(json)
    effort.spend(keys.length)
    for (const key of keys) {
      if (!isSame(name, key)) continue
      if (found !== undefined) {
        throw selectFault('select/ambiguous-name', {
          reason: `The name ${name.name.slice(0, 40)} stands for several attributes; in double quotes its case counts.`,
        })
      }
      found = key
    }
    return found === undefined ? undefined : json[found]
  }
}

/** Without double quotes the case of a name does not count. */
export function isSame({ name, isQuoted }: Name, key: string): boolean {
  if (name === key) return true
  return !isQuoted && name.length === key.length && name.toLowerCase() === key.toLowerCase()
}
