import type { BucketCall } from '#api/s3/call'
import { malformedXml, s3Fault } from '#api/s3/faults'
import { parseMode } from '#api/s3/locks'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { readXmlBody } from '#api/s3/xml-body'
import { childOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { LockSettings } from '#object/model'

/** AWS's limits. */
const daysMax = 36_500
const yearsMax = 100

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html */
export async function getObjectLockConfiguration(call: BucketCall): Promise<HttpResponse> {
  const { lock } = call.facts.config
  if (lock === undefined) throw s3Fault('s3/no-such-lock-configuration', { bucket: call.bucket })
  const { mode, days, years } = lock
  const rule = branch(
    'Rule',
    branch('DefaultRetention', leaf('Mode', mode), leaf('Days', days), leaf('Years', years)),
  )
  return xmlResponse('ObjectLockConfiguration', [
    leaf('ObjectLockEnabled', 'Enabled'),
    ...(mode === undefined ? [] : [rule]),
  ])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html */
export async function putObjectLockConfiguration(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket } = call
  const document = await readXmlBody(call, 'ObjectLockConfiguration')
  if (textOf(document, 'ObjectLockEnabled')?.trim() !== 'Enabled')
    throw malformedXml('ObjectLockEnabled')
  await door.objects.configure(bucket, 'lock', readSettings(childOf(document, 'Rule')))
  return emptyResponse(200)
}

function readSettings(rule: XmlElement | undefined): LockSettings {
  if (rule === undefined) return {}
  const retention = childOf(rule, 'DefaultRetention')
  if (retention === undefined) throw malformedXml('DefaultRetention')
  const mode = parseMode(textOf(retention, 'Mode')?.trim())
  const days = readPeriod(retention, 'Days', daysMax)
  const years = readPeriod(retention, 'Years', yearsMax)
  if ((days === undefined) === (years === undefined)) throw malformedXml('either Days or Years')
  return days === undefined ? { mode, years: years ?? 0 } : { mode, days }
}

function readPeriod(retention: XmlElement, name: string, max: number): number | undefined {
  const text = textOf(retention, name)?.trim()
  if (text === undefined) return undefined
  if (!/^-?\d{1,9}$/.test(text)) throw malformedXml(name)
  const period = Number(text)
  if (period < 1 || period > max)
    throw s3Fault('s3/invalid-retention-period', { reason: `${name} must be 1 to ${max}` })
  return period
}
