import { z } from 'zod'
import { printUsage, quota, usage } from '#api/admin/quotas'
import { route } from '#api/admin/route'

const bucket = z.object({
  name: z.string(),
  owner: z.string().optional().describe('canonical id of the user; root when left out'),
  profile: z.string().describe('data and parity shards, e.g. 10+4'),
  createdAt: z.iso.datetime(),
  usage,
  quota: quota.optional(),
})

export const bucketRoutes = [
  route({
    method: 'GET',
    path: '/buckets',
    summary: "All users' buckets, by name",
    answer: z.object({ buckets: z.array(bucket) }),
    status: 200,
    run: async ({ objects }) => {
      const found = await objects.listBuckets()
      const used = new Map((await objects.bucketUsage()).map((one) => [one.bucket, one]))
      return {
        buckets: found.map(({ createdAt, ...info }) => ({
          ...info,
          createdAt: new Date(createdAt).toISOString(),
          ...printUsage(used.get(info.name)),
        })),
      }
    },
  }),
]
