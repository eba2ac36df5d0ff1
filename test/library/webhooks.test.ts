/** Whoever asked for it is told what happens to a library: signed, in order, again while it does not take it, and nobody else. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { applyChange, migrate, roomsByName } from '#changelog/rooms'
import { deliveryRoom } from '#delivery/tables'
import { anonymous } from '#identity/actor'
import { parseLibraryRef } from '#library/name'
import { libraryRoom } from '#library/tables'
import { WebhookDispatcher } from '#library/webhook-dispatcher'
import { webhooksMax } from '#library/webhooks'
import type { Queryable } from '#sql/sql'
import { SqliteMemory } from '#sql/sqlite-memory'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { until as ask } from '../until.ts'
import { openWebhookReceiver, type Posted, signatureOf } from '../webhook-receiver.ts'
import { openRegistry, people, publishText, type Registry } from './registry.ts'

const { ada, bob, mia, root } = people
const ref = parseLibraryRef('@ada/guide')

/** Tells until it is disposed. */
function dispatch({ parts }: Registry): AsyncDisposable {
  const stop = new AbortController()
  const { sql, changelog, keyring } = parts
  const dispatcher = new WebhookDispatcher({
    ...{ sql, changelog, keyring, telemetry, world: systemWorld() },
    ...{ giveUpMs: 60_000, isPrivate: true },
  })
  const running = dispatcher.run(stop.signal)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  await ask(
    async () => await holds(),
    (answer) => answer,
  )
}

function told(posted: readonly Posted[]): readonly string[] {
  return posted
    .filter(({ status }) => status === 200)
    .map(({ body }) => {
      const { type, data } = JSON.parse(body)
      return `${type} ${data.library}@${data.version ?? ''} by ${data.by}`
    })
}

test('what happens is told in order, signed with the secret, to whom it is of interest', async () => {
  await using registry = await openRegistry({ privateWebhooks: true })
  await using all = await openWebhookReceiver()
  await using yanks = await openWebhookReceiver()
  const { libraries } = registry
  await publishText(registry, ada, '@ada/guide@1.0.0')
  const { secret } = await libraries.addWebhook(ada, ref, { url: all.url, events: [] })
  await libraries.addWebhook(ada, ref, { url: yanks.url, events: ['yanked'] })
  await using _ = dispatch(registry)
  await publishText(registry, ada, '@ada/guide@1.1.0')
  await libraries.yank(ada, { ...ref, version: '1.0.0' }, 'wrong')
  await until(() => all.posted.length === 2 && yanks.posted.length === 1)
  deepEqual(told(all.posted), [
    'library.published @ada/guide@1.1.0 by ada',
    'library.yanked @ada/guide@1.0.0 by ada',
  ])
  deepEqual(told(yanks.posted), ['library.yanked @ada/guide@1.0.0 by ada'])
  for (const message of all.posted)
    equal(message.headers['webhook-signature'], signatureOf(message, secret))
  await until(async () =>
    (await libraries.webhooks(ada, ref)).every(({ waiting }) => waiting === 0),
  )
})

test('who does not take it is told again, the same and in order', async () => {
  await using registry = await openRegistry({ privateWebhooks: true })
  await using receiver = await openWebhookReceiver()
  const { libraries } = registry
  await publishText(registry, ada, '@ada/guide@1.0.0')
  await libraries.addWebhook(ada, ref, { url: receiver.url, events: [] })
  receiver.answerWith(503)
  await using _ = dispatch(registry)
  await publishText(registry, ada, '@ada/guide@1.1.0')
  await publishText(registry, ada, '@ada/guide@1.2.0')
  await until(() => receiver.posted.length > 0)
  deepEqual(
    (await libraries.webhooks(ada, ref)).map(({ waiting }) => waiting),
    [2],
  )
  receiver.answerWith(200)
  await until(() => told(receiver.posted).length === 2)
  deepEqual(
    told(receiver.posted).map((one) => one.split('@')[2]),
    ['1.1.0 by ada', '1.2.0 by ada'],
  )
  const ids = new Set(receiver.posted.map(({ headers }) => headers['webhook-id']))
  equal(ids.size, 2)
})

test('only who manages a library says who is told, and secrets are told once', async () => {
  await using registry = await openRegistry({ privateWebhooks: true })
  const { libraries } = registry
  await publishText(registry, ada, '@ada/guide@1.0.0', { visibility: 'private' })
  const webhook = { url: 'https://hooks.example.org/a', events: [] }
  await rejects(libraries.addWebhook(anonymous, ref, webhook), { code: 'library/sign-in-needed' })
  await rejects(libraries.addWebhook(bob, ref, webhook), { code: 'library/no-such-library' })
  await rejects(libraries.webhooks(mia, ref), { code: 'library/no-such-library' })
  const { id, secret } = await libraries.addWebhook(ada, ref, webhook)
  match(secret, /^whsec_/)
  ok(!JSON.stringify(await libraries.webhooks(root, ref)).includes(secret))
  await rejects(libraries.removeWebhook(bob, ref, id), { code: 'library/no-such-library' })
  for (let count = 1; count < webhooksMax; count += 1) await libraries.addWebhook(ada, ref, webhook)
  await rejects(libraries.addWebhook(ada, ref, webhook), { code: 'library/too-many' })
  await libraries.removeWebhook(ada, ref, id)
  await rejects(libraries.removeWebhook(ada, ref, id), { code: 'library/no-such-webhook' })
  equal((await libraries.webhooks(ada, ref)).length, webhooksMax - 1)
})

test('addresses within our walls are refused unless they are allowed', async () => {
  await using registry = await openRegistry()
  await publishText(registry, ada, '@ada/guide@1.0.0')
  const wrong = [
    'http://hooks.example.org/',
    'https://127.0.0.1/',
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/latest',
    'https://user:password@hooks.example.org/',
    'file:///etc/passwd',
    'nothing',
  ]
  for (const url of wrong)
    await rejects(
      registry.libraries.addWebhook(ada, ref, { url, events: [] }),
      { code: 'library/malformed-webhook' },
      url,
    )
})

test('a removed webhook gets nothing of what waited for it', async () => {
  await using registry = await openRegistry({ privateWebhooks: true })
  await using receiver = await openWebhookReceiver()
  const { libraries, sql } = registry
  await publishText(registry, ada, '@ada/guide@1.0.0')
  const { id } = await libraries.addWebhook(ada, ref, { url: receiver.url, events: [] })
  await publishText(registry, ada, '@ada/guide@1.1.0')
  await libraries.removeWebhook(ada, ref, id)
  await using _ = dispatch(registry)
  await until(async () => (await sql.query`select * from delivery`).length === 0)
  deepEqual(receiver.posted, [])
})

test('webhooks and what waits for them outlive the database', async () => {
  await using registry = await openRegistry({ privateWebhooks: true })
  const { libraries, sql } = registry
  await publishText(registry, ada, '@ada/guide@1.0.0')
  await libraries.addWebhook(ada, ref, {
    url: 'https://hooks.example.org/a',
    events: ['published', 'yanked'],
  })
  await publishText(registry, ada, '@ada/guide@1.1.0')
  const again = new SqliteMemory().open()
  const both = [deliveryRoom, libraryRoom]
  const rooms = roomsByName(both)
  await again.transaction(async (tx) => {
    await migrate(tx, rooms)
    for (const room of both)
      for await (const change of room.dump(sql)) await applyChange(rooms, tx, change)
  })
  const rowsOf = async (from: Queryable) => [
    ...(await from.query`select * from library_webhook`),
    ...(await from.query`select * from delivery`),
  ]
  equal((await rowsOf(sql)).length, 2)
  deepEqual(await rowsOf(again), await rowsOf(sql))
  await again.close()
})
