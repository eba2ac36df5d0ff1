import { z } from 'zod'
import { type AdminParts, route } from '#api/admin/route'
import { parseAddress, type Target } from '#delivery/target'
import { newWebhookSecret, parseWebhookSecret } from '#delivery/webhook'

const webhook = z.strictObject({
  kind: z.literal('webhook'),
  url: z.string().describe('http or https; redirections are not followed'),
  isPrivate: z.literal(true).optional().describe('it may be in a private network'),
})

const place = z.discriminatedUnion('kind', [webhook])

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
    .optional()
    .describe('of a webhook: what signs the messages; drawn when left out'),
})

const madeTarget = target.extend({ secret: z.string().optional().describe('shown this once') })

function printTarget({ name, place: where, createdAt }: Target): z.infer<typeof target> {
  return {
    name,
    arn: `arn:mycelium:sqs:::${name}`,
    place: where,
    createdAt: new Date(createdAt).toISOString(),
  }
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
      const url = parseAddress(body.place.url, ['https', 'http'])
      const secret = parseWebhookSecret(body.secret ?? newWebhookSecret(world))
      const isPrivate = body.place.isPrivate === true ? { isPrivate: true as const } : {}
      const wanted = { place: { kind: 'webhook' as const, url, ...isPrivate }, secret }
      const made = await targets.add(body.name, wanted)
      return { ...printTarget(made), secret }
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
