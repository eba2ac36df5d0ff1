/** The commands for targets of deliveries. */
import { type AdminCommand, optional, part, shared, text, type Values } from '#main/admin-command'
import { columns } from '#main/columns'
import { mainFault } from '#main/faults'
import { isGiven } from '#main/settings'

const target = { argument: '<target>', help: "the target's name", schema: text }

export const targetCommands: readonly AdminCommand[] = [
  {
    group: 'target',
    name: 'add',
    summary: 'add a target; its secret is shown this once',
    settings: {
      name: { argument: '<name>', help: 'what rules of buckets call it', schema: text },
      webhook: {
        flag: '--webhook <url>',
        help: 'POST notifications to this address, as JSON, signed',
        schema: optional,
      },
      isPrivate: {
        flag: '--private',
        help: 'the address may be in a private network, or this machine',
        schema: isGiven,
      },
      nats: {
        flag: '--nats <url>',
        help: 'publish notifications to a stream of this NATS server',
        schema: optional,
      },
      subject: { flag: '--subject <subject>', help: 'under this subject', schema: optional },
      redis: {
        flag: '--redis <url>',
        help: 'hand notifications to this Redis server, for one of',
        schema: optional,
      },
      stream: { flag: '--stream <name>', help: 'a stream (XADD)', schema: optional },
      list: { flag: '--list <name>', help: 'a list (RPUSH)', schema: optional },
      channel: {
        flag: '--channel <name>',
        help: 'a channel (PUBLISH): whoever does not listen then, misses it',
        schema: optional,
      },
      s3: {
        flag: '--s3 <url>',
        help: 'copy objects to this S3 endpoint, into',
        schema: optional,
      },
      bucket: {
        flag: '--bucket <name>',
        help: 'this bucket, which keeps versions',
        schema: optional,
      },
      accessKey: {
        flag: '--access-key <id>',
        help: 'who we are at the S3 endpoint',
        schema: optional,
      },
      region: {
        flag: '--region <name>',
        help: 'where the S3 endpoint is (default: us-east-1)',
        schema: text.default('us-east-1'),
      },
      user: {
        flag: '--user <name>',
        help: 'who we are at the NATS or Redis server',
        schema: optional,
      },
      secret: { env: 'MYCELIUM_TARGET_SECRET', isSecret: true, schema: optional },
      ...shared,
    },
    ask: ({ name, secret, ...where }) => ({
      method: 'POST',
      path: '/targets',
      body: { name, place: placeOfTarget(where), secret },
    }),
    show: ({ arn, secret }) =>
      `Buckets name it ${arn}\n${secret === undefined ? '' : `Messages are signed with ${secret}\n`}`,
  },
  {
    group: 'target',
    name: 'list',
    summary: 'list all targets, and what waits there',
    settings: shared,
    ask: () => ({ method: 'GET', path: '/targets' }),
    show: ({ targets }) =>
      columns(['TARGET', 'WAITING', 'GIVEN UP', 'TROUBLE', 'ARN'], targets, (one) => [
        one['name'],
        one['waiting'],
        one['givenUp'],
        one['trouble'],
        one['arn'],
      ]),
  },
  {
    group: 'target',
    name: 'test',
    summary: 'send a test event to a target now',
    settings: { target, ...shared },
    ask: ({ target: name }) => ({ method: 'POST', path: `/targets/${part(name)}/test` }),
    show: (_, { target: name }) => `${name} has taken a test event.\n`,
  },
  {
    group: 'target',
    name: 'resume',
    summary: 'try again what was given up',
    settings: { target, ...shared },
    ask: ({ target: name }) => ({ method: 'POST', path: `/targets/${part(name)}/resume` }),
    show: (_, { target: name }) => `What ${name} did not get is tried again.\n`,
  },
  {
    group: 'target',
    name: 'remove',
    summary: 'remove a target with all that waits there',
    settings: { target, ...shared },
    ask: ({ target: name }) => ({ method: 'DELETE', path: `/targets/${part(name)}` }),
    show: (_, { target: name }) => `Removed ${name}.\n`,
  },
]

/** `main/mistaken-settings` unless it is one place. */
function placeOfTarget(values: Values) {
  const { webhook, isPrivate, nats, subject, redis, user, s3, ...names } = values
  const found = [webhook, nats, redis, s3].filter((url) => url !== undefined)
  if (found.length !== 1)
    throw mainFault('main/mistaken-settings', {
      mistakes: 'Say where to: one of --webhook, --nats, --redis and --s3.',
    })
  if (s3 !== undefined) {
    const { bucket, accessKey: accessKeyId, region } = names
    return { kind: 's3', url: s3, region, bucket, accessKeyId }
  }
  if (webhook !== undefined)
    return { kind: 'webhook', url: webhook, ...(isPrivate === true ? { isPrivate } : {}) }
  if (nats !== undefined) return { kind: 'nats', url: nats, user, subject }
  const into = (['stream', 'list', 'channel'] as const).filter((one) => names[one] !== undefined)
  const [first] = into
  if (first === undefined || into.length > 1)
    throw mainFault('main/mistaken-settings', {
      mistakes: '--redis wants one of --stream, --list and --channel.',
    })
  return { kind: 'redis', url: redis, user, into: first, name: names[first] }
}
