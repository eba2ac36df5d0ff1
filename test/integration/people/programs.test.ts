/** Every operation on people, asked by nobody and by the tokens of programs: what they may not do, none of them does. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { accountRoutes } from '#api/accounts/routes'
import type { TokenScope } from '#identity/actor'
import { openPeopleStore, type PeopleStore, password } from '../../people.ts'

let people: PeopleStore
/** By who asks. */
const tokens: Record<string, string> = {}
let invitation = ''

/** A body that each operation takes, where it takes one. */
const bodies: Readonly<Record<string, unknown>> = {
  Register: { username: 'dora', email: 'dora@example.org', password },
  Login: { username: 'nobody', password },
  CreateToken: { name: 'another' },
  ChangePassword: { current_password: password, new_password: 'another four words here' },
  BeginTotp: { password },
  ConfirmTotp: { code: '123456' },
  RemoveTotp: { code: '123456' },
  ExchangeToken: { token: 'no.token.atall' },
  InviteToRegister: {},
  UpdateMe: { display_name: 'Somebody else' },
  CreateTeam: { name: 'third-team' },
  UpdateTeam: { display_name: 'Theirs' },
  ReplaceTeam: { display_name: 'Theirs' },
  InviteMember: { username: 'carol' },
  UpdateMember: { role: 'reader' },
  AddUser: { username: 'dora', email: 'dora@example.org', password },
  UpdateUser: { role: 'admin' },
}

const names: Readonly<Record<string, () => string>> = {
  id: () => 'docs-team',
  uid: () => 'bob',
  name: () => 'bob',
  provider: () => 'house',
  link: () => 'x',
}

const everything = accountRoutes.map(({ operation }) => operation)
const open = accountRoutes.filter(({ isOpen }) => isOpen === true).map(({ operation }) => operation)

/** Beside what is open to everybody: what a token that may only read tells whoever found it. */
const reading = [
  'GetMe',
  'GetUser',
  'ListLinks',
  'ListTeams',
  'GetTeam',
  'ListMembers',
  'ListInvitations',
]
const managing = [
  ...['CreateTeam', 'UpdateTeam', 'ReplaceTeam', 'InviteMember', 'UpdateMember', 'RemoveMember'],
  ...['AcceptInvitation', 'DeclineInvitation', 'DeleteTeam'],
]

before(async () => {
  people = await openPeopleStore()
  const session = await people.join('alice', { isAdmin: true })
  await people.join('carol')
  const bob = await people.join('bob')
  await people.ask('POST /teams', { token: session, body: { name: 'docs-team' } })
  await people.ask('POST /teams', { token: bob, body: { name: 'other-team' } })
  await people.accounts.administration.addMember('', 'docs-team', 'bob')
  const asked = { token: bob, body: { username: 'alice' } }
  invitation = (await people.ask('POST /teams/other-team/members', asked)).json.invitation_id
  const make = async (scopes: readonly TokenScope[], libraries: readonly string[] = ['@*/*']) => {
    const body = { name: scopes.join(), scopes, libraries }
    return (await people.ask('POST /auth/tokens', { token: session, body })).json.token
  }
  tokens['reads'] = await make(['read'])
  tokens['publishes'] = await make(['read', 'publish', 'yank'])
  tokens['manages another team'] = await make(['read', 'admin:team'], ['@elsewhere/*'])
  tokens['manages'] = await make(['read', 'admin:team'])
  const { id: principal } = await people.accounts.principal('alice')
  const ci = await people.store.changelog.commit((tx) =>
    people.accounts.tokens.openCi(
      tx,
      {
        ...{ principal, library: '@docs-team/book', given: 'x', seconds: 900 },
        via: { issuer: 'https://ci.example', subject: 'x', publisher: 'x' },
      },
      {},
    ),
  )
  tokens['ci'] = ci.text
})
after(() => people[Symbol.asyncDispose]())

async function statusOf(operation: string, token: string | undefined): Promise<number> {
  const route = accountRoutes.find((one) => one.operation === operation)
  ok(route !== undefined)
  const path = route.path
    .replace(
      '/invitations/{id}',
      route.path.startsWith('/auth') ? '/invitations/x' : `/invitations/${invitation}`,
    )
    .replace('/tokens/{id}', '/tokens/x')
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name]?.() ?? 'x')
  const body = bodies[operation]
  const asked = {
    ...(token === undefined ? {} : { token }),
    ...(body === undefined ? {} : { body }),
  }
  return (await people.ask(`${route.method} ${path}`, asked)).status
}

/** Those that were not refused for who asks. Changes that are refused change nothing, so all may be asked one after another. */
async function allowedTo(token: string | undefined): Promise<readonly string[]> {
  const allowed: string[] = []
  for (const operation of everything) {
    if (operation === 'Logout' || open.includes(operation)) continue
    const status = await statusOf(operation, token)
    if (status !== 401 && status !== 403) allowed.push(operation)
  }
  return allowed.sort()
}

describe('what nobody and programs may do with people and teams', () => {
  test('without a token: nothing but what leads to one, and how others are called', async () => {
    deepEqual(open.toSorted(), [
      ...['ExchangeToken', 'FinishSignOn', 'ListProviders', 'Login', 'Register', 'StartSignOn'],
    ])
    deepEqual(await allowedTo(undefined), ['GetUser'])
  })
  for (const who of ['reads', 'publishes', 'manages another team', 'ci'])
    test(`with a token that ${who}: what it may read, and to end itself`, async () => {
      const allowed = await allowedTo(tokens[who])
      deepEqual(allowed, reading.toSorted())
      equal(await statusOf('Logout', tokens[who]), 204)
      equal(await statusOf('GetMe', tokens[who]), 401)
    })
  test('with a token that manages teams: those, and no people', async () => {
    const allowed = await allowedTo(tokens['manages'])
    deepEqual(allowed, [...reading, ...managing].sort())
  })
})
