import type { CommitTransaction } from '#changelog/change'
import type { Group } from '#changelog/group'

export type Work<T> = (tx: CommitTransaction) => Promise<T>

/** A group takes no further work once its changes weigh this: one transaction, and what is made of it, stays small. */
export const groupBytes = 256 * 1024

/** A work that waits; the type of its result stays inside. */
export interface Waiting {
  /** Runs the work and returns how to tell its caller, once what it did and saw is durable. */
  decide(group: Group): Promise<() => void>
  reject(error: unknown): void
}

export function waitingFor<T>(
  work: Work<T>,
  { resolve, reject }: { resolve(value: T): void; reject(error: unknown): void },
): Waiting {
  return {
    reject,
    async decide(group) {
      try {
        const result = await group.do(work)
        return () => resolve(result)
      } catch (error) {
        return () => reject(error)
      }
    },
  }
}

/** As many of the works as fit the group, in order of arrival: how to tell those. */
export async function decideAll(
  works: readonly Waiting[],
  group: Group,
): Promise<readonly (() => void)[]> {
  const tellings: (() => void)[] = []
  for (const { decide } of works) {
    if (group.bytes >= groupBytes) break
    tellings.push(await decide(group))
  }
  return tellings
}
