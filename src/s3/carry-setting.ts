/** How settings of a bucket are carried from one endpoint to another: one operation to read and one to write each. */
import {
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { BucketSetting } from '#s3/bucket-settings'
import { call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import { isAbsence, isUnknownThere } from '#s3/refusal'

interface Sending {
  readonly abortSignal: AbortSignal
}

/** Reads at one end; what it returns writes at the other. `undefined`: there is nothing to write. */
type Carry = (
  client: S3Client,
  bucket: string,
  sending: Sending,
) => Promise<((client: S3Client, bucket: string, sending: Sending) => Promise<unknown>) | undefined>

const carries: Readonly<Record<BucketSetting, Carry>> = {
  tags: async (client, Bucket, sending) => {
    const { TagSet = [] } = await client.send(new GetBucketTaggingCommand({ Bucket }), sending)
    return (to, bucket, options) =>
      to.send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet } }), options)
  },
  cors: async (client, Bucket, sending) => {
    const { CORSRules } = await client.send(new GetBucketCorsCommand({ Bucket }), sending)
    const CORSConfiguration = { CORSRules }
    return (to, bucket, options) =>
      to.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration }), options)
  },
  encryption: async (client, Bucket, sending) => {
    const command = new GetBucketEncryptionCommand({ Bucket })
    const { ServerSideEncryptionConfiguration } = await client.send(command, sending)
    return (to, bucket, options) =>
      to.send(
        new PutBucketEncryptionCommand({ Bucket: bucket, ServerSideEncryptionConfiguration }),
        options,
      )
  },
  lifecycle: async (client, Bucket, sending) => {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket })
    const { Rules } = await client.send(command, sending)
    const LifecycleConfiguration = { Rules }
    return (to, bucket, options) =>
      to.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration }),
        options,
      )
  },
  policy: async (client, Bucket, sending) => {
    const { Policy } = await client.send(new GetBucketPolicyCommand({ Bucket }), sending)
    if (Policy === undefined || Policy === '') return undefined
    // names of buckets have no letter that means something to a pattern but the dot, which stands for itself too
    const resource = new RegExp(`(:s3:::)${Bucket}(?=["/])`, 'g')
    return (to, bucket, options) => {
      const renamed = Policy.replaceAll(resource, `$1${bucket}`)
      return to.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: renamed }), options)
    }
  },
  'public-access': async (client, Bucket, sending) => {
    const command = new GetPublicAccessBlockCommand({ Bucket })
    const { PublicAccessBlockConfiguration } = await client.send(command, sending)
    return (to, bucket, options) =>
      to.send(
        new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration }),
        options,
      )
  },
  retention: async (client, Bucket, sending) => {
    const command = new GetObjectLockConfigurationCommand({ Bucket })
    const { ObjectLockConfiguration } = await client.send(command, sending)
    if (ObjectLockConfiguration?.Rule === undefined) return undefined
    return (to, bucket, options) =>
      to.send(
        new PutObjectLockConfigurationCommand({ Bucket: bucket, ObjectLockConfiguration }),
        options,
      )
  },
}

export interface Carriage {
  readonly from: Endpoint
  readonly source: string
  readonly to: Endpoint
  readonly target: string
}

/** True when there was something to carry. A source that does not know the setting has none. */
export async function carrySetting(
  setting: BucketSetting,
  { from, source, to, target }: Carriage,
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  const carry = carries[setting]
  const write = await call(from, (client, sending) => carry(client, source, sending), {
    detail: { bucket: source },
    signal,
  }).catch((error: unknown) => {
    if (isAbsence(error) || isUnknownThere(error)) return undefined
    throw error
  })
  if (write === undefined) return false
  await call(to, (client, sending) => write(client, target, sending), {
    detail: { bucket: target },
    signal,
  })
  return true
}

/** Whether objects of the bucket can be locked at all. */
export async function isLockable(
  endpoint: Endpoint,
  bucket: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  const command = { Bucket: bucket }
  try {
    const { ObjectLockConfiguration } = await call(
      endpoint,
      (client, sending) => client.send(new GetObjectLockConfigurationCommand(command), sending),
      { detail: { bucket }, signal },
    )
    return ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
  } catch (error) {
    if (isAbsence(error) || isUnknownThere(error)) return false
    throw error
  }
}

/** From now on. The bucket has to keep versions. */
export async function makeLockable(
  endpoint: Endpoint,
  bucket: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const input = {
    Bucket: bucket,
    ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
  } as const
  await call(
    endpoint,
    (client, sending) => client.send(new PutObjectLockConfigurationCommand(input), sending),
    { detail: { bucket }, signal },
  )
}
