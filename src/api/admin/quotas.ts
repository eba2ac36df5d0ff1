import { z } from 'zod'
import { adminFault } from '#api/admin/faults'
import { type AdminParts, type Names, route } from '#api/admin/route'
import type { Principal } from '#identity/principal'
import { objectFault } from '#object/faults'
import type { BucketUsage, OwnerUsage, Quota, Usage } from '#object/model'
import { parseBucketName } from '#object/names'

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

export const quota = z
  .strictObject({ bytes: count.optional(), objects: count.optional() })
  .describe('what is left out is not limited')

export const usage = z
  .object({ bytes: count, objects: count })
  .describe('all versions, and the bytes of parts of open uploads')

const limits = z.object({ usage, quota: quota.optional() })

/** `undefined` of what has just gone. */
export function printUsage(
  found: (Usage & { readonly quota?: Quota }) | undefined,
): z.infer<typeof limits> {
  const { bytes = 0, objects = 0, quota: set } = found ?? {}
  return { usage: { bytes, objects }, ...(set === undefined ? {} : { quota: set }) }
}

const ofUser = '/users/{user}/quota'
const ofBucket = '/buckets/{bucket}/quota'

export const quotaRoutes = [
  route({
    method: 'GET',
    path: ofUser,
    summary: "A user's quota, and what all their buckets hold",
    answer: limits,
    status: 200,
    run: async (parts, { names }) => printUsage(await usageOfUser(parts, names)),
  }),
  route<z.infer<typeof quota>>({
    method: 'PUT',
    path: ofUser,
    summary: 'Limit what all buckets of a user may hold; what is there stays',
    body: quota,
    answer: limits,
    status: 200,
    run: async (parts, { names, body }) => {
      const { id, isRoot } = await userOf(parts, names)
      if (isRoot) throw adminFault('admin/root-has-no-quota')
      await parts.objects.setOwnerQuota(id, limitsOf(body))
      return printUsage(await parts.objects.ownerUsage(id))
    },
  }),
  route({
    method: 'DELETE',
    path: ofUser,
    summary: "Lift a user's quota",
    status: 204,
    run: async (parts, { names }) =>
      parts.objects.setOwnerQuota((await userOf(parts, names)).id, undefined),
  }),
  route({
    method: 'GET',
    path: ofBucket,
    summary: "A bucket's quota, and what it holds",
    answer: limits,
    status: 200,
    run: async (parts, { names }) => printUsage(await usageOfBucket(parts, names)),
  }),
  route<z.infer<typeof quota>>({
    method: 'PUT',
    path: ofBucket,
    summary: 'Limit what a bucket may hold; what is there stays',
    body: quota,
    answer: limits,
    status: 200,
    run: async (parts, { names, body }) => {
      await parts.objects.configure(nameOf(names), 'quota', limitsOf(body))
      return printUsage(await usageOfBucket(parts, names))
    },
  }),
  route({
    method: 'DELETE',
    path: ofBucket,
    summary: "Lift a bucket's quota",
    status: 204,
    run: (parts, { names }) => parts.objects.configure(nameOf(names), 'quota', undefined),
  }),
]

function userOf({ accounts }: AdminParts, names: Names): Promise<Principal> {
  return accounts.principal(names['user'] ?? '')
}

async function usageOfUser(parts: AdminParts, names: Names): Promise<OwnerUsage> {
  return await parts.objects.ownerUsage((await userOf(parts, names)).id)
}

async function usageOfBucket({ objects }: AdminParts, names: Names): Promise<BucketUsage> {
  const bucket = nameOf(names)
  const [found] = await objects.bucketUsage(bucket)
  if (found === undefined) throw objectFault('object/no-such-bucket', { bucket })
  return found
}

function nameOf(names: Names) {
  return parseBucketName(names['bucket'] ?? '')
}

/** Nothing limited is no quota. */
function limitsOf({ bytes, objects }: z.infer<typeof quota>): Quota | undefined {
  if (bytes === undefined && objects === undefined) return undefined
  return {
    ...(bytes === undefined ? {} : { bytes }),
    ...(objects === undefined ? {} : { objects }),
  }
}
