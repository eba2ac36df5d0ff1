/** A registry of libraries on a real listener in this process: in memory, with archives in a temporary directory; or on a database that several share. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { refuseRequest } from '#api/library/door'
import { type BudgetRules, defaultBudgets, OwnBudgets } from '#api/library/request-budgets'
import { RateLimits } from '#api/rate-limits'
import { openSharedChangeLog } from '#changelog/open-shared-change-log'
import { beginSharedLog } from '#changelog/shared-state'
import { openRealDisk } from '#disk/real'
import { isLoopback } from '#http/peer'
import { openHttpServer } from '#http/server'
import { Accounts } from '#identity/accounts'
import type { UserActor } from '#identity/actor'
import { type AccountSettings, defaultAccountSettings } from '#identity/settings'
import { createKeyring } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { archiveLimits } from '#library/archive-limits'
import { directoryArchives } from '#library/directory-archives'
import { defaultRules, type RegistryRules } from '#library/parts'
import { defaultScanPolicy } from '#library/scan-policy'
import { createLibrariesFront } from '#main/libraries-front'
import { sharedRooms } from '#main/rooms'
import { openLibraryService } from '#main/serve-libraries'
import type { SharedSql } from '#sql/sql'
import { SqliteMemory } from '#sql/sqlite-memory'
import { type RequestEnded, silentTelemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'

export interface ServerOptions {
  /** Of a database that several share; one in memory otherwise. Closed with the server. */
  readonly sql?: SharedSql
  /** Of archives that several share; a temporary one otherwise. */
  readonly directory?: string
  /** That several share. */
  readonly master?: Uint8Array
  readonly rules?: Partial<RegistryRules>
  readonly budgets?: Partial<BudgetRules>
  readonly accounts?: Partial<AccountSettings>
}

export interface AskOptions {
  readonly token?: string | undefined
  /** Sent as JSON. */
  readonly json?: unknown
  readonly body?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly redirect?: 'manual'
}

/** A request that is not answered by then never will be. */
const answerMs = 20_000

/** One at whose door people are known by the tokens that `person` gives them. */
export async function openLibraryServer(options: ServerOptions = {}) {
  const world = systemWorld()
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'mycelium-library-server-')))
  const sql = options.sql ?? new SqliteMemory().open()
  const master = options.master ?? world.randomBytes(32)
  const keyring = openKeyring(await beginSharedLog(sql, createKeyring({ master, world })), master)
  const changelog = await openSharedChangeLog({ sql, rooms: sharedRooms, world })
  const registration = 'open'
  const accountSettings = { ...defaultAccountSettings, registration, ...options.accounts } as const
  const accounts = new Accounts({ sql, changelog, keyring, world }, accountSettings)
  const ended: RequestEnded[] = []
  const telemetry = {
    ...silentTelemetry,
    requestEnded: (event: RequestEnded) => void ended.push(event),
  }
  const service = await openLibraryService({
    ...{ sql, changelog, keyring, accounts, world, telemetry },
    archives: directoryArchives({ disk: openRealDisk(directory), name: directory, world }),
    rules: { ...defaultRules, archiveLimits, scanPolicy: defaultScanPolicy, ...options.rules },
    auditLog: undefined,
    budgets: new OwnBudgets(
      { ...defaultBudgets, ...options.budgets },
      { world, isExempt: isLoopback },
    ),
    rates: new RateLimits({}, { world }),
    publicUrl: undefined,
    crossOrigins: [],
    isProxy: () => false,
  })
  const handler = createLibrariesFront({
    ...{ version: '0.0.0', api: service.api, world, telemetry },
    pages: async () => ({ status: 404, headers: {} }),
    health: async () => ({ isHealthy: true, warnings: [], facts: {} }),
    metrics: async () => ({ text: '', contentType: 'text/plain' }),
  })
  const listener = await openHttpServer({
    ...{ host: '127.0.0.1', port: 0, handler, refusal: refuseRequest, world, telemetry },
  })
  const url = `http://127.0.0.1:${listener.port}`

  /** A token of somebody who has just signed in. */
  const tokenOf = async (id: string): Promise<string> =>
    (await changelog.commit((tx) => accounts.tokens.openLogin(tx, id, {}))).text

  return {
    url,
    ended,
    accounts,
    changelog,
    libraries: service.libraries,
    tokenOf,
    /** Somebody new, who has signed in. */
    async person(handle: string): Promise<{ readonly token: string; readonly actor: UserActor }> {
      const { id } = await accounts.createPrincipal({ handle })
      const token = await tokenOf(id)
      return { token, actor: await accounts.tokens.authenticate(token) }
    },
    /** One who administers the registry. */
    async administrator(handle: string): Promise<string> {
      const password = 'four words nobody says'
      const email = `${handle}@example.org`
      const { id } = await accounts.registration.ensureAdmin({ username: handle, email, password })
      return await tokenOf(id)
    },
    /** Below `/api/v1`. */
    async ask(request: string, { token, json, body, headers, redirect }: AskOptions = {}) {
      const [method = '', path = ''] = request.split(' ')
      return await fetch(`${url}/api/v1${path}`, {
        method,
        signal: AbortSignal.timeout(answerMs),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(body === undefined ? {} : { 'content-type': 'application/gzip' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(body === undefined ? {} : { body: Uint8Array.from(body) }),
        ...(redirect === undefined ? {} : { redirect }),
      })
    },
    async [Symbol.asyncDispose]() {
      await listener.close({ graceMs: 1_000 })
      await service[Symbol.asyncDispose]()
      await changelog.close()
      await sql.close()
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}

export type LibraryServer = Awaited<ReturnType<typeof openLibraryServer>>

/** Members join by being asked and saying yes. */
export async function makeTeam(
  { accounts }: LibraryServer,
  name: string,
  {
    admin,
    members = {},
  }: {
    readonly admin: UserActor
    readonly members?: Readonly<Record<string, UserActor>>
  },
): Promise<void> {
  const team = await accounts.teams.create(admin, { name })
  for (const [role, actor] of Object.entries(members)) {
    const invitation = await accounts.teams.invite(admin, team.name, {
      username: actor.handle,
      role: role as 'member', // keys are roles
    })
    await accounts.teams.accept(actor, invitation.id)
  }
}
