/**
 * The authorisation matrix: every operation, asked by everybody there is, of libraries of every visibility. What somebody may not know of is answered as
 * what is not there, to the byte, but for the id of the request.
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { accountRoutes } from '#api/accounts/routes'
import { libraryRoutes } from '#api/library/routes'
import type { UserActor } from '#identity/actor'
import type { Visibility } from '#library/model'
import { parseLibraryRef } from '#library/name'
import { archiveOf, requestOf } from '../../library/registry.ts'
import {
  type AskOptions,
  type LibraryServer,
  makeTeam,
  openLibraryServer,
} from '../../library/server.ts'

/** Of the team `keepers`, whose libraries all of it is about; the owner is one beside the team. */
const people = ['anonymous', 'user', 'member', 'team admin', 'owner', 'system admin'] as const
type Person = (typeof people)[number]
const visibilities: readonly Visibility[] = ['public', 'internal', 'private']

/** `administrator`: who manages the library may, too, but only what waits. */
type Need = 'read' | 'publish' | 'manage' | 'administrator' | 'nobody'
type Asking = readonly [request: string, options?: Omit<AskOptions, 'token'>]

let server: LibraryServer
const tokens = new Map<Person, string | undefined>([['anonymous', undefined]])
let keeper: UserActor
let owner: UserActor
let archives: readonly Buffer[] = []
let made = 0

before(async () => {
  server = await openLibraryServer({ rules: { quota: {} } })
  const admin = await server.person('keeper')
  const member = await server.person('helper')
  const beside = await server.person('patron')
  const stranger = await server.person('passer-by')
  await server.person('newcomer')
  keeper = admin.actor
  owner = beside.actor
  await makeTeam(server, 'keepers', { admin: admin.actor, members: { member: member.actor } })
  keeper = await server.accounts.tokens.authenticate(admin.token)
  for (const [person, { token }] of [
    ['user', stranger],
    ['member', member],
    ['team admin', admin],
    ['owner', beside],
  ] as const)
    tokens.set(person, token)
  tokens.set('system admin', await server.administrator('chief'))
})
after(() => server[Symbol.asyncDispose]())

/** A library of the team with two versions, a tag, a grant, a trusted publisher, an owner beside it, and a bundle. */
async function makeLibrary(visibility: Visibility): Promise<Fixture> {
  const name = `thing-${String(++made).padStart(4, '0')}`
  const library = `@keepers/${name}`
  const ref = parseLibraryRef(library)
  archives = await Promise.all(['1.0.0', '1.1.0', '2.0.0'].map((one) => archiveOf(library, one)))
  const [first, second] = archives
  const { libraries } = server
  const provenance = bundleOf(first ?? Buffer.alloc(0))
  const open = { visibility, provenance }
  await libraries.publish(keeper, requestOf(library, '1.0.0', first ?? Buffer.alloc(0), open))
  await libraries.publish(keeper, requestOf(library, '1.1.0', second ?? Buffer.alloc(0)))
  await libraries.setDistTag(keeper, ref, 'stable', '1.0.0')
  await libraries.setGrant(keeper, ref, 'newcomer', 'read')
  await libraries.invite(keeper, ref, { handle: owner.handle, kind: 'co-owner' })
  await libraries.accept(owner, ref, owner.handle)
  const { id } = await libraries.addTrustedPublisher(keeper, ref, {
    ...{ issuer: 'https://ci.example.org', claims: { repository: 'keepers/thing' } },
  })
  const url = 'https://hooks.example.org/'
  const { id: webhook } = await libraries.addWebhook(keeper, ref, { url, events: ['yanked'] })
  return { name, publisher: id, webhook, archive: archives[2] ?? Buffer.alloc(0) }
}

const kept = new Map<Visibility, Promise<Fixture>>()

/** One that only those ask about who cannot change it. */
function unchanged(visibility: Visibility): Promise<Fixture> {
  const known = kept.get(visibility) ?? makeLibrary(visibility)
  kept.set(visibility, known)
  return known
}

interface Fixture {
  readonly name: string
  readonly publisher: string
  readonly webhook: string
  /** Of version 2.0.0, which is not there yet. */
  readonly archive: Buffer
}

function bundleOf(archive: Uint8Array): string {
  const sha256 = createHash('sha256').update(archive).digest('hex')
  const statement = {
    ...{
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
    },
    subject: [{ name: 'thing.tar.gz', digest: { sha256 } }],
  }
  return JSON.stringify({
    payloadType: 'application/vnd.in-toto+json',
    payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
    signatures: [{ keyid: 'ci', sig: Buffer.alloc(64).toString('base64') }],
  })
}

const reason = { json: { reason: 'because' } }
const message = { json: { message: 'no longer' } }
const somebody = { json: { handle: 'newcomer' } }

/** What is needed for each operation on one library, and how it is asked. */
const ofLibrary: Readonly<Record<string, readonly [Need, (base: string, of: Fixture) => Asking]>> =
  {
    GetLibrary: ['read', (base) => [`GET ${base}`]],
    ListVersions: ['read', (base) => [`GET ${base}/versions`]],
    GetVersion: ['read', (base) => [`GET ${base}/1.0.0`]],
    DownloadArchive: ['read', (base) => [`GET ${base}/1.0.0/download`]],
    ListFiles: ['read', (base) => [`GET ${base}/1.0.0/files`]],
    GetFile: ['read', (base) => [`GET ${base}/1.0.0/files/README.md`]],
    GetReadme: ['read', (base) => [`GET ${base}/1.0.0/readme`]],
    ResolveVersion: ['read', (base) => [`GET ${base}/resolve?range=^1`]],
    SearchInside: ['read', (base) => [`GET ${base}/search?q=thing`]],
    DiffVersions: ['read', (base) => [`GET ${base}/diff?from=1.0.0&to=1.1.0`]],
    ListDistTags: ['read', (base) => [`GET ${base}/dist-tags`]],
    GetProvenance: ['read', (base) => [`GET ${base}/1.0.0/provenance`]],
    GetSignature: ['read', (base) => [`GET ${base}/1.0.0/signature`]],
    GetScan: ['read', (base) => [`GET ${base}/1.0.0/scan`]],
    ListOwners: ['read', (base) => [`GET ${base}/owners`]],
    GetBadge: ['read', (base) => [`GET ${base}/badge.svg`]],
    PublishVersion: ['publish', (base, { archive }) => [`PUT ${base}/2.0.0`, { body: archive }]],
    YankVersion: ['manage', (base) => [`PUT ${base}/1.0.0/yank`, reason]],
    UnyankVersion: ['manage', (base) => [`DELETE ${base}/1.0.0/yank`]],
    DeleteVersion: ['manage', (base) => [`DELETE ${base}/1.0.0`]],
    DeprecateVersion: ['manage', (base) => [`PUT ${base}/1.0.0/deprecation`, message]],
    UndeprecateVersion: ['manage', (base) => [`DELETE ${base}/1.0.0/deprecation`]],
    DeprecateLibrary: ['manage', (base) => [`PUT ${base}/deprecation`, message]],
    UndeprecateLibrary: ['manage', (base) => [`DELETE ${base}/deprecation`]],
    UpdateLibrary: ['manage', (base) => [`PATCH ${base}`, { json: { archived: true } }]],
    DeleteLibrary: ['manage', (base) => [`DELETE ${base}`]],
    SetDistTag: [
      'publish',
      (base) => [`PUT ${base}/dist-tags/next`, { json: { version: '1.1.0' } }],
    ],
    RemoveDistTag: ['publish', (base) => [`DELETE ${base}/dist-tags/stable`]],
    InviteOwner: ['manage', (base) => [`POST ${base}/owners`, somebody]],
    RemoveOwner: ['manage', (base) => [`DELETE ${base}/owners/patron`]],
    TransferLibrary: ['manage', (base) => [`POST ${base}/transfer`, somebody]],
    ListGrants: ['manage', (base) => [`GET ${base}/grants`]],
    SetGrant: ['manage', (base) => [`PUT ${base}/grants/newcomer`, { json: { role: 'publish' } }]],
    RemoveGrant: ['manage', (base) => [`DELETE ${base}/grants/newcomer`]],
    ListTrustedPublishers: ['manage', (base) => [`GET ${base}/trusted-publishers`]],
    AddTrustedPublisher: [
      'manage',
      (base) => [
        `POST ${base}/trusted-publishers`,
        { json: { issuer: 'https://ci.example.org', claims: { repository: 'keepers/other' } } },
      ],
    ],
    RemoveTrustedPublisher: [
      'manage',
      (base, { publisher }) => [`DELETE ${base}/trusted-publishers/${publisher}`],
    ],
    ListWebhooks: ['manage', (base) => [`GET ${base}/webhooks`]],
    AddWebhook: [
      'manage',
      (base) => [`POST ${base}/webhooks`, { json: { url: 'https://hooks.example.org/' } }],
    ],
    RemoveWebhook: ['manage', (base, { webhook }) => [`DELETE ${base}/webhooks/${webhook}`]],
    // Nothing waits, and nobody is asked: whoever has the right learns that, and nobody else learns anything.
    ApproveVersion: ['nobody', (base) => [`POST ${base}/1.0.0/approve`]],
    RejectVersion: ['administrator', (base) => [`POST ${base}/1.0.0/reject`, reason]],
    AcceptOwnership: ['nobody', (base) => [`POST ${base}/owners/passer-by/accept`]],
    DeclineOwnership: ['nobody', (base) => [`POST ${base}/owners/passer-by/decline`]],
  }

function mayRead(person: Person, visibility: Visibility): boolean {
  if (visibility === 'public') return true
  if (visibility === 'internal') return person !== 'anonymous'
  return person !== 'anonymous' && person !== 'user'
}

function has(person: Person, need: Need, visibility: Visibility): boolean {
  switch (need) {
    case 'read':
      return mayRead(person, visibility)
    case 'publish':
      return !['anonymous', 'user'].includes(person)
    case 'manage':
      return ['team admin', 'owner', 'system admin'].includes(person)
    case 'administrator':
      return person === 'system admin'
    case 'nobody':
      return false
  }
}

/** All of an answer that could tell something. */
async function tellOf(response: Response, { name }: { readonly name: string }): Promise<unknown> {
  const own = /^(date|x-request-id|x-amz-request-id|x-ratelimit-.*)$/
  const headers = [...response.headers].filter(([header]) => !own.test(header))
  const body = (await response.text()).replace(/"request_id":"\w+"/, '').replaceAll(name, 'NAME')
  return { status: response.status, headers, body }
}

for (const [operation, [need, asking]] of Object.entries(ofLibrary))
  for (const visibility of visibilities)
    test(`${operation} of a library that is ${visibility}`, async () => {
      for (const person of people) {
        const token = tokens.get(person)
        const isAllowed = has(person, need, visibility)
        const isChanged = isAllowed && need !== 'read'
        const fixture = isChanged ? await makeLibrary(visibility) : await unchanged(visibility)
        const ask = async (name: string): Promise<Response> => {
          const [request, options] = asking(`/libraries/@keepers/${name}`, fixture)
          return await server.ask(request, { ...options, token })
        }
        const response = await ask(fixture.name)
        const { status } = response
        if (isAllowed) {
          ok(status < 300, `${person}: ${status}`)
          await response.arrayBuffer()
        } else if (!mayRead(person, visibility)) {
          const absent = { name: fixture.name.replace('thing', 'never') }
          deepEqual(
            await tellOf(response, fixture),
            await tellOf(await ask(absent.name), absent),
            person,
          )
          ok(status >= 400, person)
        } else {
          await response.arrayBuffer()
          ok(status >= 400 && status !== 500, `${person}: ${status}`)
          if (need !== 'nobody' && need !== 'administrator')
            equal(status, person === 'anonymous' ? 401 : 403, person)
        }
      }
    })

/** Who may do what is about no library: everybody, who has signed in, or an administrator; and what it is asked with. */
type Class = 'everybody' | 'signed in' | 'administrator' | 'team member' | 'team admin' | 'apart'
const others: Readonly<Record<string, readonly [Class, Asking?]>> = {
  FindLibraries: ['everybody', ['GET /libraries?q=thing']],
  ListKeys: ['everybody', ['GET /keys']],
  GetFeed: ['everybody', ['GET /feed']],
  ListAdvisories: ['everybody', ['GET /advisories']],
  CheckAdvisories: ['everybody', ['POST /advisories/check', { json: { versions: [] } }]],
  DownloadStatistics: ['everybody', ['GET /stats/downloads']],
  LibraryStatistics: ['everybody', ['GET /stats/libraries']],
  ListProviders: ['everybody', ['GET /auth/oidc']],
  PublishForm: ['apart'], // as PublishVersion: endpoints.test.ts
  ListModeration: ['signed in', ['GET /moderation']],
  ListOwnerInvitations: ['signed in', ['GET /libraries/invitations']],
  GetQuota: ['signed in', ['GET /quota']],
  ApiUse: ['apart'], // one's own, or for administrators all: endpoints.test.ts
  RotateKey: ['administrator', ['POST /keys']],
  PublishAdvisory: ['apart'], // endpoints.test.ts
  WithdrawAdvisory: ['administrator', ['DELETE /advisories/none']],
  SetQuota: ['administrator', ['PUT /quota/newcomer', { json: {} }]],
  // Of people; how each of them refuses is in test/integration/people.
  Register: ['apart'],
  Login: ['apart'],
  ExchangeToken: ['apart'],
  StartSignOn: ['apart'],
  FinishSignOn: ['apart'],
  Logout: ['apart'], // ends the token that it is asked with
  ListTokens: ['signed in', ['GET /auth/tokens']],
  CreateToken: ['signed in', ['POST /auth/tokens', { json: { name: 'of the matrix' } }]],
  RevokeToken: ['apart'],
  ChangePassword: ['apart'],
  BeginTotp: ['apart'],
  ConfirmTotp: ['apart'],
  RemoveTotp: ['apart'],
  ListLinks: ['signed in', ['GET /auth/oidc/links']],
  RemoveLink: ['apart'],
  InviteToRegister: ['administrator', ['POST /auth/invitations', { json: {} }]],
  ListRegistrationInvitations: ['administrator', ['GET /auth/invitations']],
  WithdrawRegistrationInvitation: ['administrator', ['DELETE /auth/invitations/none']],
  GetMe: ['signed in', ['GET /users/me']],
  UpdateMe: ['apart'],
  GetUser: ['everybody', ['GET /users/newcomer']],
  ListTeams: ['signed in', ['GET /teams']],
  CreateTeam: ['apart'],
  GetTeam: ['team member', ['GET /teams/keepers']],
  UpdateTeam: ['team admin', ['PATCH /teams/keepers', { json: { display_name: 'Keepers' } }]],
  ReplaceTeam: ['apart'],
  DeleteTeam: ['apart'],
  ListMembers: ['team member', ['GET /teams/keepers/members']],
  InviteMember: [
    'team admin',
    ['POST /teams/keepers/members', { json: { username: 'newcomer', role: 'reader' } }],
  ],
  UpdateMember: ['apart'],
  RemoveMember: ['apart'],
  ListInvitations: ['signed in', ['GET /invitations']],
  AcceptInvitation: ['apart'],
  DeclineInvitation: ['apart'],
  ListUsers: ['administrator', ['GET /admin/users']],
  AddUser: ['apart'],
  GetAnyUser: ['administrator', ['GET /admin/users/newcomer']],
  UpdateUser: ['administrator', ['PATCH /admin/users/newcomer', { json: { display_name: 'New' } }]],
  GetAudit: ['administrator', ['GET /admin/audit']],
}

function isIn(person: Person, needed: Class): boolean {
  switch (needed) {
    case 'everybody':
      return true
    case 'signed in':
      return person !== 'anonymous'
    case 'administrator':
      return person === 'system admin'
    case 'team member':
      return ['member', 'team admin', 'system admin'].includes(person)
    case 'team admin':
      return ['team admin', 'system admin'].includes(person)
    case 'apart':
      return false
  }
}

for (const [operation, [needed, asking]] of Object.entries(others))
  if (asking !== undefined)
    test(`${operation} is for: ${needed}`, async () => {
      const [request, options] = asking
      for (const person of people) {
        const response = await server.ask(request, { ...options, token: tokens.get(person) })
        await response.arrayBuffer()
        const { status } = response
        const isRefused =
          [401, 403].includes(status) || (needed.startsWith('team') && status === 404)
        equal(isRefused, !isIn(person, needed), `${person}: ${status}`)
        ok(status < 500, `${person}: ${status}`)
      }
    })

test('every operation is in the matrix', () => {
  const known = [...Object.keys(ofLibrary), ...Object.keys(others)].sort()
  const all = [...libraryRoutes, ...accountRoutes].map(({ operation }) => operation).sort()
  deepEqual(known, all)
})

test('lists, figures and searches tell nobody of what they may not read', async () => {
  const { name } = await makeLibrary('private')
  for (const person of ['anonymous', 'user'] as const)
    for (const path of [
      '/libraries?per_page=100',
      `/libraries?q=${name}`,
      '/feed?limit=1000',
      '/stats/downloads',
      '/advisories',
    ]) {
      const response = await server.ask(`GET ${path}`, { token: tokens.get(person) })
      ok(!(await response.text()).includes(name), `${person} ${path}`)
    }
})
