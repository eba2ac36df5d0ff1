import type { BucketCall } from '#api/s3/call'
import { accessOf } from '#api/s3/enter'
import { malformedXml, s3Fault } from '#api/s3/faults'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { readXmlBody } from '#api/s3/xml-body'
import { childOf, textOf } from '#api/s3/xml-reader'
import { branch, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { Ownership } from '#identity/access'
import { ownGrants } from '#identity/grants'

const ownerships: ReadonlyMap<string | undefined, Ownership> = new Map(
  (['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const).map((one) => [
    one,
    one,
  ]),
)

/** `s3/invalid-argument` */
export function parseOwnership(text: string): Ownership {
  const ownership = ownerships.get(text)
  if (ownership === undefined)
    throw s3Fault('s3/invalid-argument', { argument: 'x-amz-object-ownership' })
  return ownership
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html */
export async function getOwnershipControls({ facts, bucket }: BucketCall): Promise<HttpResponse> {
  const { ownership } = facts.config
  if (ownership === undefined) throw s3Fault('s3/no-such-ownership', { bucket })
  return xmlResponse('OwnershipControls', [branch('Rule', leaf('ObjectOwnership', ownership))])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html; grants cannot be turned off while others have some. */
export async function putOwnershipControls(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket, facts } = call
  const document = await readXmlBody(call, 'OwnershipControls')
  const rule = childOf(document, 'Rule')
  const ownership = ownerships.get(rule && textOf(rule, 'ObjectOwnership')?.trim())
  if (ownership === undefined) throw malformedXml('ObjectOwnership')
  const { grants, owner } = accessOf(facts, door.root.id)
  const own = JSON.stringify(ownGrants(owner))
  if (ownership === 'BucketOwnerEnforced' && grants !== undefined && JSON.stringify(grants) !== own)
    throw s3Fault('s3/grants-in-the-way')
  await door.objects.configure(bucket, 'ownership', ownership)
  return emptyResponse(200)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html */
export const deleteOwnershipControls = removalOf('ownership')
