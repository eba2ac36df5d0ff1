import { connectedSender } from '#delivery/connected'
import type { Sender } from '#delivery/sender'
import type { NatsPlace } from '#delivery/target'
import { openJournal } from '#journal/journal'

/** Publishes each message to one subject, which a stream must take. */
export function openNats({
  url,
  user,
  subject,
  secret,
}: NatsPlace & { readonly secret: string | undefined }): Sender {
  return connectedSender({
    connect: () => openJournal({ url, user, secret }),
    hand: (journal, { id, json }) => journal.publish(subject, json, { id }),
  })
}
