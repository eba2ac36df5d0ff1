/** `mycdnctl rm`: takes a link's shards from the backends, and its manifest from the registry, where we are let. */
import { interruptible } from '#cli/batch'
import type { CdnContext } from '#cli/mycdnctl/context'
import { cdnFault } from '#cli/mycdnctl/faults'
import { hashOf, isFile, printNames, type Visited, walk } from '#cli/mycdnctl/walk'
import { plural } from '#cli/units'
import { parseReference } from '#content/reference'
import type { RegistryClient } from '#content/registry-client'
import { removeShards } from '#content/remove'
import { isFault } from '#fault/fault'

export interface RmOptions {
  /** Without, it is only said what would go. */
  readonly isForced: boolean
}

/** Shards first: without its manifest nobody finds them any more. `mycdnctl/not-removed` */
export async function rm(
  context: CdnContext,
  text: string,
  { isForced }: RmOptions,
): Promise<void> {
  const link = parseReference(text)
  const registry = context.registryFor(link)
  await interruptible(context, 'Run the command again: it removes the rest.', async () => {
    const visits = await Array.fromAsync(walk(context, link, { directoriesLast: true }))
    const reasons = new Set<string>()
    for (const visited of visits) {
      const outcome = isForced
        ? await removeOne(context, visited, registry)
        : { state: 'would be removed', shards: shardsOf(visited), reasons: [] }
      tell(context, visited, outcome)
      for (const reason of outcome.reasons) reasons.add(reason)
    }
    if (!isForced && !context.isJson)
      context.terminal.warn('Nothing was removed: --force removes it.')
    if (reasons.size > 0)
      throw cdnFault('mycdnctl/not-removed', { reason: [...reasons].join('; ') })
  })
}

interface Outcome {
  readonly state: string
  readonly shards: number
  readonly reasons: readonly string[]
}

async function removeOne(
  { backendAt, signal }: CdnContext,
  visited: Visited,
  registry: RegistryClient,
): Promise<Outcome> {
  const { metadata, hash } = visited
  const { removed, refusals } =
    metadata.kind === 'file'
      ? await removeShards(metadata, { backendAt, signal })
      : { removed: 0, refusals: new Map<string, string>() }
  const reasons = [...refusals].map(([place, reason]) => `${place}: ${reason}`)
  if (reasons.length > 0) return { state: 'kept', shards: removed, reasons }
  try {
    const isRemoved = await registry.remove(hash)
    return { state: isRemoved ? 'removed' : 'removed before', shards: removed, reasons }
  } catch (error) {
    if (!isFault(error, 'content/registry-refused', 'content/registry-denied')) throw error
    const reason = `${registry.origin} does not let its manifest be removed (${error.detail['status']})`
    return { state: 'shards removed', shards: removed, reasons: [reason] }
  }
}

function shardsOf(visited: Visited): number {
  if (!isFile(visited)) return 0
  return visited.metadata.blocks.reduce((sum, { shards }) => sum + shards.length, 0)
}

function tell(
  { terminal, isJson }: CdnContext,
  visited: Visited,
  { state, shards }: Outcome,
): void {
  const name = printNames(visited.names)
  if (isJson) {
    terminal.print(JSON.stringify({ event: 'rm', name, hash: hashOf(visited), state, shards }))
  } else terminal.print(`${name}: ${state} (${plural(shards, 'shard')})`)
}
