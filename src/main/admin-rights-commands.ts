/** The commands for groups, roles and policies. Documents are files, in IAM's JSON. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import {
  type AdminCommand,
  type AdminRequest,
  day,
  description,
  facts,
  part,
  seconds,
  shared,
  text,
  type Values,
} from '#main/admin-command'
import { columns } from '#main/columns'

const name = { argument: '<name>', help: 'the name', schema: text }
const group = { argument: '<group>', help: 'the name of the group', schema: text }
const member = { argument: '<user>', help: "the user's name or id", schema: text }

/** Read where the setting is: what is wrong with the file is told like any other mistake. */
const document = z.string().transform((path, context) => {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    context.addIssue({ code: 'custom', message: 'expected a file with a JSON object' })
    return z.NEVER
  }
})

const holder = {
  kind: {
    argument: '<kind>',
    help: 'user, group or role',
    schema: z.enum(['user', 'group', 'role'], { error: 'expected user, group or role' }),
  },
  holder: { argument: '<holder>', help: 'its name', schema: text },
}

export const rightsCommands: readonly AdminCommand[] = [
  {
    group: 'group',
    name: 'add',
    summary: 'add a group; users and groups share their names',
    settings: { name, ...shared },
    ask: ({ name: wanted }) => ({ method: 'POST', path: '/groups', body: { name: wanted } }),
    show: facts,
  },
  listing('group', 'list all groups'),
  {
    group: 'group',
    name: 'show',
    summary: 'show a group and who is in it',
    settings: { group, ...shared },
    ask: ({ group: of }) => ({ method: 'GET', path: `/groups/${part(of)}` }),
    show: facts,
  },
  ...(['join', 'leave'] as const).map(
    (verb): AdminCommand => ({
      group: 'group',
      name: verb,
      summary: verb === 'join' ? 'take a user into a group' : 'take a user out of a group',
      settings: { group, member, ...shared },
      ask: ({ group: of, member: who }) => ({
        method: verb === 'join' ? 'PUT' : 'DELETE',
        path: `/groups/${part(of)}/members/${part(who)}`,
      }),
      show: (_, { group: of, member: who }) =>
        `${who} is ${verb === 'join' ? 'in' : 'not in'} ${of} now.\n`,
    }),
  ),
  removing('group', 'remove a group that has no members and no policies'),
  {
    group: 'role',
    name: 'put',
    summary: 'make a role, or change it',
    settings: {
      name,
      trust: { argument: '<file>', help: 'who may become it: a trust policy', schema: document },
      description,
      sessionSecondsMax: {
        flag: '--session-max <seconds>',
        help: 'what a session may last, 3600 to 43200 (default: 3600)',
        schema: seconds.optional(),
      },
      ...shared,
    },
    ask: ({ name: wanted, trust, description: about, sessionSecondsMax }) => ({
      method: 'PUT',
      path: `/roles/${part(wanted)}`,
      body: { trust, description: about, sessionSecondsMax },
    }),
    show: facts,
  },
  listing('role', 'list all roles'),
  showing('role', 'show a role'),
  removing('role', 'remove a role that has no policies; its sessions end'),
  {
    group: 'policy',
    name: 'put',
    summary: 'make a policy, or put another document in its place',
    settings: {
      name,
      document: { argument: '<file>', help: 'the policy', schema: document },
      description,
      ...shared,
    },
    ask: ({ name: wanted, document: body, description: about }) => ({
      method: 'PUT',
      path: `/policies/${part(wanted)}`,
      body: { document: body, description: about },
    }),
    show: facts,
  },
  listing('policy', "list the store's policies, and those that every store has"),
  showing('policy', 'show a policy'),
  {
    group: 'policy',
    name: 'of',
    summary: 'show the policies of a user, a group or a role',
    settings: { ...holder, ...shared },
    ask: (values) => ({ method: 'GET', path: pathOfHolder(values) }),
    show: facts,
  },
  ...(['attach', 'detach'] as const).map(
    (verb): AdminCommand => ({
      group: 'policy',
      name: verb,
      summary: `${verb} a policy ${verb === 'attach' ? 'to' : 'from'} a user, a group or a role`,
      settings: { name, ...holder, ...shared },
      ask: ({ name: policy, ...values }): AdminRequest => ({
        method: verb === 'attach' ? 'PUT' : 'DELETE',
        path: `${pathOfHolder(values)}/${part(policy)}`,
      }),
      show: ({ name: policy }, values) =>
        `${policy ?? values['name']} ${verb}ed ${verb === 'attach' ? 'to' : 'from'} ${values['holder']}.\n`,
    }),
  ),
  removing('policy', 'remove a policy that is attached nowhere'),
]

const plurals = { user: 'users', group: 'groups', role: 'roles', policy: 'policies' } as const
type Noun = keyof typeof plurals

function pathOfHolder({ kind, holder: of }: Values): string {
  return `/${plurals[kind as Noun]}/${part(of)}/policies` // one of them, says its schema
}

function listing(noun: 'group' | 'role' | 'policy', summary: string): AdminCommand {
  return {
    group: noun,
    name: 'list',
    summary,
    settings: shared,
    ask: () => ({ method: 'GET', path: `/${plurals[noun]}` }),
    show: ({ [plurals[noun]]: found }) =>
      columns(['NAME', 'SINCE', 'ARN'], found, (one) => [
        one['name'],
        one['createdAt'] === undefined ? 'always' : day(one['createdAt']),
        one['arn'],
      ]),
  }
}

function showing(noun: 'role' | 'policy', summary: string): AdminCommand {
  return {
    group: noun,
    name: 'show',
    summary,
    settings: { name, ...shared },
    ask: ({ name: of }) => ({ method: 'GET', path: `/${plurals[noun]}/${part(of)}` }),
    show: facts,
  }
}

function removing(noun: 'group' | 'role' | 'policy', summary: string): AdminCommand {
  return {
    group: noun,
    name: 'remove',
    summary,
    settings: { name, ...shared },
    ask: ({ name: of }) => ({ method: 'DELETE', path: `/${plurals[noun]}/${part(of)}` }),
    show: (_, { name: of }) => `Removed ${of}.\n`,
  }
}
