import type { BucketCall } from '#api/s3/call'
import { invalidRequest, malformedXml, s3Fault } from '#api/s3/faults'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { readXmlBody } from '#api/s3/xml-body'
import { childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { CorsRule } from '#object/model'

/** AWS's limit. */
const rulesMax = 100
const methods: ReadonlySet<string> = new Set(['GET', 'PUT', 'POST', 'DELETE', 'HEAD'])

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html */
export async function getBucketCors({ facts, bucket }: BucketCall): Promise<HttpResponse> {
  const { cors } = facts.config
  if (cors === undefined) throw s3Fault('s3/no-such-cors', { bucket })
  return xmlResponse('CORSConfiguration', [branches(cors, ruleElement)])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html */
export async function putBucketCors(call: BucketCall): Promise<HttpResponse> {
  const document = await readXmlBody(call, 'CORSConfiguration')
  const rules = childrenOf(document, 'CORSRule')
  if (rules.length === 0 || rules.length > rulesMax) throw malformedXml(`1 to ${rulesMax} rules`)
  await call.door.objects.configure(call.bucket, 'cors', rules.map(readRule))
  return emptyResponse(200)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html */
export const deleteBucketCors = removalOf('cors')

function readRule(rule: XmlElement): CorsRule {
  const all = (wanted: string): readonly string[] =>
    childrenOf(rule, wanted).map(({ text }) => text.trim())
  const id = textOf(rule, 'ID')
  const age = textOf(rule, 'MaxAgeSeconds')?.trim()
  if (age !== undefined && !/^\d{1,9}$/.test(age)) throw malformedXml('MaxAgeSeconds')
  const read = {
    ...(id === undefined ? {} : { id }),
    origins: all('AllowedOrigin'),
    methods: all('AllowedMethod'),
    headers: all('AllowedHeader'),
    exposed: all('ExposeHeader'),
    ...(age === undefined ? {} : { maxAgeSeconds: Number(age) }),
  }
  if (read.origins.length === 0 || read.methods.length === 0)
    throw malformedXml('AllowedOrigin and AllowedMethod')
  const unknown = read.methods.find((method) => !methods.has(method))
  if (unknown !== undefined) {
    throw invalidRequest(
      `Found unsupported HTTP method in CORS config. Unsupported method is ${unknown.slice(0, 40)}`,
    )
  }
  if ([...read.origins, ...read.headers].some((pattern) => pattern.split('*').length > 2)) {
    throw invalidRequest('AllowedOrigin and AllowedHeader can not have more than one wildcard.')
  }
  return read
}

function ruleElement({ id, origins, methods, headers, exposed, maxAgeSeconds }: CorsRule): Xml {
  return branch(
    'CORSRule',
    leaf('ID', id),
    branches(origins, (origin) => leaf('AllowedOrigin', origin)),
    branches(methods, (method) => leaf('AllowedMethod', method)),
    branches(headers, (header) => leaf('AllowedHeader', header)),
    branches(exposed, (header) => leaf('ExposeHeader', header)),
    leaf('MaxAgeSeconds', maxAgeSeconds),
  )
}
