import { declareFaults } from '#fault/fault'

export const clusterFault = declareFaults({
  'cluster/too-few-nodes': 'unavailable',
  'cluster/out-of-space': 'exhausted',
  'cluster/strict-placement': 'unavailable',
  'cluster/unknown-node': 'not-found',
  'cluster/too-many-nodes': 'too-large',
})
export type ClusterFaultCode = Parameters<typeof clusterFault>[0]
