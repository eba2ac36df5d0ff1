/** What the rows about small objects share: sizes, and one round against either server. */
import type { LoadClient } from '../client/client.ts'
import type { Target } from '../client/job.ts'

export const smallBytes = 4096
const connectionsDefault = 32

/** Objects per second. Each answer's ETag must be right. */
export async function putSmall(
  client: LoadClient,
  target: Target,
  {
    first,
    objects,
    connections = connectionsDefault,
  }: { readonly first: number; readonly objects: number; readonly connections?: number },
): Promise<number> {
  const of = { first, objects, bytes: smallBytes, connections, verify: true }
  return objects / (await client.run({ kind: 'put-small', target, ...of }))
}

/** Objects per second, at random out of the first `objects`. */
export async function getSmall(
  client: LoadClient,
  target: Target,
  {
    objects,
    requests,
    verify,
  }: { readonly objects: number; readonly requests: number; readonly verify: boolean },
): Promise<number> {
  const connections = connectionsDefault
  const of = { objects, requests, bytes: smallBytes, connections, verify }
  return requests / (await client.run({ kind: 'get-small', target, ...of }))
}
