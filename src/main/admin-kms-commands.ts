/** The commands for named keys. */
import { type AdminCommand, day, description, facts, part, shared, text } from '#main/admin-command'
import { columns } from '#main/columns'
import { isGiven } from '#main/settings'

const namedKey = { argument: '<name>', help: 'the name of the key', schema: text }

export const kmsCommands: readonly AdminCommand[] = [
  {
    group: 'kms',
    name: 'add',
    summary: 'make a named key',
    settings: {
      id: namedKey,
      description,
      isDefault: {
        flag: '--default',
        help: 'use it for requests that ask for aws:kms and name no key',
        schema: isGiven,
      },
      ...shared,
    },
    ask: ({ id, description, isDefault }) => ({
      method: 'POST',
      path: '/kms',
      body: { id, description, isDefault },
    }),
    show: facts,
  },
  {
    group: 'kms',
    name: 'list',
    summary: 'list all named keys',
    settings: shared,
    ask: () => ({ method: 'GET', path: '/kms' }),
    show: ({ keys }) =>
      columns(['KEY', 'STATE', 'DEFAULT', 'VERSION', 'SINCE', 'DESCRIPTION'], keys, (one) => [
        one['id'],
        one['state'],
        one['isDefault'] === true ? 'yes' : 'no',
        one['version'],
        day(one['createdAt']),
        one['description'],
      ]),
  },
  {
    group: 'kms',
    name: 'show',
    summary: 'show one named key',
    settings: { id: namedKey, ...shared },
    ask: ({ id }) => ({ method: 'GET', path: `/kms/${part(id)}` }),
    show: facts,
  },
  ...(['disable', 'enable'] as const).map(
    (name): AdminCommand => ({
      group: 'kms',
      name,
      summary:
        name === 'disable'
          ? 'refuse to read and write what the key encrypts from now on'
          : 'let a named key be used again',
      settings: { id: namedKey, ...shared },
      ask: ({ id }) => ({
        method: 'PATCH',
        path: `/kms/${part(id)}`,
        body: { state: `${name}d` },
      }),
      show: ({ id, state }) => `${id} is ${state} now.\n`,
    }),
  ),
  {
    group: 'kms',
    name: 'default',
    summary: 'use a named key for requests that ask for aws:kms and name no key',
    settings: { id: namedKey, ...shared },
    ask: ({ id }) => ({ method: 'PATCH', path: `/kms/${part(id)}`, body: { isDefault: true } }),
    show: ({ id }) => `${id} is the default now.\n`,
  },
  {
    group: 'kms',
    name: 'rotate',
    summary: 'encrypt new objects with new material; the old stays for what it has encrypted',
    settings: { id: namedKey, ...shared },
    ask: ({ id }) => ({ method: 'POST', path: `/kms/${part(id)}/versions` }),
    show: ({ id, version }) => `${id} has version ${version} now.\n`,
  },
]
