import { z } from 'zod'
import { route } from '#api/admin/route'

const count = z.number().int().min(0)

const node = z.object({
  id: z.string(),
  state: z.enum(['up', 'down']).describe('of a node that is down the figures are its last ones'),
  shards: count,
  usedBytes: count.describe('by shards'),
  freeBytes: count.describe('what data may still take of its disk'),
  totalBytes: count.describe('size of its disk, which nodes may share'),
})

export const nodeRoutes = [
  route({
    method: 'GET',
    path: '/nodes',
    summary: 'All nodes, and what they can promise for an object that is written now',
    answer: z.object({
      nodes: z.array(node),
      isWritable: z.boolean(),
      toleratedNodeLosses: count.describe('how many may be lost, whichever they are'),
      repairQueue: count.describe('chunks that wait for repair'),
      warnings: z.array(z.string()).describe('what is worse than it should be, and why'),
    }),
    status: 200,
    run: async ({ cluster, topology, repairer }) => {
      await cluster.freshen()
      const { isWritable, toleratedNodeLosses, warnings } = topology()
      return {
        nodes: cluster.figures().map(({ id, state, shards, usedBytes, freeBytes, totalBytes }) => {
          return { id, state, shards, usedBytes, freeBytes, totalBytes }
        }),
        ...{ isWritable, toleratedNodeLosses, repairQueue: repairer.length, warnings },
      }
    },
  }),
]
