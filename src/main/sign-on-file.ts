/** A file with who vouches for people, and for systems that publish: OpenID Connect, in TOML. */
import { readFile } from 'node:fs/promises'
import { parse, TomlError } from 'smol-toml'
import { z } from 'zod'
import type { AccountSettings } from '#identity/settings'
import { reasonOf } from '#main/data-directory'
import { mainFault } from '#main/faults'

const webAddress = z.url({ protocol: /^https?$/ })
const text = z.string().min(1).max(512)

const provider = z
  .strictObject({
    id: z.string().regex(/^[a-z\d][a-z\d-]{0,31}$/i, 'expected letters, digits and hyphens'),
    name: text,
    url: webAddress,
    client_id: text,
    client_secret: text.optional(),
    scopes: z.array(text).optional(),
    registers: z.boolean().optional(),
  })
  .transform(({ client_id: clientId, client_secret: secret, scopes, registers, ...rest }) => ({
    ...rest,
    clientId,
    ...(secret === undefined ? {} : { secret }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(registers === undefined ? {} : { registers }),
  }))

const issuer = z
  .strictObject({ url: webAddress, audiences: z.array(text).optional() })
  .transform(({ url, audiences }) => ({ url, ...(audiences === undefined ? {} : { audiences }) }))

const document = z.strictObject({
  provider: z.array(provider).default([]),
  issuer: z.array(issuer).default([]),
})

export type SignOnSettings = Pick<AccountSettings, 'providers' | 'issuers'>

/** Nobody, without a file. `main/file-unusable` */
export async function readSignOn(path: string | undefined): Promise<SignOnSettings> {
  if (path === undefined) return { providers: [], issuers: [] }
  const parsed = document.safeParse(parseToml(await readText(path), path))
  if (parsed.success) return { providers: parsed.data.provider, issuers: parsed.data.issuer }
  const [issue] = parsed.error.issues
  throw unusable(path, `${issue?.path.join('.')}: ${issue?.message}`)
}

function parseToml(content: string, path: string): unknown {
  try {
    return parse(content)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw unusable(path, `line ${error.line} is no TOML`)
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw unusable(path, reasonOf(cause), cause)
  }
}

function unusable(path: string, reason: string, cause?: unknown): Error {
  return mainFault('main/file-unusable', { path, reason, flag: '--sign-on' }, cause)
}
