/** The file that says who may do what at the Hero Redis port: docs/operate/hero-redis.md. */
import { readFile } from 'node:fs/promises'
import { parse, TomlError } from 'smol-toml'
import { z } from 'zod'
import { type DatabaseRange, Rights, type RightsList } from '#api/hero-redis/rights'
import { reasonOf } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { type Following, follow } from '#main/follow'
import { writePrivately } from '#main/private-file'
import { databasesMax } from '#redis/limits'
import type { Telemetry } from '#telemetry/telemetry'

/** What stands in a file that was made because there was none: nobody may do anything yet. */
export const firstRightsFile = `# Who may do what at the Hero Redis port. It is read again when it changes. See docs/operate/hero-redis.md.
# Databases have the numbers 0 to 999: "0", "0-9", "0-9, 500", or "all". write includes read, and admin includes write.

# Everybody, without logging in. Today's readers of links do not log in: they need this.
#[anonymous]
#read = "0-9"

# A secret, for AUTH. Make one with: openssl rand -hex 32
# and its hash with: printf %s THE-SECRET | sha256sum
#[[secret]]
#name = "uploader"
#sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
#write = "0-9"

# An Ed25519 public key, for CHALLENGE and TOKEN.
#[[key]]
#name = "alice"
#public_key = "0000000000000000000000000000000000000000000000000000000000000000"
#admin = "all"
`

const databases = z.string().transform((text, context): readonly DatabaseRange[] => {
  const ranges = parseDatabases(text)
  if (ranges !== undefined) return ranges
  const message = `expected databases from 0 to ${databasesMax - 1} such as "0", "0-9, 500" or "all"`
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

const thirtyTwoBytes = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, 'expected 64 hex digits')
  .transform((text) => Uint8Array.fromHex(text))

const grants = {
  read: databases.optional(),
  write: databases.optional(),
  admin: databases.optional(),
}
const name = z.string().min(1).max(64)
const list = z.strictObject({
  anonymous: z.strictObject({ read: grants.read, write: grants.write }).default({}),
  secret: z.array(z.strictObject({ name, sha256: thirtyTwoBytes, ...grants })).default([]),
  key: z.array(z.strictObject({ name, public_key: thirtyTwoBytes, ...grants })).default([]),
})

/** `main/rights-unusable`, which does not repeat what stands there. */
export function parseRights(text: string, path: string): RightsList {
  const read = list.safeParse(parseToml(text, path))
  if (!read.success) {
    const [issue] = read.error.issues
    const reason = [issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')
    throw mainFault('main/rights-unusable', { path, reason })
  }
  const { anonymous, secret, key } = read.data
  const rights: RightsList = {
    anonymous,
    secrets: secret.map(({ name, sha256, ...grants }) => ({ name, sha256, grants })),
    keys: key.map(({ name, public_key: publicKey, ...grants }) => ({ name, publicKey, grants })),
  }
  requireDistinct(rights, path)
  return rights
}

/** One entry would hide the other. */
function requireDistinct({ secrets, keys }: RightsList, path: string): void {
  const ids = [
    ...secrets.map(({ name, sha256 }) => [name, `secret ${sha256.toHex()}`] as const),
    ...keys.map(({ name, publicKey }) => [name, `key ${publicKey.toHex()}`] as const),
  ]
  const known = new Map<string, string>()
  for (const [name, id] of ids) {
    const former = known.get(id)
    if (former !== undefined) {
      const reason = `${former} and ${name} are the same`
      throw mainFault('main/rights-unusable', { path, reason })
    }
    known.set(id, name)
  }
}

function parseToml(text: string, path: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const reason = `line ${error.line}, column ${error.column}: it is no TOML`
    throw mainFault('main/rights-unusable', { path, reason })
  }
}

/** `0-9, 500`, `all`; `undefined` for anything else. */
function parseDatabases(text: string): readonly DatabaseRange[] | undefined {
  if (text.trim() === 'all') return [{ first: 0, last: databasesMax - 1 }]
  const ranges = text.split(',').map((part): DatabaseRange | undefined => {
    const match = /^(\d{1,3})(?:\s*-\s*(\d{1,3}))?$/.exec(part.trim())
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    return first <= last && last < databasesMax ? { first, last } : undefined
  })
  return ranges.every((range) => range !== undefined) ? ranges : undefined
}

/** What the file says now, and from then on until the signal; makes one where there is none. `main/rights-unusable`, `main/key-file-unusable` */
export async function openRights(
  path: string,
  {
    telemetry,
    ...until
  }: { readonly telemetry: Pick<Telemetry, 'note'> } & Pick<Following<string>, 'world' | 'signal'>,
): Promise<() => Rights> {
  const shown = (await read(path)) ?? (await makeFirst(path))
  let current = new Rights(parseRights(shown, path))
  void follow({
    ...until,
    read: async () => (await read(path)) ?? '',
    shown,
    isSame: (one, other) => one === other,
    take(text) {
      current = new Rights(parseRights(text, path))
      telemetry.note('info', 'rights of the hero redis port renewed', { path })
    },
    onTrouble: (reason) =>
      telemetry.note('warn', 'rights of the hero redis port cannot be used', { reason }),
  })
  return () => current
}

async function makeFirst(path: string): Promise<string> {
  await writePrivately(path, firstRightsFile)
  return firstRightsFile
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined // `readFile` throws nothing else
    throw mainFault('main/rights-unusable', { path, reason: reasonOf(cause) }, cause)
  }
}
