/** What the rows about large objects share: sizes, and one round against either server. */

import type { Framing } from '../client/body.ts'
import type { LoadClient } from '../client/client.ts'
import type { Target } from '../client/job.ts'

export const objectBytes = 64 * 2 ** 20
/** Half a GiB a round: long enough to mean something, short enough for a disk to keep up with all rounds. */
const objects = 8
const connections = 4

export const unit = 'MiB/s'

/** MiB per second of object bytes. The same keys every time. */
export async function put(
  client: LoadClient,
  target: Target,
  { framing, verify }: { readonly framing: Framing; readonly verify: boolean },
): Promise<number> {
  const job = {
    kind: 'put',
    target,
    objects,
    bytes: objectBytes,
    connections,
    framing,
    verify,
  } as const
  return rate(await client.run(job))
}

/** MiB per second. `verify` hashes what comes and so is no measurement. */
export async function get(
  client: LoadClient,
  target: Target,
  { verify }: { readonly verify: boolean },
): Promise<number> {
  const job = { kind: 'get', target, objects, bytes: objectBytes, connections, verify } as const
  return rate(await client.run(job))
}

function rate(seconds: number): number {
  return (objects * objectBytes) / 2 ** 20 / seconds
}
