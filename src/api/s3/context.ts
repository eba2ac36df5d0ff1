/** What conditions of policies may ask about. https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html */
import type { Call } from '#api/s3/call'
import { readTagHeader } from '#api/s3/tags'
import { plainAddress } from '#http/peer'
import { type Caller, knownOf } from '#identity/caller'
import type { RequestContext } from '#identity/conditions'

/** Of a request to S3. */
export function contextOf({
  request,
  caller,
  query,
  headers,
  door,
}: Pick<Call, 'door' | 'caller' | 'request' | 'query' | 'headers'>): RequestContext {
  const context: Record<string, readonly string[] | undefined> = {
    ...commonContext({ request: { ...request, headers }, caller, now: door.world.now() }),
    's3:prefix': listOf(query.get('prefix')),
    's3:delimiter': listOf(query.get('delimiter')),
    's3:max-keys': listOf(query.get('max-keys')),
    's3:versionid': listOf(query.get('versionId')),
  }
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('x-amz-')) context[`s3:${name}`] = listOf(value)
  const tags = readTagHeader({ headers })
  if (tags !== undefined) {
    context['s3:requestobjecttagkeys'] = tags.map(([name]) => name)
    for (const [name, value] of tags) context[`s3:requestobjecttag/${name.toLowerCase()}`] = [value]
  }
  return context
}

/** Of any request. */
export function commonContext({
  request,
  caller,
  now,
}: {
  readonly request: Pick<Call['request'], 'peer' | 'isEncrypted' | 'headers'>
  readonly caller: Caller | undefined
  readonly now: number
}): RequestContext {
  return {
    'aws:sourceip': [plainAddress(request.peer)],
    'aws:securetransport': [String(request.isEncrypted)],
    'aws:useragent': listOf(request.headers['user-agent']),
    'aws:referer': listOf(request.headers['referer']),
    'aws:currenttime': [new Date(now).toISOString()],
    'aws:epochtime': [String(Math.floor(now / 1000))],
    ...(caller === undefined ? {} : knownOf(caller)),
  }
}

function listOf(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value]
}
