/** `cyxcloud status`: whether the endpoint answers, and what is in a bucket. */
import type { Context } from '#cli/context'
import { plural, printSize, printTime } from '#cli/units'
import { isFault } from '#fault/fault'
import { listBuckets } from '#s3/buckets'
import { type ListedObject, listObjects } from '#s3/list'

export interface StatusOptions {
  readonly bucket: string | undefined
  readonly isVerbose: boolean
}

const recentMax = 5

interface BucketStatus {
  readonly bucket: string
  readonly objects: number
  readonly bytes: number
  /** The newest, newest first. */
  readonly recent: readonly ListedObject[]
}

/** Says "offline" and then throws what was the matter: the exit code is that of the trouble. */
export async function status(context: Context, options: StatusOptions): Promise<void> {
  const { endpoint, signal, isJson } = context
  const { bucket } = options
  try {
    // asked once: who wants to know whether it is there does not want to wait until it is
    const buckets = await listBuckets(endpoint, { signal, attempts: 1 }).catch((error: unknown) => {
      if (isFault(error, 'endpoint/denied')) return undefined // keys may be good for one bucket only
      throw error
    })
    const chosen = bucket === undefined ? undefined : await measure(context, bucket)
    if (isJson) tellJson(context, { buckets, chosen })
    else tell(context, options, { buckets, chosen })
  } catch (error) {
    if (isFault(error, 'endpoint/unreachable', 'endpoint/unavailable', 'endpoint/not-s3')) {
      tellOffline(context)
    }
    throw error
  }
}

interface Found {
  readonly buckets: readonly string[] | undefined
  readonly chosen: BucketStatus | undefined
}

async function measure({ endpoint, signal }: Context, bucket: string): Promise<BucketStatus> {
  let objects = 0
  let bytes = 0
  const recent: ListedObject[] = []
  for await (const object of listObjects(endpoint, bucket, { signal })) {
    objects += 1
    bytes += object.bytes
    recent.push(object)
    recent.sort((one, other) => other.modifiedAt.getTime() - one.modifiedAt.getTime())
    if (recent.length > recentMax) recent.pop()
  }
  return { bucket, objects, bytes, recent }
}

const title = 'CyxCloud Storage Status'

function tell(
  { terminal, endpoint }: Context,
  { isVerbose }: StatusOptions,
  { buckets, chosen }: Found,
): void {
  terminal.print(`${title}\n`)
  terminal.print('Gateway Status: ● Online')
  if (isVerbose) terminal.print(`Endpoint: ${endpoint.url}`)
  terminal.print('')
  if (chosen === undefined) {
    const known = buckets === undefined ? 'This key may not list buckets.' : undefined
    terminal.print(known ?? plural(buckets?.length ?? 0, 'bucket'))
    for (const name of buckets ?? []) terminal.print(`  ${name}`)
    return
  }
  terminal.print(`Bucket: ${chosen.bucket}\n`)
  terminal.print(`  Objects:      ${chosen.objects}`)
  terminal.print(`  Total Size:   ${printSize(chosen.bytes)}`)
  if (!isVerbose || chosen.objects === 0) return
  terminal.print('\n  Recent Objects:')
  for (const { key, bytes, modifiedAt } of chosen.recent) {
    terminal.print(`    ${key} (${printSize(bytes)}) - ${printTime(modifiedAt)}`)
  }
  const more = chosen.objects - chosen.recent.length
  if (more > 0) terminal.print(`    ... and ${plural(more, 'more object')}`)
}

function tellJson({ terminal, endpoint }: Context, { buckets, chosen }: Found): void {
  const facts = {
    endpoint: endpoint.url,
    isOnline: true,
    ...(buckets === undefined ? {} : { buckets }),
    ...(chosen === undefined
      ? {}
      : {
          ...chosen,
          recent: chosen.recent.map(({ key, bytes, modifiedAt }) => ({
            key,
            bytes,
            modifiedAt: modifiedAt.toISOString(),
          })),
        }),
  }
  terminal.print(JSON.stringify(facts))
}

function tellOffline({ terminal, endpoint, isJson }: Context): void {
  if (isJson) {
    terminal.print(JSON.stringify({ endpoint: endpoint.url, isOnline: false }))
    return
  }
  terminal.print(`${title}\n`)
  terminal.print('Gateway Status: ○ Offline')
}
