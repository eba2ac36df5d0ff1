/** A registry of libraries in this process, on the database that tests are run on: what tests of the domain publish to and ask. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openChangeLog } from '#changelog/open-change-log'
import { deliveryRoom } from '#delivery/tables'
import { openRealDisk } from '#disk/real'
import {
  type Actor,
  everyLibrary,
  type TeamRole,
  type TokenKind,
  type TokenScope,
  tokenScopes,
} from '#identity/actor'
import { createKeyring } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { newMasterKey } from '#keyring/master-key'
import { archiveLimits } from '#library/archive-limits'
import { packArchive } from '#library/archive-writer'
import { directoryArchives } from '#library/directory-archives'
import type { LibraryRef, Published, PublishRequest, Visibility } from '#library/model'
import { parseLibraryRef } from '#library/name'
import { openLibraries } from '#library/open-libraries'
import { defaultRules, type LibraryParts, type RegistryRules } from '#library/parts'
import { defaultScanPolicy } from '#library/scan-policy'
import { libraryRoom } from '#library/tables'
import { openMemoryNode } from '#shard/memory-node'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { openTestDatabase } from '../database.ts'

export const { signal } = new AbortController()

/** People and teams that tests know; everybody else has no handle. */
const handles: ReadonlyMap<string, 'user' | 'team'> = new Map([
  ...['ada', 'mia', 'rita', 'bob', 'eve', 'root'].map((name) => [name, 'user'] as const),
  ['docs-team', 'team'],
  ['others', 'team'],
])

const rooms = [deliveryRoom, libraryRoom]

export async function openRegistry(
  rules: Partial<RegistryRules> = {},
  known: typeof handles = handles,
) {
  const clock = { aheadMs: 0 }
  const system = systemWorld()
  const world = { ...system, now: () => system.now() + clock.aheadMs }
  const directory = await mkdtemp(join(tmpdir(), 'mycelium-libraries-'))
  const master = newMasterKey(world)
  const keyringBytes = createKeyring({ master, world })
  const keyring = openKeyring(keyringBytes, master)
  const sql = await openTestDatabase(world, rooms)
  const node = { id: 'node-01', ...openMemoryNode({ world }), isUp: true }
  const changelog = await openChangeLog({
    ...{ sql, keyring, world, telemetry, rooms },
    nodes: () => [node],
    replicas: () => 1,
    onNodeFailure: () => {},
  })
  const archives = directoryArchives({ disk: openRealDisk(directory), name: directory, world })
  const parts: LibraryParts = {
    ...{ sql, changelog, archives, keyring, world, telemetry },
    scopes: {
      find: async (handle) => {
        const kind = known.get(handle)
        return kind === undefined ? undefined : { kind }
      },
    },
    rules: { ...defaultRules, archiveLimits, scanPolicy: defaultScanPolicy, ...rules },
  }
  const libraries = await openLibraries(parts)
  return {
    libraries,
    parts,
    archives,
    changelog,
    sql,
    keyring,
    keyringBytes,
    master,
    node,
    clock,
    async [Symbol.asyncDispose]() {
      await libraries[Symbol.asyncDispose]()
      await changelog.close()
      await sql.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export type Registry = Awaited<ReturnType<typeof openRegistry>>

export function user(
  handle: string,
  {
    teams = {},
    isAdmin = false,
    kind = 'login',
    scopes = tokenScopes,
    globs = [everyLibrary],
  }: {
    readonly teams?: Readonly<Record<string, TeamRole>>
    readonly isAdmin?: boolean
    readonly kind?: TokenKind
    readonly scopes?: readonly TokenScope[]
    readonly globs?: readonly string[]
  } = {},
): Actor {
  return {
    kind: 'user',
    id: `id-of-${handle}`,
    handle,
    isAdmin,
    teams: new Map(Object.entries(teams)),
    token: { id: 'token', name: 'token', kind, scopes, globs },
  }
}

export const people = {
  ada: user('ada', { teams: { 'docs-team': 'admin' } }),
  mia: user('mia', { teams: { 'docs-team': 'member' } }),
  rita: user('rita', { teams: { 'docs-team': 'reader' } }),
  bob: user('bob'),
  eve: user('eve'),
  root: user('root', { isAdmin: true }),
} as const

export interface Text {
  readonly description?: string
  readonly tags?: readonly string[]
  readonly license?: string
  readonly visibility?: Visibility
  /** By path. */
  readonly files?: Readonly<Record<string, string>>
}

/** An archive as a client packs it. */
export async function archiveOf(
  library: string,
  version: string,
  { description, tags = [], license, visibility, files = {} }: Text = {},
): Promise<Buffer> {
  const { name } = parseLibraryRef(library)
  const lines = [
    '[library]',
    `name = "${name}"`,
    `version = "${version}"`,
    `tags = ${JSON.stringify(tags)}`,
    ...(description === undefined ? [] : [`description = ${JSON.stringify(description)}`]),
    ...(license === undefined ? [] : [`license = "${license}"`]),
    ...(visibility === undefined ? [] : [`visibility = "${visibility}"`]),
  ]
  const all = { 'README.md': `# ${name}\n`, ...files, '.mdlibs.toml': `${lines.join('\n')}\n` }
  const pieces: Uint8Array[] = []
  const packed = packArchive(
    Object.entries(all).map(([path, text]) => ({
      path,
      bytes: Buffer.byteLength(text),
      async *open() {
        yield Buffer.from(text)
      },
    })),
    { signal },
  )
  for await (const piece of packed) pieces.push(Uint8Array.from(piece))
  return Buffer.concat(pieces)
}

export async function* streamOf(bytes: Uint8Array, pieceBytes = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = Uint8Array.from(bytes.subarray(at, at + pieceBytes))
    yield piece
    piece.fill(0xee) // as the HTTP shell may do
  }
}

export function requestOf(
  library: string,
  version: string,
  bytes: Uint8Array,
  more: Partial<PublishRequest> = {},
): PublishRequest {
  const ref: LibraryRef = parseLibraryRef(library)
  return { ...ref, version, body: streamOf(bytes), confirmsPublic: true, signal, ...more }
}

/** `@scope/name@version`; public unless the text says otherwise. */
export async function publishText(
  { libraries }: Pick<Registry, 'libraries'>,
  actor: Actor,
  spec: string,
  { visibility = 'public', ...text }: Text & Partial<PublishRequest> = {},
): Promise<Published> {
  const at = spec.lastIndexOf('@')
  const [library, version] = [spec.slice(0, at), spec.slice(at + 1)]
  const bytes = await archiveOf(library, version, text)
  return await libraries.publish(actor, requestOf(library, version, bytes, { visibility }))
}
