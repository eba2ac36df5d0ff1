import { z } from 'zod'
import { isoTime, libraryRoute, refOf } from '#api/library/route'
import { feedEvents, type Webhook } from '#library/model'

const path = '/libraries/{scope}/{name}/webhooks'
const answers = {
  403: 'You may read it, but do not manage it',
  404: 'There is none, or none that you may know of',
}
const events = z.array(z.enum(feedEvents)).describe('all of them when empty')
const webhook = z.object({
  id: z.string(),
  url: z.string(),
  events,
  by: z.string(),
  at: z.iso.datetime(),
  waiting: z.int().nonnegative().describe('messages that have not arrived yet'),
  given_up: z.int().nonnegative().describe('messages that were tried for too long'),
})

function print({ id, url, events, by, at, waiting, givenUp }: Webhook): z.infer<typeof webhook> {
  return { id, url, events: [...events], by, at: isoTime(at), waiting, given_up: givenUp }
}

export const listWebhooks = libraryRoute({
  method: 'GET',
  path,
  operation: 'ListWebhooks',
  summary: 'Who is told what happens to the library',
  budget: 'metadata',
  answers,
  answer: z.object({ webhooks: z.array(webhook) }),
  status: 200,
  async run({ libraries }, { actor, names }) {
    const found = await libraries.webhooks(actor, refOf(names))
    return { webhooks: found.map(print) }
  },
})

const asked = z.strictObject({
  url: z.url().max(1_024).describe('https, at a public address'),
  events: events.optional(),
})

export const addWebhook = libraryRoute<z.infer<typeof asked>>({
  method: 'POST',
  path,
  operation: 'AddWebhook',
  summary: 'Have an address told, with messages signed as Standard Webhooks says',
  budget: 'metadata',
  body: asked,
  answers,
  answer: webhook.extend({
    secret: z.string().describe('told this once: messages are signed with it'),
  }),
  status: 201,
  async run({ libraries }, { actor, names, body: { url, events = [] } }) {
    const { secret, ...facts } = await libraries.addWebhook(actor, refOf(names), { url, events })
    return { ...print(facts), secret }
  },
})

export const removeWebhook = libraryRoute({
  method: 'DELETE',
  path: `${path}/{id}`,
  operation: 'RemoveWebhook',
  summary: 'Tell it no more; what waits for it is forgotten',
  budget: 'metadata',
  answers,
  status: 204,
  run: ({ libraries }, { actor, names }) =>
    libraries.removeWebhook(actor, refOf(names), names['id'] ?? ''),
})
