/** What `config.toml` of a user and `.mdlibs.toml` of a project say about registries. */
import { z } from 'zod'
import { parseOrigin } from '#cli/mdlibs/origin'
import { readToml } from '#cli/mdlibs/toml-file'
import { isFault } from '#fault/fault'
import { formatLibraryRef, parseLibraryRef, parseScope } from '#library/name'
import { parseRange } from '#library/range'

export const timeoutSecondsMax = 3600

const origin = z.string().transform((text, context) => {
  try {
    return parseOrigin(text)
  } catch (error) {
    if (!isFault(error)) throw error
    context.addIssue({ code: 'custom', message: String(error.detail['reason']) })
    return z.NEVER
  }
})

/** Short and plain: it is typed, and stands in lists. */
export const registryName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'expected letters, digits, dots, hyphens and underscores')

/** An Ed25519 public key of a registry: 32 bytes, base64url. */
export const publicKeyText = z.string().regex(/^[\w-]{43}$/, 'expected 32 bytes in base64url')

export const timeoutSeconds = z
  .number()
  .gt(0, 'expected more than 0 seconds')
  .lte(timeoutSecondsMax, `expected at most ${timeoutSecondsMax} seconds`)

const registry = z.looseObject({
  name: registryName,
  url: origin,
  default: z.boolean().default(false),
  keys: z.array(publicKeyText).default([]),
})

/** `@acme` or `acme` → the name of a registry. */
const scopes = z.record(z.string(), registryName).transform((table, context) => {
  const names = new Map<string, string>()
  for (const [scope, name] of Object.entries(table)) {
    try {
      names.set(parseScope(scope), name)
    } catch (error) {
      if (!isFault(error)) throw error
      context.addIssue({ code: 'custom', message: `"${scope}" is no scope` })
    }
  }
  return names
})

const shared = {
  registry: z
    .array(registry)
    .default([])
    .superRefine((tables, context) => {
      const names = tables.map(({ name }) => name)
      const twice = names.find((name, index) => names.indexOf(name) !== index)
      if (twice !== undefined) {
        context.addIssue({ code: 'custom', message: `two registries are called "${twice}"` })
      }
    }),
  scopes: scopes.default(new Map()),
}

const user = z.looseObject({
  ...shared,
  timeout: timeoutSeconds.optional(),
  cafile: z.string().min(1).optional(),
  libraries: z.string().min(1).optional(),
})

/** Ranges as written, by `@scope/name`. */
const dependencies = z.record(z.string(), z.string()).transform((table, context) => {
  const ranges = new Map<string, string>()
  for (const [library, range] of Object.entries(table)) {
    try {
      ranges.set(formatLibraryRef(parseLibraryRef(library)), parseRange(range).text)
    } catch (error) {
      if (!isFault(error)) throw error
      const reason = String(error.detail['reason'] ?? 'that is no range of versions')
      context.addIssue({ code: 'custom', message: `${library}: ${reason}` })
    }
  }
  return ranges
})

const project = z.looseObject({
  ...shared,
  dependencies: dependencies.default(new Map()),
  install: z.looseObject({ path: z.string().min(1).optional() }).default({}),
})

export type UserConfig = z.infer<typeof user>
export type ProjectConfig = z.infer<typeof project>

/** `mdlibs/mistaken-settings`, `cli/file-unusable` */
export function readUserConfig(path: string): Promise<UserConfig> {
  return readToml(path, user)
}

/** What is said of the library itself is read elsewhere (`parseManifest`). `mdlibs/mistaken-settings`, `cli/file-unusable` */
export function readProjectConfig(path: string): Promise<ProjectConfig> {
  return readToml(path, project)
}
