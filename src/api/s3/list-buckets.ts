import type { Call } from '#api/s3/call'
import { homeRegion } from '#api/s3/door-options'
import { requireRight } from '#api/s3/enter'
import { nonEmpty, parseToken, printToken, readLimit } from '#api/s3/listing'
import { ownerElement } from '#api/s3/owner-element'
import { isoSeconds, xmlResponse } from '#api/s3/response'
import { branch, branches, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html; all of them unless a page size is asked. */
export async function listBuckets(call: Call): Promise<HttpResponse> {
  const { door, query, caller } = call
  requireRight(call, { action: 's3:ListAllMyBuckets' })
  const limit = readLimit(call, 'max-buckets', Number.MAX_SAFE_INTEGER)
  const prefix = query.get('prefix') ?? ''
  const token = nonEmpty(call, 'continuation-token')
  const after = token === undefined ? '' : parseToken(token)
  const left = (await door.objects.listBuckets())
    .filter(({ owner = door.root.id }) => owner === caller?.id)
    .filter(({ name }) => name.startsWith(prefix) && name > after)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
  const page = left.slice(0, limit)
  const next = left.length > page.length ? page.at(-1)?.name : undefined
  return xmlResponse('ListAllMyBucketsResult', [
    ...(caller === undefined ? [] : [ownerElement(caller)]),
    branch(
      'Buckets',
      branches(page, ({ name, createdAt }) =>
        branch(
          'Bucket',
          leaf('Name', name),
          leaf('CreationDate', isoSeconds(createdAt)),
          leaf('BucketRegion', homeRegion(door)),
        ),
      ),
    ),
    leaf('Prefix', query.get('prefix')),
    leaf('ContinuationToken', next && printToken(next)),
  ])
}
