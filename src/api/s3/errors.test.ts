import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { errorResponse } from '#api/s3/error-response'
import { s3ErrorOf } from '#api/s3/errors'
import { Fault } from '#fault/fault'
import { identityFault } from '#identity/faults'
import { objectFault } from '#object/faults'

test('what a retry can mend is 503, a full store is 507, the unexpected is 500', () => {
  equal(s3ErrorOf(objectFault('object/too-few-nodes')).status, 503)
  equal(s3ErrorOf(objectFault('object/out-of-space')).status, 507)
  equal(s3ErrorOf(new Fault('unavailable', 'shard/node-lost', {})).status, 503)
  equal(s3ErrorOf(new Fault('exhausted', 'disk/full', {})).status, 507)
  equal(s3ErrorOf(new Fault('corrupt', 'store/rotten', {})).status, 500)
  equal(s3ErrorOf(new Error('boom')).code, 'InternalError')
})

test('the unexpected tells nothing of itself', () => {
  const context = { requestId: 'ID', resource: '/b/<k>', hasBody: true }
  const { body } = errorResponse(new Error('secret path /etc'), context)
  equal(String(body).includes('secret'), false)
  equal(String(body).includes('<Resource>/b/&lt;k&gt;</Resource><RequestId>ID</RequestId>'), true)
})

test('a wrong region names the right one, so that SDKs go there', () => {
  const fault = identityFault('identity/wrong-region', { region: 'us-east-1', given: 'mars-1' })
  const { body, headers } = errorResponse(fault, { requestId: '', resource: '/', hasBody: true })
  equal(String(body).includes('<Region>us-east-1</Region>'), true)
  equal(headers['x-amz-bucket-region'], 'us-east-1')
})
