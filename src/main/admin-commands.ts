/** The commands of `mycelium admin`: what each asks of the admin API, and how its answer is shown. */
import { z } from 'zod'
import { parseBytes } from '#bytes/size'
import { auditCommands } from '#main/admin-audit-commands'
import {
  type AdminCommand,
  accessKey,
  day,
  facts,
  optional,
  part,
  seconds,
  shared,
  text,
  time,
  user,
  type Values,
} from '#main/admin-command'
import { kmsCommands } from '#main/admin-kms-commands'
import { loginCommands } from '#main/admin-login-commands'
import { nodeCommands } from '#main/admin-node-commands'
import { rightsCommands } from '#main/admin-rights-commands'
import { targetCommands } from '#main/admin-target-commands'
import { columns } from '#main/columns'
import { isGiven, parsedBy } from '#main/settings'
import { printBytes } from '#main/units'

export const adminSummaries: Readonly<Record<AdminCommand['group'], string>> = {
  user: 'who may use the store',
  key: 'the access keys of users',
  group: 'users who have the same policies',
  role: 'what users may become for a while',
  policy: 'what users, groups and roles may do',
  bucket: 'the buckets of all users',
  quota: 'what users and buckets may hold',
  target: 'where notifications and copies go',
  kms: 'named keys that objects may be encrypted with',
  audit: 'who did what',
  node: 'where shards lie, and how safely',
}

const displayName = {
  flag: '--display-name <text>',
  help: 'how S3 shows the user',
  schema: optional,
}

const quotaOf = {
  name: { argument: '<name>', help: 'name or id of the user, or name of the bucket', schema: text },
  isBucket: { flag: '--bucket', help: "the name is a bucket's", schema: isGiven },
}

export const adminCommands: readonly AdminCommand[] = [
  {
    group: 'user',
    name: 'add',
    summary: 'add a user, who then owns the buckets they make',
    settings: {
      handle: { argument: '<name>', help: 'what people call the user', schema: text },
      displayName,
      email: { flag: '--email <address>', help: 'e-mail address', schema: optional },
      tenant: { flag: '--tenant <name>', help: 'a name space for its buckets', schema: optional },
      id: {
        flag: '--id <id>',
        help: 'canonical id of who moves in from another system (default: a random one)',
        schema: optional,
      },
      isAccount: {
        flag: '--account',
        help: 'has users, groups and roles of its own, which it makes through IAM',
        schema: isGiven,
      },
      ...shared,
    },
    ask: ({ data, endpoint, json, ...body }) => ({ method: 'POST', path: '/users', body }),
    show: ({ handle }, _, line) =>
      `Added ${handle}. An access key comes next:\n  ${line(['admin', 'key', 'add', String(handle)])}\n`,
  },
  {
    group: 'user',
    name: 'list',
    summary: 'list all users',
    settings: shared,
    ask: () => ({ method: 'GET', path: '/users' }),
    show: ({ users }) =>
      columns(['NAME', 'DISPLAY NAME', 'E-MAIL', 'SINCE', 'ID'], users, (one) => [
        one['handle'],
        one['displayName'],
        one['email'],
        day(one['createdAt']),
        one['id'],
      ]),
  },
  {
    group: 'user',
    name: 'show',
    summary: 'show one user',
    settings: { user, ...shared },
    ask: ({ user: name }) => ({ method: 'GET', path: `/users/${part(name)}` }),
    show: facts,
  },
  {
    group: 'user',
    name: 'set',
    summary: 'change a user',
    settings: {
      user,
      handle: { flag: '--name <name>', help: 'another name', schema: optional },
      displayName,
      email: {
        flag: '--email <address>',
        help: 'e-mail address; none takes it away',
        schema: optional,
      },
      ...shared,
    },
    ask: ({ user: name, email, handle, displayName: shown }) => ({
      method: 'PATCH',
      path: `/users/${part(name)}`,
      body: { handle, displayName: shown, email: email === 'none' ? '' : email },
    }),
    show: facts,
  },
  {
    group: 'user',
    name: 'remove',
    summary: 'remove a user and its keys; its buckets stay',
    settings: { user, ...shared },
    ask: ({ user: name }) => ({ method: 'DELETE', path: `/users/${part(name)}` }),
    show: (_, { user: name }) => `Removed ${name}.\n`,
  },
  {
    group: 'key',
    name: 'add',
    summary: 'give a user another access key; its secret is shown this once',
    settings: {
      user,
      accessKeyId: {
        flag: '--access-key <id>',
        help: 'the key of who moves in from another system (default: a random one)',
        schema: optional,
      },
      secretAccessKey: { env: 'MYCELIUM_NEW_SECRET_KEY', isSecret: true, schema: optional },
      expiresAt: {
        flag: '--expires <time>',
        help: 'when it ends, e.g. 2027-01-01T00:00:00Z (default: never)',
        schema: time.optional(),
      },
      ...shared,
    },
    ask: ({ user: name, accessKeyId, secretAccessKey, expiresAt }) => ({
      method: 'POST',
      path: `/users/${part(name)}/keys`,
      body: { accessKeyId, secretAccessKey, expiresAt },
    }),
    show: printProfile,
  },
  {
    group: 'key',
    name: 'list',
    summary: "list a user's access keys",
    settings: { user, ...shared },
    ask: ({ user: name }) => ({ method: 'GET', path: `/users/${part(name)}/keys` }),
    show: ({ keys }) =>
      columns(['ACCESS KEY', 'STATE', 'SINCE', 'LAST USED', 'EXPIRES'], keys, (one) => [
        one['accessKeyId'],
        one['state'],
        day(one['createdAt']),
        one['usedOn'] ?? 'never',
        one['expiresAt'] ?? 'never',
      ]),
  },
  ...(['disable', 'enable'] as const).map(
    (name): AdminCommand => ({
      group: 'key',
      name,
      summary: name === 'disable' ? 'refuse a key from now on' : 'let a key be used again',
      settings: { accessKey, ...shared },
      ask: ({ accessKey: id }) => ({
        method: 'PATCH',
        path: `/keys/${part(id)}`,
        body: { state: name === 'disable' ? 'disabled' : 'active' },
      }),
      show: ({ accessKeyId, state }) => `${accessKeyId} is ${state} now.\n`,
    }),
  ),
  {
    group: 'key',
    name: 'expire',
    summary: 'say when a key ends',
    settings: {
      accessKey,
      expiresAt: {
        argument: '<time>',
        help: 'e.g. 2027-01-01T00:00:00Z, or never',
        schema: z.union([z.literal('never'), time]),
      },
      ...shared,
    },
    ask: ({ accessKey: id, expiresAt }) => ({
      method: 'PATCH',
      path: `/keys/${part(id)}`,
      body: { expiresAt: expiresAt === 'never' ? null : expiresAt },
    }),
    show: ({ accessKeyId, expiresAt }) => `${accessKeyId} ends ${expiresAt ?? 'never'}.\n`,
  },
  {
    group: 'key',
    name: 'rotate',
    summary: 'a new key for who has this one, which ends after a while',
    settings: {
      accessKey,
      graceSeconds: {
        flag: '--grace <seconds>',
        help: 'how long the former key stays good (default: a day)',
        schema: seconds.optional(),
      },
      ...shared,
    },
    ask: ({ accessKey: id, graceSeconds }) => ({
      method: 'POST',
      path: `/keys/${part(id)}/rotate`,
      body: { graceSeconds },
    }),
    show: printProfile,
  },
  {
    group: 'key',
    name: 'remove',
    summary: 'remove an access key',
    settings: { accessKey, ...shared },
    ask: ({ accessKey: id }) => ({ method: 'DELETE', path: `/keys/${part(id)}` }),
    show: (_, { accessKey: id }) => `Removed ${id}.\n`,
  },
  {
    group: 'bucket',
    name: 'list',
    summary: 'list the buckets of all users',
    settings: shared,
    ask: () => ({ method: 'GET', path: '/buckets' }),
    show: ({ buckets }) =>
      columns(['BUCKET', 'PROFILE', 'OBJECTS', 'SIZE', 'SINCE', 'OWNER'], buckets, (one) => [
        one['name'],
        one['profile'],
        amounts(one['usage']).objects,
        printBytes(amounts(one['usage']).bytes ?? 0),
        day(one['createdAt']),
        one['owner'] ?? 'root',
      ]),
  },
  {
    group: 'quota',
    name: 'set',
    summary: 'limit what a user or a bucket may hold; what is not named is not limited any more',
    settings: {
      ...quotaOf,
      bytes: {
        flag: '--bytes <size>',
        help: 'all versions and parts together, e.g. 10GiB',
        schema: parsedBy(parseBytes, 'a size such as 10GiB').optional(),
      },
      objects: {
        flag: '--objects <count>',
        help: 'all versions together',
        schema: parsedBy(
          (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
          'a whole number',
        ).optional(),
      },
      ...shared,
    },
    ask: ({ bytes, objects, ...of }) => ({
      method: 'PUT',
      path: quotaPath(of),
      body: { bytes, objects },
    }),
    show: tellQuota,
  },
  {
    group: 'quota',
    name: 'show',
    summary: 'show what a user or a bucket may hold, and does',
    settings: { ...quotaOf, ...shared },
    ask: (of) => ({ method: 'GET', path: quotaPath(of) }),
    show: tellQuota,
  },
  ...targetCommands,
  ...kmsCommands,
  ...rightsCommands,
  ...auditCommands,
  ...nodeCommands,
  ...loginCommands,
]

/** As `~/.aws/credentials` has it. */
function printProfile({ accessKeyId, secretAccessKey }: Values): string {
  return `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`
}

function quotaPath({ name, isBucket }: Values): string {
  return `/${isBucket === true ? 'buckets' : 'users'}/${part(name)}/quota`
}

function tellQuota({ usage, quota }: Values): string {
  const used = amounts(usage)
  const set = amounts(quota)
  const size = set.bytes === undefined ? 'no limit' : printBytes(set.bytes)
  return `size     ${printBytes(used.bytes ?? 0)} of ${size}\nobjects  ${used.objects} of ${set.objects ?? 'no limit'}\n`
}

/** As the API says it. */
function amounts(value: unknown): { readonly bytes?: number; readonly objects?: number } {
  return value ?? {}
}
