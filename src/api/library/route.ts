/** What operations on libraries work on, and how what they answer is written: snake_case, times as ISO 8601. */
import { z } from 'zod'
import { type RestRoute, restRoute } from '#api/rest-route'
import type { Libraries } from '#library/libraries'
import { type LibraryRef, parseLibraryName, parseScope } from '#library/name'

export interface LibraryParts {
  readonly libraries: Libraries
  /** Where people reach the server, without a slash at the end; `undefined`: addresses in answers are paths. */
  readonly publicUrl: string | undefined
  /** Of an archive as it comes. */
  readonly archiveBytesMax: number
  /** How many archives come in at a time; others are told to come back. */
  readonly publishing: Slots
}

/** So many at a time. */
export class Slots {
  #free: number

  constructor(most: number) {
    this.#free = most
  }

  /** `undefined` while none is free. */
  async use<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#free === 0) return undefined
    this.#free -= 1
    try {
      return await work()
    } finally {
      this.#free += 1
    }
  }
}

export function libraryRoute<Body = undefined, Query = unknown>(
  route: RestRoute<LibraryParts, Body, Query>,
): RestRoute<LibraryParts> {
  return restRoute(route)
}

/** `@scope` and `scope` are the same. `library/malformed-name` */
export function refOf({
  scope = '',
  name = '',
}: {
  readonly scope?: string
  readonly name?: string
}): LibraryRef {
  return { scope: parseScope(scope), name: parseLibraryName(name) }
}

export function versionRefOf({
  version = '',
  ...names
}: {
  readonly scope?: string
  readonly name?: string
  readonly version?: string
}): LibraryRef & { readonly version: string } {
  return { ...refOf(names), version }
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** A field that is there only where there is something to say. */
export function field<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]: Value }) // just made
}

/** In queries everything is text. */
export function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, `expected a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((number) => number >= least && number <= most, {
      message: `expected a whole number from ${least} to ${most}`,
    })
    .meta({ type: 'integer', minimum: least, maximum: most })
}

/** Without the fields that were left out. */
type Given<Of> = { readonly [Name in keyof Of]: Exclude<Of[Name], undefined> }
export function given<Of extends object>(body: Of): Given<Of> {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined),
  ) as Given<Of> // just filtered
}
