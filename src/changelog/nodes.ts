import { changelogFault } from '#changelog/faults'
import { isFault } from '#fault/fault'
import type { NodeFiles, NodeLog } from '#shard/store'
import { endsWithin } from '#world/patience'
import type { World } from '#world/world'

/** What the change log knows of a node that is present. */
export interface LogNode {
  readonly id: string
  readonly log: NodeLog
  readonly files: NodeFiles
}

/** A node as a running store sees it. */
export interface ChangeLogNode extends LogNode {
  /** False: not asked. The log finds out by itself about nodes that claim to be up and are not. */
  readonly isUp: boolean
}

export interface NodeAudience {
  /** Asked anew each time; in order of preference. */
  readonly nodes: () => readonly ChangeLogNode[]
  /** A node failed, or took too long, and another one was asked instead. */
  readonly onNodeFailure: (id: string, error: unknown) => void
  readonly world: World
}

/** For small files; a node that takes longer counts as failed. */
const taskTimeoutMs = 10_000

/** Runs `task` on all nodes that are up, at once, and returns on how many it succeeded. */
export async function onEachNode(
  { nodes, onNodeFailure, world }: NodeAudience,
  task: (node: LogNode) => Promise<void>,
): Promise<number> {
  const up = nodes().filter(({ isUp }) => isUp)
  const results = await Promise.all(
    up.map(async (node) => {
      try {
        if (!(await endsWithin(world, taskTimeoutMs, task(node))))
          throw changelogFault('changelog/node-timeout', { timeoutMs: taskTimeoutMs })
        return 1
      } catch (error) {
        onNodeFailure(node.id, error)
        return 0
      }
    }),
  )
  return results.reduce<number>((sum, one) => sum + one, 0)
}

/** The node has failed, and not we. */
export function isNodeFault(error: unknown): boolean {
  return isFault(error) && error.code.startsWith('shard/')
}
