import { z } from 'zod'
import { type AdminParts, route } from '#api/admin/route'
import { deliveryFault } from '#delivery/faults'
import { parsePlace, type Target } from '#delivery/target'
import { newWebhookSecret, parseWebhookSecret } from '#delivery/webhook'
import type { World } from '#world/world'

/** A subject, or the name of a stream, list or channel. */
const nameCharactersMax = 256
/** A file of credentials has about 1 KiB. */
const secretCharactersMax = 8_192

const webhook = z.strictObject({
  kind: z.literal('webhook'),
  url: z.string().describe('http or https; redirections are not followed'),
  isPrivate: z.literal(true).optional().describe('it may be in a private network'),
})

const user = z.string().min(1).max(128).optional().describe('as whom; the secret is the password')
const someName = z.string().min(1).max(nameCharactersMax)

const nats = z.strictObject({
  kind: z.literal('nats'),
  url: z.string().describe('nats or tls'),
  user,
  subject: someName.describe('what a stream of the server takes'),
})

const redis = z.strictObject({
  kind: z.literal('redis'),
  url: z.string().describe('redis or rediss, with the number of the database as its path'),
  user,
  into: z.enum(['stream', 'list', 'channel']),
  name: someName.describe('of the stream, list or channel'),
})

const endpoint = z.strictObject({
  kind: z.literal('s3'),
  url: z.string().describe('http or https; copies of objects go there, not notifications'),
  region: someName,
  bucket: z.string().min(3).max(63).describe('which takes the copies; it must keep versions'),
  accessKeyId: z.string().min(1).max(128).describe('as whom; the secret is its secret key'),
})

const place = z.discriminatedUnion('kind', [webhook, nats, redis, endpoint])

const target = z.object({
  name: z.string(),
  arn: z.string().describe('what rules of buckets call it; queue and topic mean the same'),
  place,
  createdAt: z.iso.datetime(),
})

const targetState = target.extend({
  waiting: z.number().describe('deliveries that it does not have yet; counted up to 100,000'),
  givenUp: z.number().describe('deliveries that were tried for too long; counted likewise'),
  oldestAt: z.iso.datetime().optional().describe('since when the oldest one waits'),
  trouble: z.string().optional().describe('what was the matter at the last attempt'),
})

const newTarget = z.strictObject({
  name: z.string(),
  place,
  secret: z
    .string()
    .min(1)
    .max(secretCharactersMax)
    .optional()
    .describe('of a webhook, what signs the messages, drawn when left out; else the password'),
})

const madeTarget = target.extend({
  secret: z.string().optional().describe('of a webhook; shown this once'),
})

function printTarget({ name, place: where, createdAt }: Target): z.infer<typeof target> {
  return {
    name,
    arn: `arn:mycelium:${where.kind === 's3' ? 's3' : 'sqs'}:::${name}`,
    place: where,
    createdAt: new Date(createdAt).toISOString(),
  }
}

type NewTarget = z.infer<typeof newTarget>

function isWebhook({ place: { kind } }: NewTarget): boolean {
  return kind === 'webhook'
}

function secretOf(asked: NewTarget, world: World): string | undefined {
  if (asked.place.kind === 's3' && asked.secret === undefined)
    throw deliveryFault('delivery/malformed-secret', { reason: 'the secret key of the access key' })
  if (!isWebhook(asked)) return asked.secret
  return parseWebhookSecret(asked.secret ?? newWebhookSecret(world))
}

async function printState(parts: AdminParts, one: Target): Promise<z.infer<typeof targetState>> {
  const { oldestAt, trouble, waiting, givenUp } = await parts.dispatcher.state(one.name)
  return {
    ...printTarget(one),
    waiting,
    givenUp,
    ...(oldestAt === undefined ? {} : { oldestAt: new Date(oldestAt).toISOString() }),
    ...(trouble === undefined ? {} : { trouble }),
  }
}

export const targetRoutes = [
  route({
    method: 'GET',
    path: '/targets',
    summary: 'Where notifications go, oldest first, and what waits there',
    answer: z.object({ targets: z.array(targetState) }),
    status: 200,
    run: async (parts) => ({
      targets: await Promise.all((await parts.targets.list()).map((one) => printState(parts, one))),
    }),
  }),
  route<z.infer<typeof newTarget>>({
    method: 'POST',
    path: '/targets',
    summary: 'Add a target',
    body: newTarget,
    answer: madeTarget,
    status: 201,
    run: async ({ targets, world }, { body }) => {
      const wanted = { place: parsePlace(body.place), secret: secretOf(body, world) }
      const made = await targets.add(body.name, wanted)
      return { ...printTarget(made), ...(isWebhook(body) ? { secret: wanted.secret } : {}) }
    },
  }),
  route({
    method: 'GET',
    path: '/targets/{target}',
    summary: 'One target, and what waits there',
    answer: targetState,
    status: 200,
    run: async (parts, { names }) =>
      await printState(parts, await parts.targets.target(names['target'] ?? '')),
  }),
  route({
    method: 'DELETE',
    path: '/targets/{target}',
    summary: 'Remove a target with all that waits there',
    status: 204,
    run: ({ targets }, { names }) => targets.remove(names['target'] ?? ''),
  }),
  route({
    method: 'POST',
    path: '/targets/{target}/test',
    summary: 'Send a test event to a target now, and wait until it has it',
    status: 204,
    run: ({ dispatcher }, { names, signal }) => dispatcher.try(names['target'] ?? '', { signal }),
  }),
  route({
    method: 'POST',
    path: '/targets/{target}/resume',
    summary: 'Try again what was given up',
    status: 204,
    run: ({ targets }, { names }) => targets.resume(names['target'] ?? ''),
  }),
]
